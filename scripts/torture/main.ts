/**
 * Breaks everything the service stands on and counts the answers: see `--help`.
 */
import { Screen } from '../demo/screen.ts'
import { runCommand, UsageError } from '../options.ts'
import type { OptionValues } from '../options.ts'
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

const OPTIONS = { quick: 'flag', seed: 'whole', records: 'whole', json: 'flag' } as const

process.exit(await runCommand({ help: HELP, options: OPTIONS, run }))

async function run(options: OptionValues<typeof OPTIONS>): Promise<number> {
  const base = options.quick ? QUICK : FULL
  const { seed = Math.floor(Math.random() * 2 ** 31), records = base.records } = options
  if (records === 0) throw new UsageError('--records must be at least 1')
  const size: Size = { ...base, records }
  const again = `node scripts/torture/main.ts${options.quick ? ' --quick' : ''} --seed ${seed} --records ${records}`
  const screen = new Screen()
  const ending = new AbortController()
  process.once('SIGINT', () => ending.abort())
  process.once('SIGTERM', () => ending.abort())
  screen.step(`seed ${seed}: ${again}`)
  const onStep = (text: string): void => screen.step(text)
  const result = await torture({ seed, size, onStep, signal: ending.signal })
  const text = options.json ? JSON.stringify(summaryOf(result), undefined, 2) : reportOf(result)
  process.stdout.write(`${text}\n`)
  if (result.logs.length > 0) screen.step(`logs are kept in ${result.logs.join(' and ')}`)
  if (result.failures.length === 0) return 0
  screen.step(`again: ${again}`)
  return 1
}
