import avsc from 'avsc'
import { readCommitted } from '../testbed/read.ts'

/** What one prediction said. */
export interface Prediction {
  readonly eventId: string
  readonly score: number
}

/** What an independent read-committed reader finds in the output topics. */
export interface ReadBack {
  readonly predictions: readonly Prediction[]
  readonly features: number
  readonly late: number
  readonly deadLetters: number
  /** Dead letters by the reason in their headers. */
  readonly reasons: ReadonlyMap<string, number>
  /** Input records with more than one audit record, or predictions with the id of another. */
  readonly duplicates: number
  /** Input records without an audit record. */
  readonly missing: number
}

/** Where to read. */
export interface ReadBackPlan {
  readonly brokers: string
  readonly registryUrl: string
  readonly partitions: number
  readonly topics: {
    readonly input: string
    readonly features: string
    readonly predictions: string
    readonly audit: string
    readonly late: string
    readonly deadLetters: string
  }
}

/** Reads everything back and counts it, knowing nothing of the service. */
export async function readBack(plan: ReadBackPlan): Promise<ReadBack> {
  const inputs = await coordinatesOf(plan)
  const audits = await auditedOf(plan)
  const predictions = await predictionsOf(plan)
  const reasons = await reasonsOf(plan)
  const ids = new Set(predictions.map(({ eventId }) => eventId))
  let repeated = predictions.length - ids.size
  for (const count of audits.values()) repeated += count - 1
  return {
    predictions,
    features: await countOf(plan, plan.topics.features),
    late: await countOf(plan, plan.topics.late),
    deadLetters: [...reasons.values()].reduce((sum, count) => sum + count, 0),
    reasons,
    duplicates: repeated,
    missing: inputs.filter((coordinates) => !audits.has(coordinates)).length,
  }
}

async function coordinatesOf(plan: ReadBackPlan): Promise<string[]> {
  const found: string[] = []
  await readCommitted({ ...plan, topic: plan.topics.input }, (messages) => {
    for (const { partition, offset } of messages) found.push(`${partition}-${offset}`)
  })
  return found
}

/** How many audit records each input record has. */
async function auditedOf(plan: ReadBackPlan): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  await readAvro<{ source_partition: number; source_offset: number }>(
    plan,
    plan.topics.audit,
    ({ source_partition, source_offset }) => {
      const coordinates = `${source_partition}-${source_offset}`
      counts.set(coordinates, (counts.get(coordinates) ?? 0) + 1)
    },
  )
  return counts
}

async function predictionsOf(plan: ReadBackPlan): Promise<Prediction[]> {
  const found: Prediction[] = []
  await readAvro<{ event_id: string; late: number }>(
    plan,
    plan.topics.predictions,
    ({ event_id, late }) => found.push({ eventId: event_id, score: late }),
  )
  return found
}

async function reasonsOf(plan: ReadBackPlan): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  await readCommitted({ ...plan, topic: plan.topics.deadLetters }, (messages) => {
    for (const { headers } of messages) {
      const entry = headers?.find((header) => 'millrace.reason' in header)
      const reason = String(entry?.['millrace.reason'])
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
    }
  })
  return counts
}

async function countOf(plan: ReadBackPlan, topic: string): Promise<number> {
  let count = 0
  await readCommitted({ ...plan, topic }, (messages) => {
    count += messages.length
  })
  return count
}

/** Decodes a topic whose values all have one schema. */
async function readAvro<Value>(
  plan: ReadBackPlan,
  topic: string,
  onValue: (value: Value) => void,
): Promise<void> {
  const answer = await fetch(`${plan.registryUrl}/subjects/${topic}-value/versions/latest`)
  const { id, schema } = (await answer.json()) as { id: number; schema: string }
  const type = avsc.Type.forSchema(JSON.parse(schema) as avsc.Schema)
  await readCommitted({ ...plan, topic }, (messages) => {
    for (const { value } of messages) {
      if (value?.readUInt32BE(1) !== id) throw new Error(`${topic} has a value of another schema`)
      onValue(type.fromBuffer(value.subarray(5)) as Value)
    }
  })
}
