import type { DeadLetter } from '../domain/outcome.ts'
import type { Header, InputRecord } from '../domain/record.ts'

/** The headers added to dead letters and late records. All values are UTF-8 text. */
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
  'millrace.app.id': 'the APP_ID that turned it down',
  'millrace.instance.id': 'the INSTANCE_ID that turned it down',
  'millrace.model.name': 'the model it was meant for',
  'millrace.model.version': 'the version of that model',
  'millrace.failed.at': 'when it was turned down, ISO 8601, UTC',
} as const satisfies Readonly<Record<string, string>>

type HeaderName = keyof typeof HEADERS

/** Who turns records down: the same for the whole life of the process. */
export interface HeaderIdentity {
  readonly appId: string
  readonly instanceId: string
  readonly modelName: string
  readonly modelVersion: string
}

/** The headers every turned-down record of this process carries. */
export function identityHeaders(identity: HeaderIdentity): readonly Header[] {
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
  readonly identity: readonly Header[]
  /** ISO 8601. */
  readonly failedAt: string
}

/** The original headers first, in order and exactly, then why and where from. */
export function deadLetterHeaders(provenance: Provenance, letter: DeadLetter): Header[] {
  return [
    ...(provenance.record.headers ?? []),
    header('millrace.reason', letter.reason),
    header('millrace.stage', letter.stage),
    header('millrace.detail', letter.detail),
    ...sourceHeaders(provenance),
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
    ...identity,
    header('millrace.failed.at', failedAt),
  ]
}

function header(name: HeaderName, value: string): Header {
  return { [name]: value }
}
