/**
 * Measures Millrace, by the name of what is asked. See `--help`.
 */
import { readOptions, UsageError } from '../scripts/options.ts'
import { startTestbed } from '../scripts/testbed/testbed.ts'
import type { Testbed } from '../scripts/testbed/testbed.ts'
import { suggestion } from '../src/domain/nearest.ts'
import type { Bench } from './bench.ts'
import { BENCHES, COMMON, NAMES } from './benches.ts'
import type { Name } from './benches.ts'
import { clusterOf } from './cluster.ts'
import { EVENT_SEED } from './events.ts'
import { testedOn } from './machine.ts'
import { peersCommand } from './peers/main.ts'
import { Progress } from './progress.ts'
import { tableOf } from './report.ts'
import type { Result } from './result.ts'
import { record, withResults } from './results-file.ts'

const COMMON_HELP = `  --quick         less work and one round: a look, not a figure to quote
  --rounds N      rounds; contestants and points take turns within each
  --json          prints the results as JSON
  --record        keeps them in bench/results.json; \`npm run docs\` makes RESULTS.md and plots of it
  --help          prints this

KAFKA_BROKERS and SCHEMA_REGISTRY_URL, both set, are used in place of a broker and registry of its own.
Exit status: 0 measured and correct; 1 something is not correct; 2 wrong usage.
`
const HELP = `Usage: npm run bench -- NAME [options]

${NAMES.map((name) => `  ${name.padEnd(12)}${BENCHES[name].summary}`).join('\n')}
  peers       the same work by Kafka Streams, Quix Streams and hand-written clients, in turn
  all         all but growth and peers, one after the other

${COMMON_HELP}
\`npm run bench -- NAME --help\` tells what a name measures, and its own options. Whatever is measured is
checked in the same run. Cells hold the median and, of more than one round, the spread. Figures are the
machine's: compare within a run. What was recorded: bench/RESULTS.md; how to read it: docs/performance.md.
`

process.exitCode = await main(process.argv.slice(2))

async function main([name = '--help', ...args]: readonly string[]): Promise<number> {
  try {
    if (name === '--help' || name === '-h') {
      process.stdout.write(HELP)
      return 0
    }
    if (name === 'peers') return await peers(args)
    if (name === 'all')
      return await runAll(
        NAMES.filter((each) => each !== 'growth'),
        args,
      )
    const known = NAMES.find((each) => each === name)
    if (known === undefined) {
      throw new UsageError(
        `nothing is called ${name}${suggestion(name, [...NAMES, 'peers', 'all'])}`,
      )
    }
    return await runAll([known], args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n--help tells names and options\n`)
    return 2
  }
}

async function peers(args: readonly string[]): Promise<number> {
  const values = readOptions(peersCommand.options, args)
  if (values !== undefined) return peersCommand.run(values)
  process.stdout.write(peersCommand.help)
  return 0
}

/** Runs benchmarks on one broker, which is started when the first asks for it. */
async function runAll(names: readonly Name[], args: readonly string[]): Promise<number> {
  const benches: readonly Bench[] = names.map((name) => BENCHES[name] as unknown as Bench)
  const own = benches.length === 1 ? (benches[0]?.options ?? {}) : {}
  const values = readOptions({ ...COMMON, ...own }, args)
  if (values === undefined) {
    const help = benches.length === 1 ? (benches[0]?.help ?? '') : `All of ${names.join(', ')}.\n`
    process.stdout.write(
      `Usage: npm run bench -- ${names.length === 1 ? names[0] : 'all'} [options]\n\n${help}\n${COMMON_HELP}`,
    )
    return 0
  }
  if (values.rounds === 0) throw new UsageError('--rounds must be at least 1')
  const screen = new Progress()
  let testbed: Promise<Testbed> | undefined
  let isWhole = false
  const results: Result[] = []
  try {
    for (const [index, bench] of benches.entries()) {
      const measured = await bench.run({
        options: values,
        isQuick: values.quick,
        rounds: values.rounds,
        screen,
        cluster: async () => {
          testbed ??= startTestbed()
          return clusterOf(await testbed)
        },
      })
      const shared = {
        bench: names[index] ?? '',
        on: testedOn(),
        seed: EVENT_SEED,
        isQuick: values.quick,
      }
      const done = measured.map((each) => ({ ...each, ...shared }))
      if (values.record) record((kept) => withResults(kept, done))
      results.push(...done)
    }
    isWhole = true
  } finally {
    await (await testbed)?.stop(!isWhole)
  }
  return show(results, values.json)
}

function show(results: readonly Result[], isJson: boolean): number {
  if (isJson) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`)
  else process.stdout.write(`\n${results.map(tableOf).join('\n')}`)
  const problems = results.flatMap((result) =>
    result.problems.map((each) => `${result.title}: ${each}`),
  )
  for (const problem of problems) process.stderr.write(`NOT CORRECT: ${problem}\n`)
  return problems.length === 0 ? 0 : 1
}
