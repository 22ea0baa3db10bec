import type { LoopPhase, LoopSnapshot, PartitionStatus } from '../loop/observer.ts'
import type { SampleTable } from './sample-table.ts'

const PHASES: readonly LoopPhase[] = [
  'starting',
  'waiting-for-assignment',
  'restoring',
  'replaying',
  'running',
  'recovering',
  'tripped',
  'draining',
  'stopped',
]

/** Troubles that are told as 0 while they are away. */
const KNOWN_TROUBLES = ['KAFKA_UNAVAILABLE', 'REGISTRY_UNAVAILABLE', 'DEAD_LETTER_FLOOD'] as const

/** Puts what the loop looks like at `nowMs` into an empty table. */
export function addSnapshot(
  table: SampleTable,
  snapshot: LoopSnapshot,
  at: { readonly nowMs: number; readonly topic: string },
): void {
  for (const phase of PHASES) {
    table.set('millrace_phase', { phase }, phase === snapshot.phase ? 1 : 0)
  }
  for (const code of KNOWN_TROUBLES) table.set('millrace_trouble', { code }, 0)
  for (const { code } of snapshot.trouble) table.set('millrace_trouble', { code }, 1)
  for (const partition of snapshot.partitions) addPartition(table, partition, at)
  const { state, replay, heartbeatAtMs, lastCommitAtMs } = snapshot
  const left = replay.reduce((sum, { done, total }) => sum + total - done, 0)
  table.set('millrace_assigned_partitions', {}, snapshot.partitions.length)
  table.set('millrace_replay_remaining_records', {}, left)
  const restoring = snapshot.restore.reduce((sum, { done, total }) => sum + total - done, 0)
  table.set('millrace_restore_remaining_records', {}, restoring)
  table.set('millrace_state_gaps_accepted_total', {}, snapshot.acceptedGaps)
  table.set('millrace_first_start_lost_offsets_total', {}, snapshot.lostBefore)
  table.set('millrace_dead_letter_breaker_open', {}, snapshot.breaker.isOpen ? 1 : 0)
  table.set('millrace_dead_letter_breaker_trips_total', {}, snapshot.breaker.trips)
  table.set('millrace_state_keys', {}, state.keys)
  table.set('millrace_state_tiles', {}, state.tiles)
  table.set('millrace_state_bytes', {}, state.bytes)
  table.set('millrace_heartbeat_timestamp_seconds', {}, heartbeatAtMs / 1_000)
  table.set('millrace_last_commit_timestamp_seconds', {}, seconds(lastCommitAtMs))
}

function addPartition(
  table: SampleTable,
  status: PartitionStatus,
  { nowMs, topic }: { readonly nowMs: number; readonly topic: string },
): void {
  const labels = { topic, partition: String(status.partition) }
  const { position, committedOffset, lag, streamTimeMs } = status
  const stable = lag === undefined ? undefined : position + lag
  const behindMs = streamTimeMs === undefined ? undefined : nowMs - streamTimeMs
  table.set('millrace_partition_lag_records', labels, lag)
  table.set('millrace_partition_last_stable_offset', labels, stable)
  table.set('millrace_partition_position_offset', labels, position)
  table.set('millrace_partition_committed_offset', labels, committedOffset)
  table.set('millrace_partition_stream_time_seconds', labels, seconds(streamTimeMs))
  table.set('millrace_partition_stream_time_lag_seconds', labels, seconds(behindMs))
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000
}
