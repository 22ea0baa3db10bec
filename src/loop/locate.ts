import { ServiceError } from '../domain/errors.ts'
import type { StateLayout } from '../features/layout.ts'
import { parseMetadata } from '../features/offset-metadata.ts'
import type { ChangelogMark, OffsetMetadata } from '../features/offset-metadata.ts'
import { replayStart } from '../features/stream-time.ts'
import type { StreamPosition } from '../features/stream-time.ts'
import type { CommittedOffset, LogBounds } from '../source/port.ts'
import type { PartitionStart } from './partitions.ts'

/** What to do where a promise cannot be kept without somebody saying so. */
export interface StatePolicy {
  /** State that another specification wrote: refuse to start, or rebuild it from the input log. */
  readonly onMismatch: 'refuse' | 'rebuild'
  /** Neither changelog nor input log holds what is needed: refuse, or go on with what there is. */
  readonly onGap: 'refuse' | 'accept'
}

/** Where to read a newly assigned partition from, and where its state comes from. */
export interface Location extends PartitionStart {
  /** What the partition's clock is opened with; `undefined` at the beginning of a log nobody has read. */
  readonly restored: StreamPosition | undefined
  /** Where the changelog holds the state; `undefined`: it is empty, or read back from the input log. */
  readonly changelog: ChangelogMark | undefined
  /** What was accepted although something is missing; `undefined` when nothing is. */
  readonly gap: string | undefined
  /**
   * With no committed offset: offsets that the log had lost before anybody of this group read it, whose
   * records are nobody's to answer. `undefined`: the group has been here before.
   */
  readonly lostBefore: number | undefined
}

/** What is known of a partition before it starts. */
export interface Located {
  readonly topic: string
  readonly stored: CommittedOffset
  /** Of the input log. */
  readonly bounds: LogBounds
  readonly layout: StateLayout
  /** How far behind stream time an event can still be seen, ms. */
  readonly reachMs: number
  readonly policy: StatePolicy
  /** Why the changelog cannot be used, once that has been found out. */
  readonly changelogProblem?: string
}

/**
 * Decides where a partition starts, so that its windows hold what they held at the last commit: from
 * the changelog if that can be, else by reading the input log back. Records read back update state and
 * are answered no second time.
 *
 * @throws ServiceError `STATE_GAP` when neither holds what is needed, `STATE_MISMATCH` when another
 *   specification wrote the state; features would be wrong without anyone noticing
 */
export function locate(known: Located): Location {
  const { stored, bounds } = known
  const { partition, offset: committed } = stored
  if (committed === undefined) {
    const found = startingAt(known, bounds.first, { restored: undefined, gap: undefined })
    return { ...found, lostBefore: bounds.first }
  }
  if (committed > bounds.end) {
    // The log was cut off or made anew: wherever we went on, records would be lost or doubled.
    const what = `${nameOf(known)}: committed offset ${committed} is past the end of the log`
    const advice = 'reset the offsets of the group, or use another APP_ID'
    throw new ServiceError('STATE_GAP', `${what} (log holds ${told(bounds)}); ${advice}`)
  }
  const metadata = parseMetadata(stored.metadata)
  const position = metadata?.position
  if (metadata !== undefined && isOfOther(known, metadata)) return rebuild(known, metadata)
  const gap = committed < bounds.first ? overtaken(known, committed) : undefined
  const start = Math.max(committed, bounds.first)
  const changelog = known.changelogProblem === undefined ? metadata?.changelog : undefined
  if (changelog !== undefined) {
    const common = { partition, start, replayUntil: start, committed: position }
    return { ...common, restored: position, changelog, gap, lostBefore: undefined }
  }
  if (gap !== undefined) return startingAt(known, start, { restored: position, gap })
  return replay(known, committed, position)
}

function isOfOther({ layout }: Located, metadata: OffsetMetadata): boolean {
  return metadata.layout.hash !== layout.hash
}

/** Reads the input log back from where the metadata says that windows begin. */
function replay(known: Located, committed: number, position: StreamPosition | undefined): Location {
  const { bounds, stored, changelogProblem } = known
  const from = Math.min(position?.replayFrom ?? 0, committed)
  if (from < bounds.first && from < committed) {
    const why = changelogProblem ?? (position === undefined ? NO_POSITION : NO_CHANGELOG)
    const what = `${nameOf(known)}: ${why}, and the input log no longer holds offset ${from}`
    const gap = refuseGap(known, what)
    return startingAt(known, committed, { restored: position, gap })
  }
  return {
    partition: stored.partition,
    start: from,
    replayUntil: committed,
    restored: position === undefined ? undefined : replayStart(position),
    committed: position,
    changelog: undefined,
    gap: undefined,
    lostBefore: undefined,
  }
}

const NO_POSITION = 'no usable stream position is committed'
const NO_CHANGELOG = 'no changelog is committed'

/** Another specification wrote the state. */
function rebuild(known: Located, { layout: former, position }: OffsetMetadata): Location {
  const { layout, policy, bounds, stored, reachMs } = known
  const differs = `state was written for [${former.text}], the model now has [${layout.text}]`
  if (policy.onMismatch === 'refuse') {
    const advice =
      'bring the former model back, use another APP_ID, or set STATE_ON_MISMATCH=rebuild to read the input log back'
    throw new ServiceError('STATE_MISMATCH', `${nameOf(known)}: ${differs}; ${advice}`)
  }
  const { offset: committed = 0 } = stored
  if (committed < bounds.first) {
    const gap = overtaken(known, committed)
    return startingAt(known, bounds.first, { restored: position, gap })
  }
  const { streamTimeMs = 0, replayStreamTimeMs: before = -Infinity, replayFrom } = position
  // Everything before `replayFrom` is as old as `before`: out of reach of longer windows, too?
  const isFarEnough = streamTimeMs - before >= reachMs
  if (isFarEnough) return replay({ ...known, changelogProblem: differs }, committed, position)
  if (bounds.first === 0) return replay(known, committed, undefined)
  const what = `${nameOf(known)}: ${differs}, and whether offset ${replayFrom} is far enough back for it is unknown`
  const gap = refuseGap(known, what)
  return startingAt(known, committed, { restored: position, gap })
}

/** The input's retention has deleted records that were not answered. */
function overtaken(known: Located, committed: number): string {
  const lost = known.bounds.first - committed
  return refuseGap(
    known,
    `${nameOf(known)}: ${lost} records from committed offset ${committed} on are gone unanswered`,
  )
}

/** @throws ServiceError `STATE_GAP` unless gaps are accepted. @returns what is accepted */
function refuseGap({ policy, bounds }: Located, what: string): string {
  const gap = `${what} (log holds ${told(bounds)})`
  if (policy.onGap === 'accept') return gap
  const advice = 'make the log available again, use another APP_ID, or set STATE_ON_GAP=accept'
  throw new ServiceError('STATE_GAP', `${gap}; ${advice}`)
}

/** Begins with empty state at this offset. */
function startingAt(
  { stored }: Located,
  start: number,
  { restored, gap }: Pick<Location, 'restored' | 'gap'>,
): Location {
  const { partition } = stored
  const common = { partition, start, replayUntil: start, changelog: undefined }
  return { ...common, lostBefore: undefined, restored, committed: restored, gap }
}

function nameOf({ topic, stored }: Located): string {
  return `${topic}-${stored.partition}`
}

function told({ first, end }: LogBounds): string {
  return `${first} to ${end}`
}
