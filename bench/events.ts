import { readFileSync } from 'node:fs'
import avsc from 'avsc'

/** The Avro schema of the input, as registered. */
export const EVENT_SCHEMA = readFileSync(new URL('event.avsc', import.meta.url), 'utf8')

/** Event time that passes from one event to the next: 400,000 events take 3 hours. */
const STEP_MS = 27
const FIRST_EVENT_MS = 1_760_000_000_000
const KEYS = 10_000
const EVENT_TYPES = ['click', 'view', 'purchase'] as const
/** Shares of the event types, summed up. */
const EVENT_TYPES_UP_TO = [0.5, 0.9, 1] as const
const DELAYED_RATIO = 0.02
const DELAY_MAX_MS = 300_000
const VALUE_LOG_MEAN = 3
const VALUE_LOG_DEVIATION = 0.8
const ID_PREFIX = 'evt-'
const ID_DIGITS = 12

/** Seed of the events, unless another is asked for. */
export const EVENT_SEED = 20
/** Behind any window and lateness of the models here. */
const LATE_MS = 7_200_000
/** The first events are on time, so that each partition's stream time is there before a late one. */
const ON_TIME_EVENTS = 1_000
/** A record that no decoder takes for an event: it ends in the middle of its first field. */
const POISON = Buffer.from([64])

/** Schema of events with a note of any length. */
const NOTED_SCHEMA = JSON.stringify({
  ...(JSON.parse(EVENT_SCHEMA) as { fields: readonly object[] }),
  fields: [
    ...(JSON.parse(EVENT_SCHEMA) as { fields: readonly object[] }).fields,
    { name: 'note', type: 'string' },
  ],
})

/** How events differ from those of the backlog. */
export interface EventOptions {
  readonly seed?: number
  /** Different keys; 10,000 by default. */
  readonly keys?: number
  /** All keys are equally likely, and come in turn. */
  readonly isUniform?: boolean
  /** Bytes that no feature looks at, in a field of their own. */
  readonly noteBytes?: number
  /** Share of records that cannot be decoded. */
  readonly poisonShare?: number
  /** Share of events that are too late. */
  readonly lateShare?: number
}

/** The schema that such events are written with. */
export function schemaOf({ noteBytes = 0 }: EventOptions): string {
  return noteBytes > 0 ? NOTED_SCHEMA : EVENT_SCHEMA
}

/** What must become of an event. */
export type Fate = 'predicted' | 'late' | 'poison'

/** A record for the input topic. */
export interface InputEvent {
  readonly key: Buffer
  /** Registry wire format. */
  readonly value: Buffer
  readonly fate: Fate
}

/**
 * The same events for the same seed: keys as Zipf's law has them (s = 1), values multiples of 1/64 so
 * that sums are exact in any order, event time moving on evenly but for 2 % up to 5 minutes late.
 */
export class EventGenerator {
  readonly #random: () => number
  /** Of the events' fates alone: a share of poison leaves the other events as they were. */
  readonly #chance: () => number
  readonly #upTo: Float64Array
  readonly #keys: readonly string[]
  readonly #keyBytes: readonly Buffer[]
  readonly #type: avsc.Type
  readonly #header: Buffer
  readonly #options: EventOptions
  readonly #note: string
  #sequence = 0

  constructor(schemaId: number, options: EventOptions = {}) {
    const { seed = EVENT_SEED, keys = KEYS, noteBytes = 0, isUniform = false } = options
    this.#options = options
    this.#random = mulberry32(seed)
    this.#chance = mulberry32(seed + 1)
    this.#upTo = isUniform ? new Float64Array() : zipf(keys)
    this.#keys = Array.from({ length: keys }, (_, key) => `u-${String(key).padStart(5, '0')}`)
    this.#keyBytes = this.#keys.map((key) => Buffer.from(key))
    this.#note = 'n'.repeat(noteBytes)
    this.#type = avsc.Type.forSchema(JSON.parse(schemaOf(options)) as avsc.Schema)
    this.#header = Buffer.alloc(5)
    this.#header.writeUInt32BE(schemaId, 1)
  }

  next(): InputEvent {
    const random = this.#random
    const sequence = this.#sequence++
    const drawn = random()
    const key = this.#upTo.length > 0 ? firstAbove(this.#upTo, drawn) : sequence % this.#keys.length
    const delayMs = random() < DELAYED_RATIO ? Math.floor(random() * DELAY_MAX_MS) : 0
    const fate = this.#fate(sequence)
    const event = {
      event_id: eventId(sequence),
      user_id: this.#keys[key],
      event_type: EVENT_TYPES[firstAbove(EVENT_TYPES_UP_TO, random())],
      value: this.#value(),
      event_time: FIRST_EVENT_MS + sequence * STEP_MS - (fate === 'late' ? LATE_MS : delayMs),
      note: this.#note,
    }
    const body = fate === 'poison' ? POISON : this.#type.toBuffer(event)
    const value = Buffer.concat([this.#header, body])
    return { key: this.#keyBytes[key] ?? Buffer.alloc(0), value, fate }
  }

  #fate(sequence: number): Fate {
    const { poisonShare = 0, lateShare = 0 } = this.#options
    const drawn = this.#chance()
    if (drawn < poisonShare) return 'poison'
    return drawn < poisonShare + lateShare && sequence >= ON_TIME_EVENTS ? 'late' : 'predicted'
  }

  /** Log-normal, by the method of Box and Muller. */
  #value(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random()))
    const normal = radius * Math.cos(2 * Math.PI * this.#random())
    return Math.round(Math.exp(VALUE_LOG_MEAN + VALUE_LOG_DEVIATION * normal) * 64) / 64
  }
}

/** The id of the event with this number, counted from 0. */
function eventId(sequence: number): string {
  return ID_PREFIX + String(sequence).padStart(ID_DIGITS, '0')
}

/** The number of the event with this id; NaN when the id is none of ours. */
export function sequenceOf(id: string): number {
  return id.startsWith(ID_PREFIX) ? Number(id.slice(ID_PREFIX.length)) : Number.NaN
}

function zipf(count: number): Float64Array {
  const upTo = new Float64Array(count)
  let sum = 0
  for (let rank = 0; rank < count; rank++) {
    sum += 1 / (rank + 1)
    upTo[rank] = sum
  }
  return upTo.map((partial) => partial / sum)
}

/** Index of the first number above `value`, in a rising list; the last index when there is none. */
function firstAbove(rising: ArrayLike<number>, value: number): number {
  let low = 0
  let high = rising.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rising[middle] ?? 0) > value) high = middle
    else low = middle + 1
  }
  return low
}

/** Random numbers in [0, 1) of 32 bits. Source: Tommy Ettinger's mulberry32, public domain. */
export function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
