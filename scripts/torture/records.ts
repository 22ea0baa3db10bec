import type { Event } from '../../src/domain/event.ts'
import type { DeadLetterReason } from '../../src/domain/outcome.ts'
import { Random } from '../../test/simulation/random.ts'

/** Partitions of all topics of a run, unless it says otherwise. */
export const PARTITIONS = 6

const USERS = 300
const ACTIONS = ['view', 'click', 'buy'] as const
/** Of event time between two records. At 300 users an hour's window holds about a dozen events a user. */
const STEP_MS = 1_000
/** Disorder within the lateness of five minutes. */
const JITTER_MS = 120_000
const LATE_BY_MS = { least: 600_000, most: 7_200_000 } as const
const FIRST_MS = 1_700_000_000_000
const POISON_SHARE = 0.01
const LATE_SHARE = 0.02

/** The events' schema, as `schemas/engagement/event.avsc` has it. */
export const EVENT_SCHEMA = {
  type: 'record',
  name: 'Event',
  namespace: 'millrace.engagement',
  fields: [
    { name: 'user_id', type: 'string' },
    { name: 'action', type: 'string' },
    { name: 'value', type: 'double' },
  ],
} as const

/** A record of the input and, when it can be decoded, its event. */
export interface InputPlan {
  readonly partition: number
  readonly key: string
  readonly value: Buffer | null
  readonly timestampMs: number
  readonly event: Omit<Event, 'id'> | undefined
  /** Why it cannot. */
  readonly poison: DeadLetterReason | undefined
}

/** Encodes an event in the registry's wire format. */
export type Encode = (value: object) => Buffer

/**
 * Records from a seed, in the order they are written, without end: two in a hundred too late to be
 * taken, one in a hundred that cannot be decoded, the rest in mild disorder.
 */
export function* endlessRecords(
  seed: number,
  encode: Encode,
  partitions = PARTITIONS,
): Generator<InputPlan, never> {
  const random = new Random(seed)
  for (let index = 0; ; index++) {
    const { user, ...plan } = planOne(random, index, encode)
    yield { partition: user % partitions, ...plan }
  }
}

/** The first records of a seed. */
export function planRecords(
  seed: number,
  count: number,
  encode: Encode,
  partitions = PARTITIONS,
): InputPlan[] {
  const records = endlessRecords(seed, encode, partitions)
  return Array.from({ length: count }, () => records.next().value)
}

function planOne(
  random: Random,
  index: number,
  encode: Encode,
): Omit<InputPlan, 'partition'> & { readonly user: number } {
  const user = Math.floor(USERS * random.next() ** 2)
  const key = `u${user}`
  const isLate = random.chance(LATE_SHARE)
  const back = isLate ? random.whole(LATE_BY_MS.least, LATE_BY_MS.most) : random.whole(0, JITTER_MS)
  const timestampMs = FIRST_MS + index * STEP_MS - back
  const action = random.pick(ACTIONS) ?? 'view'
  const number = Math.round(-1_000 * Math.log(1 - random.next())) / 100
  const value = encode({ user_id: key, action, value: number })
  const placed = { user, key, timestampMs }
  if (random.chance(POISON_SHARE)) {
    return { ...placed, event: undefined, ...poisoned(random.whole(0, 3), value) }
  }
  const event = { key, timeMs: timestampMs, values: [action, number] }
  return { ...placed, value, event, poison: undefined }
}

function poisoned(
  kind: number,
  good: Buffer,
): { readonly value: Buffer | null; readonly poison: DeadLetterReason } {
  switch (kind) {
    case 0:
      return { value: null, poison: 'empty-value' }
    case 1:
      return { value: Buffer.from('not in wire format'), poison: 'not-wire-format' }
    case 2:
      return { value: good.subarray(0, -3), poison: 'undecodable' }
    default: {
      const unknown = Buffer.from(good)
      unknown.writeInt32BE(987_654, 1)
      return { value: unknown, poison: 'unknown-schema' }
    }
  }
}
