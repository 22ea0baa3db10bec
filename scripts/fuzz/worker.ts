/** Runs a part of the cases; tells each batch before it begins, so that one that never ends is known. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { Fuzzer } from './run.ts'
import type { FuzzResult } from './run.ts'

/** What the worker tells: the seed a batch begins with, then its results. */
export type FuzzMessage =
  | { readonly kind: 'batch'; readonly seed: number }
  | { readonly kind: 'done'; readonly results: readonly FuzzResult[]; readonly grown: Memory }

/** Memory, bytes: what is reachable of the heap, what is held beside it, and all the process has. */
export interface Memory {
  readonly heap: number
  readonly external: number
  readonly resident: number
}

/** What is remembered, at most, is remembered by then. */
const PART = 10_000

const { first, cases }: { first: number; cases: number } = workerData
const tell = (message: FuzzMessage): void => parentPort?.postMessage(message)
const results: FuzzResult[] = []
const fuzzer = new Fuzzer()
let settled: Memory | undefined
for (let done = 0; done < cases; done += PART) {
  const part = await fuzzer.run(first + done, Math.min(PART, cases - done), (seed) =>
    tell({ kind: 'batch', seed }),
  )
  results.push(part)
  settled ??= memory()
}
const end = memory()
const { heap, external, resident } = settled ?? end
const grown = {
  heap: end.heap - heap,
  external: end.external - external,
  resident: end.resident - resident,
}
tell({ kind: 'done', results, grown })

function memory(): Memory {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  const { heapUsed, external: beside, rss } = process.memoryUsage()
  return { heap: heapUsed, external: beside, resident: rss }
}
