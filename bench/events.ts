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

/** A record for the input topic. */
export interface InputEvent {
  readonly key: Buffer
  /** Registry wire format. */
  readonly value: Buffer
}

/**
 * The same events for the same seed: keys as Zipf's law has them (s = 1), values multiples of 1/64 so
 * that sums are exact in any order, event time moving on evenly but for 2 % up to 5 minutes late.
 */
export class EventGenerator {
  readonly #random: () => number
  readonly #upTo = zipf(KEYS)
  readonly #keys: readonly string[]
  readonly #keyBytes: readonly Buffer[]
  readonly #type = avsc.Type.forSchema(JSON.parse(EVENT_SCHEMA) as avsc.Schema)
  readonly #header: Buffer
  #sequence = 0

  constructor(schemaId: number, seed = 20) {
    this.#random = mulberry32(seed)
    this.#keys = Array.from({ length: KEYS }, (_, key) => `u-${String(key).padStart(5, '0')}`)
    this.#keyBytes = this.#keys.map((key) => Buffer.from(key))
    this.#header = Buffer.alloc(5)
    this.#header.writeUInt32BE(schemaId, 1)
  }

  next(): InputEvent {
    const random = this.#random
    const sequence = this.#sequence++
    const key = firstAbove(this.#upTo, random())
    const delayMs = random() < DELAYED_RATIO ? Math.floor(random() * DELAY_MAX_MS) : 0
    const event = {
      event_id: eventId(sequence),
      user_id: this.#keys[key],
      event_type: EVENT_TYPES[firstAbove(EVENT_TYPES_UP_TO, random())],
      value: this.#value(),
      event_time: FIRST_EVENT_MS + sequence * STEP_MS - delayMs,
    }
    const value = Buffer.concat([this.#header, this.#type.toBuffer(event)])
    return { key: this.#keyBytes[key] ?? Buffer.alloc(0), value }
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
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
