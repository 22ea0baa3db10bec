import type { InputRecord } from '../../src/domain/record.ts'
import type { Gap } from './commit-watch.ts'
import { scoreRow } from './model.ts'
import { TOPICS } from './topics.ts'

/**
 * What a read-committed reader must find, from `docs/features.md` and `docs/topics.md`: a fold over each
 * partition's log, one record after the other, that knows nothing of units, faults or restored state.
 *
 * Left out of the comparison: `computed_at`, `predicted_at`, `audited_at` and `millrace.failed.at`, which
 * are wall-clock times and need only be there; `millrace.detail`, which quotes the words of the parser.
 */
export interface Expected {
  readonly topic: string
  readonly key: string
  /** Without the time that the service's own values end with. */
  readonly value: string
  /** Of dead letters and late records, as `name=value`. */
  readonly headers: readonly string[]
}

interface Seen {
  readonly offset: number
  readonly timeMs: number
  readonly tile: number
  readonly amount: number | null
}

const TILE_MS = 1_000
const LATENESS_MS = 2_000
const MODEL = { model_name: 'tested', model_version: '1' }
const IDENTITY = ['attempt=1', 'app.id=s', 'instance.id=s', 'model.name=s', 'model.version=1']

/** The outputs of one partition's log, each topic's in order. */
export function expectedOutputs(log: readonly InputRecord[], gaps: readonly Gap[]): Expected[] {
  const outputs: Expected[] = []
  const histories = new Map<string, Seen[]>()
  let streamTimeMs = -Infinity
  for (const record of log) {
    const { offset, timestamp: timeMs } = record
    if (gaps.some(({ from, to }) => offset >= from && offset < to)) continue
    const forgotten = gaps.findLast((gap) => gap.to <= offset && gap.seesFrom !== undefined)
    const amount = amountOf(record.value)
    const byMs = streamTimeMs - LATENESS_MS - timeMs
    if (typeof amount === 'string') outputs.push(...deadLetter(record, amount, 'decode'))
    else if (byMs > 0) {
      outputs.push(asItCame(TOPICS.late, record, ['reason=late', `late.by.ms=${byMs}`]))
      outputs.push(audit(record, 'late'))
    } else {
      streamTimeMs = Math.max(streamTimeMs, timeMs)
      const event = { offset, timeMs, tile: Math.floor(timeMs / TILE_MS), amount }
      const key = String(record.key)
      const history = histories.get(key) ?? []
      const seen = history.filter((each) => each.offset >= (forgotten?.seesFrom ?? 0))
      outputs.push(...answer(record, rowOf(seen, event)))
      history.push(event)
      histories.set(key, history)
    }
  }
  return outputs
}

/** A number, nothing, or why there is neither. */
function amountOf(value: Buffer | null): number | null | string {
  if (value === null) return 'empty-value'
  const text = String(value)
  if (!text.startsWith('{')) return 'undecodable'
  const { amount } = JSON.parse(text)
  return typeof amount === 'string' ? 'invalid-event' : amount
}

function rowOf(history: readonly Seen[], event: Seen): (number | null)[] {
  const within = (events: readonly Seen[], tiles: number): Seen[] =>
    events.filter(({ tile }) => tile > event.tile - tiles && tile <= event.tile)
  const before = within(history, 8)
  const eight = [...before, event]
  const [three, six] = [within(eight, 3), within(eight, 6)]
  const others = before.map(({ timeMs }) => timeMs)
  const count = three.filter(({ amount }) => amount !== null).length
  const known = eight.filter(({ amount }) => amount !== null)
  return [
    six.length,
    sumOf(six),
    count === 0 ? null : (sumOf(three) ?? 0) / count,
    known.length === 0 ? null : known.reduce((a, b) => (b.timeMs >= a.timeMs ? b : a)).amount,
    others.length === 0 ? null : Math.max(0, event.timeMs - Math.max(...others)) / 1_000,
  ]
}

/** Tile by tile in order of time, and within a tile in order of the log, so that it is equal to the bit. */
function sumOf(events: readonly Seen[]): number | null {
  const tiles = new Map<number, number>()
  for (const { tile, amount } of events) {
    if (amount !== null) tiles.set(tile, (tiles.get(tile) ?? 0) + amount)
  }
  if (tiles.size === 0) return null
  return [...tiles].toSorted(([a], [b]) => a - b).reduce((sum, [, part]) => sum + part, 0)
}

function answer(record: InputRecord, row: readonly (number | null)[]): Expected[] {
  const seen = Float32Array.from(row, (value) => value ?? Number.NaN)
  const scores = scoreRow(seen)
  if (typeof scores === 'string') return deadLetter(record, 'unscorable', 'inference')
  const [score] = scores
  if (!Number.isFinite(score)) return deadLetter(record, 'non-finite-score', 'inference')
  const { partition, offset, timestamp } = record
  const key = String(record.key)
  const [n, total, mean, newest, since] = row
  const features = { key, n, total, mean, newest, since }
  const event = { event_id: `events-${partition}-${offset}`, key }
  const prediction = { ...event, score, ...MODEL, event_time: timestamp }
  return [
    { topic: TOPICS.features, key, value: timed(features, 'computed_at'), headers: [] },
    { topic: TOPICS.predictions, key, value: timed(prediction, 'predicted_at'), headers: [] },
    audit(record, 'predicted', { features: [...seen], scores }),
  ]
}

function deadLetter(record: InputRecord, reason: string, stage: string): Expected[] {
  const letter = asItCame(TOPICS.deadLetters, record, [`reason=${reason}`, `stage=${stage}`])
  return [letter, audit(record, 'dead_letter', { reason, isEvent: stage !== 'decode' })]
}

function asItCame(topic: string, record: InputRecord, why: readonly string[]): Expected {
  const { topic: from, partition, offset, timestamp } = record
  const source = Object.entries({ topic: from, partition, offset, timestamp })
  const headers = [...why, ...source.map(([name, value]) => `source.${name}=${value}`), ...IDENTITY]
  return { topic, key: String(record.key), value: String(record.value), headers }
}

/** What became of a record; an event by default, of which nothing more is to be said. */
function audit(record: InputRecord, outcome: string, more: Record<string, unknown> = {}): Expected {
  const { partition, offset, timestamp } = record
  const { reason = null, isEvent = true, features = null, scores = null } = more
  const key = String(record.key)
  const source = { source_topic: 'events', source_partition: partition, source_offset: offset }
  const id = `events-${partition}-${offset}`
  const event = isEvent ? { key, event_id: id, event_time: timestamp } : NO_EVENT
  const model = { ...MODEL, model_sha256: '', spec_sha256: '' }
  const fields = { outcome, reason, ...source, schema_id: null, ...event, ...model }
  const value = timed({ ...fields, features, scores }, 'audited_at')
  return { topic: TOPICS.audit, key, value, headers: [] }
}

const NO_EVENT = { key: null, event_id: null, event_time: null }

function timed(value: object, name: string): string {
  return `${JSON.stringify(value).slice(0, -1)},"${name}":`
}
