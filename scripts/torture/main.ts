/**
 * Breaks everything the service stands on and counts the answers: see `--help`.
 */
import { parseArgs } from 'node:util'
import { Screen } from '../demo/screen.ts'
import { FULL, QUICK } from './plan.ts'
import type { Size } from './plan.ts'
import { reportOf, summaryOf } from './report.ts'
import { torture } from './run.ts'

const HELP = `Usage: node scripts/torture/main.ts [--quick] [--seed S] [--records N] [--json]

Runs two to three instances of the service on a broker and a registry of its own while records come in, and
kills, freezes, adds and removes instances, restarts and kills the broker, freezes the registry, and by way
of a proxy cuts connections, delays them and loses the broker's answers to commits. Then everything is read
back as a read-committed reader sees it and compared with a sequential fold over the input log: nothing may
be lost or doubled, features and scores must be equal to the bit.

  --quick      a minute and a half instead of minutes
  --seed S     of records and faults (default: any; it is printed)
  --records N  how many (default ${FULL.records}; quick: ${QUICK.records})
  --json       prints the result as JSON

A run that fails keeps its logs and prints where they are.
Exit status: 0 all of it holds; 1 something does not; 2 wrong usage.
`

process.exit(await main())

async function main(): Promise<number> {
  const options = read()
  if (options === undefined) return 2
  if (options.help === true) {
    process.stdout.write(HELP)
    return 0
  }
  const base = options.quick === true ? QUICK : FULL
  const seed = Number(options.seed ?? Math.floor(Math.random() * 2 ** 31))
  const records = Number(options.records ?? base.records)
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(records) || records < 1) {
    process.stderr.write(`--seed and --records must be whole numbers\n\n${HELP}`)
    return 2
  }
  const size: Size = { ...base, records }
  const again = `node scripts/torture/main.ts${options.quick === true ? ' --quick' : ''} --seed ${seed} --records ${records}`
  const screen = new Screen()
  const ending = new AbortController()
  process.once('SIGINT', () => ending.abort())
  process.once('SIGTERM', () => ending.abort())
  screen.step(`seed ${seed}: ${again}`)
  const onStep = (text: string): void => screen.step(text)
  const result = await torture({ seed, size, onStep, signal: ending.signal })
  const text =
    options.json === true ? JSON.stringify(summaryOf(result), undefined, 2) : reportOf(result)
  process.stdout.write(`${text}\n`)
  if (result.logs.length > 0) screen.step(`logs are kept in ${result.logs.join(' and ')}`)
  if (result.failures.length === 0) return 0
  screen.step(`again: ${again}`)
  return 1
}

function read() {
  try {
    const options = {
      quick: { type: 'boolean' },
      seed: { type: 'string' },
      records: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    } as const
    return parseArgs({ options }).values
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    return undefined
  }
}
