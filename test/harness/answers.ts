import assert from 'node:assert/strict'
import type { Bed } from './bed.ts'
import type { ServiceProcess } from './service-process.ts'

/** An audit record. */
export interface Audit {
  readonly outcome: 'predicted' | 'late' | 'dead_letter'
  readonly reason: string | null
  readonly source_partition: number
  readonly source_offset: number
  readonly key: string | null
  readonly event_id: string | null
  readonly features: readonly number[] | null
  readonly scores: readonly number[] | null
}

/** A bed's answers without the names of its topics and wall-clock times: equal for equal logs. */
export interface Answers {
  readonly audits: readonly Audit[]
  readonly features: readonly object[]
  readonly predictions: readonly object[]
}

/** Everything a read-committed reader sees, in order of the input. */
export async function answersOf(bed: Bed): Promise<Answers> {
  const audits = await bed.readAvro<Audit & Record<string, unknown>>('audit')
  const features = await bed.readAvro<Record<string, unknown>>('features')
  const predictions = await bed.readAvro<Record<string, unknown>>('predictions')
  return {
    audits: audits.map(
      ({ audited_at: _, source_topic: __, schema_id: ___, ...audit }) => audit as unknown as Audit,
    ),
    features: features.map(({ computed_at: _, ...row }) => row),
    predictions: predictions.map(({ predicted_at: _, ...row }) => row),
  }
}

/** That each of so many input records has one audit record, and each event one row and prediction. */
export function assertOnce({ audits, features, predictions }: Answers, records: number): void {
  const coordinates = audits.map((audit) => `${audit.source_partition}-${audit.source_offset}`)
  assert.equal(new Set(coordinates).size, coordinates.length, 'a record was answered twice')
  assert.equal(coordinates.length, records, 'a record was not answered')
  const predicted = audits.filter(({ outcome }) => outcome === 'predicted').length
  assert.equal(features.length, predicted)
  assert.equal(predictions.length, predicted)
}

/** Waits until the service has committed all of the input. `ends` are the partitions' lengths. */
export async function whenCommitted(
  service: ServiceProcess,
  ends: ReadonlyMap<number, number>,
): Promise<void> {
  await service.statusIs('everything to be committed', ({ partitions }) =>
    [...ends].every(([partition, end]) => {
      const status = partitions.find((each) => each.partition === partition)
      return status !== undefined && status.committedOffset >= end
    }),
  )
}

/** How many records each partition has. */
export function endsOf(records: readonly { readonly partition: number }[]): Map<number, number> {
  const ends = new Map<number, number>()
  for (const { partition } of records) ends.set(partition, (ends.get(partition) ?? 0) + 1)
  return ends
}
