import type { HeaderStyle } from '../domain/header-style.ts'
import type { DeadLetter } from '../domain/outcome.ts'
import type { Header, InputRecord } from '../domain/record.ts'
import { foreignHeaders } from './foreign-headers.ts'

/** The headers added to dead letters and late records, after the record's own. Values are UTF-8 text. */
export const HEADERS = {
  'millrace.reason': 'dead letters: why, one of the documented reasons; late records: `late`',
  'millrace.stage': 'dead letters: the stage that turned it down: decode, features or inference',
  'millrace.detail': 'dead letters: the thing, the value and the bound, at most 500 characters',
  'millrace.late.by.ms': 'late records: how far behind stream time − lateness, ms',
  'millrace.source.topic': 'where it was read from: topic',
  'millrace.source.partition': 'where it was read from: partition',
  'millrace.source.offset': 'where it was read from: offset',
  'millrace.source.timestamp': 'its record timestamp, ms since the epoch; -1 when it had none',
  'millrace.schema.id': 'registry id of its schema, when it could be read',
  'millrace.attempt': 'which time it is turned down: 1, or one more than it was replayed',
  'millrace.app.id': 'the APP_ID (the consumer group) that turned it down',
  'millrace.instance.id': 'the INSTANCE_ID that turned it down',
  'millrace.model.name': 'the model it was meant for',
  'millrace.model.version': 'the version of that model',
  'millrace.failed.at': 'when it was turned down, ISO 8601, UTC',
} as const satisfies Readonly<Record<string, string>>

/** The headers that a replay adds to the record it writes to the input topic. Values are UTF-8 text. */
export const REPLAY_HEADERS = {
  'millrace.replays': 'how often it has been replayed, this time included',
  'millrace.replay.of': 'the record it repeats, as first read: topic/partition/offset',
} as const satisfies Readonly<Record<string, string>>

type HeaderName = keyof typeof HEADERS

/** Who turns records down: the same for the whole life of the process. */
export interface HeaderIdentity {
  readonly appId: string
  readonly instanceId: string
  readonly modelName: string
  readonly modelVersion: string
}

/** How many times a record was replayed, as its headers say; 0 for what they do not say. */
export function replaysOf(headers: readonly Header[] | undefined): number {
  const last = headers?.findLast((each) => 'millrace.replays' in each)?.['millrace.replays']
  const count = Number(last ?? 0)
  return Number.isSafeInteger(count) && count >= 0 ? count : 0
}

function identityHeaders(identity: HeaderIdentity): readonly Header[] {
  return [
    header('millrace.app.id', identity.appId),
    header('millrace.instance.id', identity.instanceId),
    header('millrace.model.name', identity.modelName),
    header('millrace.model.version', identity.modelVersion),
  ]
}

/** Where a record came from and by whom and when it was turned down. */
export interface Provenance {
  readonly record: InputRecord
  readonly schemaId: number | undefined
  readonly identity: HeaderIdentity
  /** ISO 8601. */
  readonly failedAt: string
}

/**
 * The original headers first, in order and exactly, then why and where from, then those of the style.
 * Ours begin with the reason, so a reader can take off exactly what was added.
 */
export function deadLetterHeaders(
  provenance: Provenance,
  letter: DeadLetter,
  style: HeaderStyle,
): Header[] {
  const { record, identity } = provenance
  return [
    ...(record.headers ?? []),
    header('millrace.reason', letter.reason),
    header('millrace.stage', letter.stage),
    header('millrace.detail', letter.detail),
    ...sourceHeaders(provenance),
    ...foreignHeaders(style, { record, letter, ...identity }),
  ]
}

/** As for dead letters; the reason is that it was late, and by how much. */
export function lateHeaders(provenance: Provenance, byMs: number): Header[] {
  return [
    ...(provenance.record.headers ?? []),
    header('millrace.reason', 'late'),
    header('millrace.late.by.ms', String(byMs)),
    ...sourceHeaders(provenance),
  ]
}

function sourceHeaders({ record, schemaId, identity, failedAt }: Provenance): Header[] {
  return [
    header('millrace.source.topic', record.topic),
    header('millrace.source.partition', String(record.partition)),
    header('millrace.source.offset', String(record.offset)),
    header('millrace.source.timestamp', String(record.timestamp)),
    ...(schemaId === undefined ? [] : [header('millrace.schema.id', String(schemaId))]),
    header('millrace.attempt', String(replaysOf(record.headers) + 1)),
    ...identityHeaders(identity),
    header('millrace.failed.at', failedAt),
  ]
}

function header(name: HeaderName, value: string): Header {
  return { [name]: value }
}
