import type { Header, InputRecord, OutputRecord } from '../../domain/record.ts'
import { replaysOf } from '../../sink/headers.ts'
import { type Coordinates, formatCoordinates, parseCoordinates } from './coordinates.ts'

/** A dead letter as it lies on the dead-letter topic. */
export interface Letter {
  /** Its record there, headers and all. */
  readonly record: InputRecord
  readonly source: Coordinates
  /** Record timestamp of what was turned down, ms; −1 when it had none. */
  readonly timestampMs: number
  readonly reason: string
  readonly stage: string
  readonly detail: string
  /** When it was turned down, ms since the epoch. */
  readonly failedAtMs: number
  readonly schemaId: number | undefined
  readonly appId: string
  readonly model: { readonly name: string; readonly version: string }
  /** How often it was replayed before. */
  readonly replays: number
  /** The record it began as: its own source, unless it is a replay. */
  readonly origin: Coordinates
  /** The headers that came with the record, those of a replay taken off. */
  readonly headers: readonly Header[]
}

/** What a record of the dead-letter topic is; `other` was not written by Millrace. */
export type Entry =
  | { readonly kind: 'letter'; readonly letter: Letter }
  | { readonly kind: 'replayed'; readonly source: Coordinates }
  | { readonly kind: 'other' }

const MARKER = 'millrace.replayed'
const OTHER: Entry = Object.freeze({ kind: 'other' })

/**
 * The coordinates that a marker names; `undefined` for every other record. A marker has that one header
 * alone: what was turned down may have come with such a header too, and has more.
 */
export function markedSource({ headers }: InputRecord): Coordinates | undefined {
  const marked = headers?.length === 1 ? headers[0]?.[MARKER] : undefined
  return marked === undefined ? undefined : parseCoordinates(String(marked))
}

/** Reads a record of the dead-letter topic. */
export function readEntry(record: InputRecord): Entry {
  const source = markedSource(record)
  if (source !== undefined) return { kind: 'replayed', source }
  const { headers = [] } = record
  // What was turned down may itself have such headers: ours are the last, and begin with the reason.
  const from = headers.findLastIndex((each) => 'millrace.reason' in each)
  const letter = from < 0 ? undefined : readLetter(record, headers, from)
  return letter === undefined ? OTHER : { kind: 'letter', letter }
}

/** @param from where the headers begin that were added */
function readLetter(
  record: InputRecord,
  headers: readonly Header[],
  from: number,
): Letter | undefined {
  const said = new Map<string, string>()
  for (let index = from; index < headers.length; index += 1) {
    const header = headers[index] ?? {}
    for (const name in header) {
      if (name.startsWith('millrace.')) said.set(name, String(header[name]))
    }
  }
  const of = (name: string): string => said.get(`millrace.${name}`) ?? ''
  const source = parseCoordinates(
    `${of('source.topic')}/${of('source.partition')}/${of('source.offset')}`,
  )
  const failedAtMs = Date.parse(of('failed.at'))
  const timestampMs = Number(said.get('millrace.source.timestamp') ?? Number.NaN)
  if (source === undefined || Number.isNaN(failedAtMs) || !Number.isSafeInteger(timestampMs))
    return undefined
  const came = headers.slice(0, from)
  const schema = said.get('millrace.schema.id')
  return {
    record,
    source,
    timestampMs,
    reason: of('reason'),
    stage: of('stage'),
    detail: of('detail'),
    failedAtMs,
    schemaId: schema === undefined ? undefined : Number(schema),
    appId: of('app.id'),
    model: { name: of('model.name'), version: of('model.version') },
    replays: replaysOf(came),
    origin: originOf(came) ?? source,
    headers: came.filter((each) => !('millrace.replays' in each || 'millrace.replay.of' in each)),
  }
}

function originOf(headers: readonly Header[]): Coordinates | undefined {
  const said = headers.findLast((each) => 'millrace.replay.of' in each)?.['millrace.replay.of']
  return said === undefined ? undefined : parseCoordinates(String(said))
}

/** The record as it was read from the input topic, for judging it again. */
export function asRead({ record, source, timestampMs, headers }: Letter): InputRecord {
  return { ...source, timestamp: timestampMs, key: record.key, value: record.value, headers }
}

/** How often a letter will have been replayed, and what it began as: what each replay of it says. */
export function replayHeaders({ replays, origin }: Letter): readonly Header[] {
  return [
    { 'millrace.replays': String(replays + 1) },
    { 'millrace.replay.of': formatCoordinates(origin) },
  ]
}

/** What a replay writes to the input topic: the record as it came, saying how often and of what. */
export function replayOf(letter: Letter): OutputRecord {
  const { record, source, timestampMs, headers } = letter
  const { topic, partition } = source
  return {
    topic,
    partition,
    key: record.key,
    value: record.value,
    headers: [...headers, ...replayHeaders(letter)],
    ...(timestampMs >= 0 && { timestamp: timestampMs }),
  }
}

/**
 * What a replay writes beside the letter, to the same partition: retention and purges take the letter
 * first, always. The key is the letter's own, so that a compacted topic keeps it too.
 */
export function markerOf({ record, source }: Letter): OutputRecord {
  const said = formatCoordinates(source)
  const { topic, partition } = record
  const bytes = Buffer.from(said)
  return { topic, partition, key: bytes, value: bytes, headers: [{ [MARKER]: said }] }
}
