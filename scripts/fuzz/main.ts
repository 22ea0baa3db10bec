/**
 * Decodes records that were made to do harm: see `--help`.
 */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fuzz } from './run.ts'
import type { FuzzResult } from './run.ts'

const HELP = `Usage: node scripts/fuzz/main.ts [--cases N] [--seed S] [--json]

Decodes valid records with changed bytes, bombs (few bytes that claim much) and noise, in Avro, Protobuf
and JSON, mixed. Each must have exactly one fate, within 100 ms, the same when it is decoded again;
memory must not grow.

  --cases N   how many (default 100000)
  --seed S    seed of the first (default: any); the others follow it
  --json      prints the summary as JSON

Exit status: 0 all hold; 1 one does not; 2 wrong usage.
`
const PART = 10_000
const SHOWN_MAX = 20
/** What the heap may have grown by between the first part and the last, bytes. */
const GROWTH_BYTES_MAX = 32 * 1024 * 1024

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
  const results: FuzzResult[] = []
  let settledBytes = 0
  for (let done = 0; done < cases; done += PART) {
    results.push(await fuzz(first + done, Math.min(PART, cases - done)))
    if (done === 0) settledBytes = heapBytes()
  }
  const grownBytes = heapBytes() - settledBytes
  const seconds = (performance.now() - startedAt) / 1000
  return report({ first, results, grownBytes, seconds }, values.json === true)
}

function report(
  run: {
    readonly first: number
    readonly results: readonly FuzzResult[]
    readonly grownBytes: number
    readonly seconds: number
  },
  isJson: boolean,
): number {
  const { first, results, grownBytes, seconds } = run
  const findings = results.flatMap((result) => result.findings)
  const fates = new Map<string, number>()
  for (const result of results) {
    for (const [fate, count] of result.fates) fates.set(fate, (fates.get(fate) ?? 0) + count)
  }
  const cases = results.reduce((sum, result) => sum + result.cases, 0)
  const slowestMs = Math.max(...results.map((result) => result.slowestMs))
  const isGrown = grownBytes > GROWTH_BYTES_MAX
  if (isJson) {
    const summary = { first, cases, seconds, slowestMs, grownBytes }
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
        `hold; heap ${(grownBytes / 1e6).toFixed(1)} MB larger than after the first ${PART}\n`,
    )
    if (isGrown) process.stdout.write('FAILS: memory grows\n')
  }
  return findings.length > 0 || isGrown ? 1 : 0
}

/** Of what is reachable. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}
