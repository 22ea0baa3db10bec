/**
 * Decodes records that were made to do harm: see `--help`.
 */
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { FuzzResult } from './run.ts'
import type { FuzzMessage, Memory } from './worker.ts'

const HELP = `Usage: node scripts/fuzz/main.ts [--cases N] [--seed S] [--json]

Decodes valid records with changed bytes, bombs (few bytes that claim much) and noise, in Avro, Protobuf
2 and 3, JSON with and without a registry, and in schemas that are made up, mixed; ids stand in the value or,
also as GUIDs, in a header. Each must have exactly one fate, within 100 ms, the same when it is decoded again;
after the first 10,000, by which all is remembered that ever is, memory must not grow by more than 32 MiB of
heap, 16 MiB beside it and 256 MiB of the process.

  --cases N   how many (default 100000)
  --seed S    seed of the first (default: any); the others follow it
  --json      prints the summary as JSON

Exit status: 0 all hold; 1 one does not; 2 wrong usage.
`
/** Longest time a batch of a hundred may take before it counts as one that never ends, ms. */
const BATCH_MS_MAX = 30_000
const SHOWN_MAX = 20
const MIB = 1024 * 1024
/** What may have grown between the first part and the last, bytes. */
const GROWTH_MAX: Memory = { heap: 32 * MIB, external: 16 * MIB, resident: 256 * MIB }

process.exitCode = await main()

async function main(): Promise<number> {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const { values } = parseArgs({ options: { cases: text, seed: text, json: flag, help: flag } })
  const cases = Number(values.cases ?? 100_000)
  const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 30))
  if (values.help === true || !(cases >= 1 && cases <= 1e9 && Number.isInteger(first))) {
    process.stdout.write(HELP)
    return values.help === true ? 0 : 2
  }
  const startedAt = performance.now()
  const { results, grown } = await runWorker(first, cases)
  const seconds = (performance.now() - startedAt) / 1000
  return report({ first, results, grown, seconds }, values.json === true)
}

/** @throws Error when a batch does not end */
function runWorker(
  first: number,
  cases: number,
): Promise<{ readonly results: readonly FuzzResult[]; readonly grown: Memory }> {
  return new Promise((done, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), {
      workerData: { first, cases },
    })
    let seed = first
    const hangs = (): void => {
      reject(new Error(`seeds from ${seed} on do not end within ${BATCH_MS_MAX} ms`))
      void worker.terminate()
    }
    const watchdog = setTimeout(hangs, BATCH_MS_MAX)
    worker.on('message', (message: FuzzMessage) => {
      watchdog.refresh()
      if (message.kind === 'batch') seed = message.seed
      else done(message)
    })
    worker.once('error', reject)
    worker.once('exit', () => clearTimeout(watchdog))
  })
}

function report(
  run: {
    readonly first: number
    readonly results: readonly FuzzResult[]
    readonly grown: Memory
    readonly seconds: number
  },
  isJson: boolean,
): number {
  const { first, results, grown, seconds } = run
  const findings = results.flatMap((result) => result.findings)
  const fates = new Map<string, number>()
  for (const result of results) {
    for (const [fate, count] of result.fates) fates.set(fate, (fates.get(fate) ?? 0) + count)
  }
  const cases = results.reduce((sum, result) => sum + result.cases, 0)
  const slowestMs = Math.max(...results.map((result) => result.slowestMs))
  const isGrown =
    grown.heap > GROWTH_MAX.heap ||
    grown.external > GROWTH_MAX.external ||
    grown.resident > GROWTH_MAX.resident
  if (isJson) {
    const summary = { first, cases, seconds, slowestMs, grown }
    process.stdout.write(
      `${JSON.stringify({ ...summary, fates: Object.fromEntries(fates), findings })}\n`,
    )
  } else {
    for (const fate of [...fates.keys()].toSorted()) {
      process.stdout.write(`${fate.padEnd(30)} ${String(fates.get(fate)).padStart(8)}\n`)
    }
    for (const { seed, format, problem, value } of findings.slice(0, SHOWN_MAX)) {
      process.stdout.write(`FAILS --seed ${seed} --cases 1: ${format}: ${problem}\n  ${value}\n`)
    }
    process.stdout.write(
      `${cases} cases from seed ${first} in ${seconds.toFixed(1)} s: ${findings.length} do not ` +
        `hold; slowest ${slowestMs.toFixed(0)} ms; larger than after the first 10000 by ` +
        `${mib(grown.heap)} of heap, ${mib(grown.external)} beside it, ${mib(grown.resident)} in all\n`,
    )
    if (isGrown) process.stdout.write('FAILS: memory grows\n')
  }
  return findings.length > 0 || isGrown ? 1 : 0
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}
