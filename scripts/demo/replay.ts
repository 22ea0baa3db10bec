import { setTimeout as sleep } from 'node:timers/promises'
import kafka from '@confluentinc/kafka-javascript'
import type { Producer } from '@confluentinc/kafka-javascript'
import avsc from 'avsc'
import { fromCallback } from '../../src/runtime/callback.ts'
import type { Flight } from '../flights/flight.ts'
import { FLIGHT_SCHEMA, toFlightRecord } from '../flights/record.ts'

const CONNECT = { allTopics: false, timeout: 10_000 } as const
const QUEUE_FULL = -184
/** Records between two looks at the clock. */
const CHUNK = 200
/** Of so many flights, one is followed by a damaged record. */
const DAMAGED_EVERY = 5_000
const TWO_DAYS_MS = 2 * 86_400_000
const YEAR_2100_MS = Date.UTC(2100, 0, 1)
/** No registry has given this one out. */
const UNKNOWN_SCHEMA_ID = 987_654_321

/** What was written to the input topic. */
export interface Sent {
  readonly flights: number
  /** Records that must become dead letters. */
  readonly damaged: number
  /** Records that must become late. */
  readonly late: number
}

/** Flights as a topic gets them. */
export interface ReplayPlan {
  readonly brokers: string
  readonly registryUrl: string
  readonly topic: string
  readonly flights: readonly Flight[]
  /** Events a second; as fast as it goes, unless set. */
  readonly rate?: number
  readonly onSent: (sent: number) => void
}

type Damage = (flight: Flight) => Buffer | null

/** Writes flights as Avro, keyed by airport, with some damaged records among them. */
export async function replay(plan: ReplayPlan): Promise<Sent> {
  const { topic, flights, rate, onSent } = plan
  const encode = flightEncoder(await registerFlight(plan))
  const damages = damagesOf(encode)
  const producer = await connect(plan)
  const startedAt = performance.now()
  const counts = { damaged: 0, late: 0 }
  const send = (flight: Flight, value: Buffer | null) => produce(producer, topic, flight, value)
  for (const [index, flight] of flights.entries()) {
    await send(flight, encode(flight))
    if (index % DAMAGED_EVERY === DAMAGED_EVERY - 1) {
      const turn = Math.floor(index / DAMAGED_EVERY) % (damages.length + 1)
      const damage = damages[turn]
      await send(flight, damage === undefined ? encode(twoDaysBefore(flight)) : damage(flight))
      counts[damage === undefined ? 'late' : 'damaged'] += 1
    }
    if (index % CHUNK !== 0) continue
    onSent(index)
    const dueMs = rate === undefined ? 0 : (index / rate) * 1_000
    await sleep(Math.max(0, startedAt + dueMs - performance.now()))
  }
  await fromCallback((done) => producer.flush(60_000, (error) => done(error, undefined)))
  await fromCallback((done) => producer.disconnect(1_000, done))
  return { flights: flights.length, ...counts }
}

function damagesOf(encode: (flight: Flight) => Buffer): readonly Damage[] {
  return [
    () => Buffer.from('not what it should be'),
    (flight) => encode(flight).subarray(0, 20),
    () => null,
    (flight) => {
      const value = encode(flight)
      value.writeUInt32BE(UNKNOWN_SCHEMA_ID, 1)
      return value
    },
    (flight) => encode({ ...flight, departedAtMs: YEAR_2100_MS }),
  ]
}

function twoDaysBefore(flight: Flight): Flight {
  return { ...flight, departedAtMs: flight.departedAtMs - TWO_DAYS_MS }
}

/** Writes a flight in registry wire format, of the schema with this id. */
export function flightEncoder(schemaId: number): (flight: Flight) => Buffer {
  const type = avsc.Type.forSchema(FLIGHT_SCHEMA as unknown as avsc.Schema)
  const header = Buffer.alloc(5)
  header.writeUInt32BE(schemaId, 1)
  return (flight) => Buffer.concat([header, type.toBuffer(toFlightRecord(flight))])
}

async function registerFlight({ registryUrl, topic }: ReplayPlan): Promise<number> {
  const answer = await fetch(`${registryUrl}/subjects/${topic}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(FLIGHT_SCHEMA) }),
  })
  if (!answer.ok) throw new Error(`the registry refuses the schema: ${await answer.text()}`)
  const { id } = (await answer.json()) as { id: number }
  return id
}

async function connect({
  brokers,
  topic,
}: Pick<ReplayPlan, 'brokers' | 'topic'>): Promise<Producer> {
  const producer = new kafka.RdKafka.Producer({
    'bootstrap.servers': brokers,
    'enable.idempotence': true,
    // What Java clients do: the same airport goes to the same partition whoever writes.
    partitioner: 'murmur2_random',
    'linger.ms': 5,
  })
  await fromCallback((done) => producer.connect({ ...CONNECT, topic }, done))
  producer.setPollInBackground(true)
  return producer
}

async function produce(
  producer: Producer,
  topic: string,
  flight: Flight,
  value: Buffer | null,
): Promise<void> {
  while (!tryProduce(producer, topic, flight, value)) await sleep(2)
}

function tryProduce(
  producer: Producer,
  topic: string,
  flight: Flight,
  value: Buffer | null,
): boolean {
  try {
    producer.produce(topic, null, value, flight.origin)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === QUEUE_FULL) return false
    throw error
  }
}
