import { LAYOUT_TEXT_MAX } from './layout.ts'
import type { StateLayout } from './layout.ts'
import { NOTHING_TO_REPLAY } from './stream-time.ts'
import type { StreamPosition } from './stream-time.ts'

/** Brokers take 4,096 bytes unless set otherwise (`offset.metadata.max.bytes`). */
const METADATA_MAX = 2_000
/** As long as `INSTANCE_ID` may be. */
const WRITER_MAX = 200

/** Where a partition's state lies on the changelog. */
export interface ChangelogMark {
  /** Records before this offset are of an earlier life of the partition. */
  readonly from: number
  /** Tiles that are in reach at the committed offset: what a restore must come to. */
  readonly tiles: number
}

/** What travels in the metadata of a committed offset. */
export interface OffsetMetadata {
  readonly position: StreamPosition
  readonly layout: StateLayout
  /** `undefined` when the model keeps no state. */
  readonly changelog: ChangelogMark | undefined
  /** The instance that committed. */
  readonly writer?: string
}

/** Metadata as text. */
export function encodeMetadata(metadata: OffsetMetadata): string {
  const { position, layout, changelog, writer: w } = metadata
  const { streamTimeMs: t, replayFrom: r, replayStreamTimeMs: rt } = position
  const { from: s, tiles: c } = changelog ?? {}
  return JSON.stringify({ v: 2, t, r, rt, s, c, w, h: layout.hash, l: layout.text })
}

/** Reads metadata back; `undefined` when it is absent, foreign or damaged. Never throws. */
export function parseMetadata(text: string | undefined): OffsetMetadata | undefined {
  if (text === undefined || text.length > METADATA_MAX) return undefined
  const parsed = parseObject(text)
  if (parsed?.['v'] !== 2) return undefined
  const position = positionOf(parsed)
  const { s, c, w, h, l } = parsed
  if (position === undefined || !isCount(h) || typeof l !== 'string') return undefined
  if (!isOptionalCount(s) || !isOptionalCount(c) || l.length > LAYOUT_TEXT_MAX) return undefined
  if ((s === undefined) !== (c === undefined) || !isWriter(w)) return undefined
  const changelog = s === undefined || c === undefined ? undefined : { from: s, tiles: c }
  const common = { position, layout: { hash: h, text: l }, changelog }
  return w === undefined ? common : { ...common, writer: w }
}

function positionOf({ t, r, rt }: Record<string, unknown>): StreamPosition | undefined {
  if (!isCount(r) || !isOptionalCount(t) || !isOptionalCount(rt)) return undefined
  const isAhead = rt !== undefined && (t === undefined || rt > t)
  if (isAhead || (t === undefined) !== (r === NOTHING_TO_REPLAY)) return undefined
  return { streamTimeMs: t, replayFrom: r, replayStreamTimeMs: rt }
}

function isWriter(value: unknown): value is string | undefined {
  if (value === undefined) return true
  return typeof value === 'string' && value !== '' && value.length <= WRITER_MAX
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined
  } catch {
    return undefined
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isOptionalCount(value: unknown): value is number | undefined {
  return value === undefined || isCount(value)
}
