/** Writes the flights of 2013 to a topic, once, as Avro: see `--help`. `docker-compose.yml` runs it. */
import { replay } from './demo/replay.ts'
import { readFlights } from './flights/flights.ts'
import { runCommand, UsageError } from './options.ts'

const HELP = `Usage: node scripts/replay.ts [--rate EVENTS-A-SECOND]

Writes 336,776 flights in the order of their departures, keyed by airport, with a damaged or late record
after every 5,000th. Unset, --rate is as fast as it goes.

  KAFKA_BROKERS, SCHEMA_REGISTRY_URL   where to; both are required
  INPUT_TOPIC                          a topic that is there, "events" unless set

Exit status: 0 all is written; 1 it could not be; 2 wrong usage.
`
/** Flights between two lines that say how far it is. */
const TELL_EVERY = 20_000

process.exitCode = await runCommand({
  help: HELP,
  options: { rate: 'number' },
  run: async ({ rate }) => {
    const brokers = required('KAFKA_BROKERS')
    return write({ brokers, registryUrl: required('SCHEMA_REGISTRY_URL'), rate })
  },
})

async function write(to: {
  readonly brokers: string
  readonly registryUrl: string
  readonly rate: number | undefined
}): Promise<number> {
  const { brokers, registryUrl, rate } = to
  const topic = process.env['INPUT_TOPIC'] ?? 'events'
  const flights = await readFlights()
  const onSent = (sent: number): void => {
    if (sent % TELL_EVERY === 0) tell(`${sent} of ${flights.length} flights`)
  }
  const plan = { brokers, registryUrl, topic, flights, onSent }
  const sent = await replay(rate === undefined ? plan : { ...plan, rate })
  tell(
    `${sent.flights} flights, ${sent.damaged} damaged and ${sent.late} late records: all written`,
  )
  return 0
}

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new UsageError(`${name} is required`)
  return value
}

function tell(text: string): void {
  process.stdout.write(`${text}\n`)
}
