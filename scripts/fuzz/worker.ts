/** Runs a part of the cases; tells each batch before it begins, so that one that never ends is known. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './run.ts'
import type { FuzzResult } from './run.ts'

/** What the worker tells: the seed a batch begins with, then its results. */
export type FuzzMessage =
  | { readonly kind: 'batch'; readonly seed: number }
  | { readonly kind: 'done'; readonly results: readonly FuzzResult[]; readonly grownBytes: number }

const PART = 10_000

const { first, cases }: { first: number; cases: number } = workerData
const tell = (message: FuzzMessage): void => parentPort?.postMessage(message)
const results: FuzzResult[] = []
let settledBytes = 0
for (let done = 0; done < cases; done += PART) {
  const part = await fuzz(first + done, Math.min(PART, cases - done), (seed) =>
    tell({ kind: 'batch', seed }),
  )
  results.push(part)
  if (done === 0) settledBytes = heapBytes()
}
tell({ kind: 'done', results, grownBytes: heapBytes() - settledBytes })

/** Of what is reachable. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}
