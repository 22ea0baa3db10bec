import type { FeatureEngine } from '../features/engine.ts'
import { encodeMetadata } from '../features/offset-metadata.ts'
import type { OffsetMetadata } from '../features/offset-metadata.ts'
import type { OffsetCommit } from '../sink/port.ts'
import type { PartitionProgress, PartitionTable } from './partitions.ts'

/** What the offsets of a unit of work are made from. */
export interface OffsetParts {
  readonly inputTopic: string
  readonly instanceId: string
  readonly engine: Pick<FeatureEngine, 'streamPosition' | 'reachableTiles' | 'layout'>
  readonly partitions: PartitionTable
}

/** What the open unit of work commits with its records. */
export interface UnitOffsets {
  /** Of the partitions whose records it answers. */
  readonly advanced: readonly OffsetCommit[]
  /** Of the partitions it reads back: the offset is the one that was committed before. */
  readonly readBack: readonly OffsetCommit[]
}

/** The offsets of the open unit of work, with what a successor needs to be where each partition is. */
export function offsetsOf(parts: OffsetParts): UnitOffsets {
  const { partitions } = parts
  return {
    advanced: partitions.advanced().map((entry) => advance(parts, entry)),
    readBack: partitions.readBack().flatMap((entry) => standStill(parts, entry) ?? []),
  }
}

function advance(parts: OffsetParts, entry: PartitionProgress): OffsetCommit {
  const { engine } = parts
  const { partition, position, changelogFrom: from } = entry
  const changelog =
    from === undefined ? undefined : { from, tiles: engine.reachableTiles(partition) }
  return offsetCommit(parts, entry, {
    offset: position,
    position: engine.streamPosition(partition),
    changelog,
  })
}

/**
 * Takes back what the last commit said of the changelog. Tiles that are read back overwrite there what
 * the commit spoke of, with values from somewhere in the middle; a restore from it would come to the
 * same number of tiles and not to the same state. A successor reads the input log back as we do.
 *
 * @returns `undefined` when the last commit said nothing that could be read
 */
function standStill(parts: OffsetParts, entry: PartitionProgress): OffsetCommit | undefined {
  const { committedOffset: offset, committed: position } = entry
  if (position === undefined) return undefined
  return offsetCommit(parts, entry, { offset, position, changelog: undefined })
}

function offsetCommit(
  { engine, instanceId: writer, inputTopic: topic }: OffsetParts,
  { partition }: PartitionProgress,
  {
    offset,
    ...said
  }: Pick<OffsetMetadata, 'position' | 'changelog'> & Pick<OffsetCommit, 'offset'>,
): OffsetCommit {
  const metadata = encodeMetadata({ ...said, layout: engine.layout, writer })
  return { topic, partition, offset, metadata }
}
