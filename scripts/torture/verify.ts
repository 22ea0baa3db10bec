import { isDeepStrictEqual } from 'node:util'
import type { InputRecord } from '../../src/domain/record.ts'
import type { Audit } from '../../test/harness/answers.ts'
import type { Bed } from '../../test/harness/bed.ts'
import { byPartition, expectedOf } from './expected.ts'
import type { Expected } from './expected.ts'
import type { InputPlan } from './records.ts'

const SHOWN = 10

/** What a read-committed reader found, against the oracle. */
export interface Verdict {
  readonly records: number
  readonly predicted: number
  readonly late: number
  readonly deadLetters: number
  /** Input records without an audit record. */
  readonly lost: number
  /** Audit records beyond the first of an input record. */
  readonly doubled: number
  /** Everything else that differs, all counted, the first ones in words. */
  readonly wrong: number
  readonly differences: readonly string[]
}

/** Reads everything back, past the proxy, and compares it with the oracle over the input log. */
export async function verify(bed: Bed, records: readonly InputPlan[]): Promise<Verdict> {
  requireSameLog(await bed.read('input'), records)
  const expected = await expectedOf(records)
  const findings = new Findings()
  const audits = await bed.readAvro<Audit>('audit')
  const { lost, doubled } = compareAudits(audits, expected, findings)
  const predicted = expected.filter(({ outcome }) => outcome === 'predicted')
  const late = expected.filter(({ outcome }) => outcome === 'late')
  const dead = expected.filter(({ outcome }) => outcome === 'dead_letter')
  const topic = bed.topics.input
  const rows = await bed.readAvro<FeatureRow>('features')
  compareInOrder('features', rows.map(featuresOf), predicted.map(wantedFeatures), findings)
  const predictions = await bed.readAvro<Prediction>('predictions')
  const wantedPredictions = predicted.map((each) => wantedPrediction(each, topic))
  compareInOrder('predictions', predictions.map(predictionOf), wantedPredictions, findings)
  for (const [name, wanted] of [
    ['late', late],
    ['deadLetters', dead],
  ] as const) {
    const found = (await bed.read(name)).map(({ partition, value }) => ({ partition, value }))
    const as = wanted.map(({ partition, value }) => ({ partition, value }))
    compareInOrder(name, found, as, findings)
  }
  return {
    records: expected.length,
    predicted: predicted.length,
    late: late.length,
    deadLetters: dead.length,
    lost,
    doubled,
    wrong: findings.count,
    differences: findings.shown,
  }
}

class Findings {
  readonly shown: string[] = []
  count = 0

  add(text: string): void {
    this.count += 1
    if (this.shown.length < SHOWN) this.shown.push(text)
  }
}

/** @throws Error when the log is not what was to be written: then nothing can be said of the service */
function requireSameLog(log: readonly InputRecord[], records: readonly InputPlan[]): void {
  const wanted = byPartition(records).flatMap((own, partition) =>
    own.map(({ value, timestampMs }, offset) => ({ partition, offset, value, timestampMs })),
  )
  const found = log.map(({ partition, offset, value, timestamp }) => ({
    partition,
    offset,
    value,
    timestampMs: timestamp,
  }))
  if (found.length !== wanted.length) {
    throw new Error(`the input has ${found.length} records, ${wanted.length} were written`)
  }
  const index = wanted.findIndex((each, at) => !isDeepStrictEqual(each, found[at]))
  if (index >= 0) throw new Error(`the input differs from what was written at record ${index}`)
}

function compareAudits(
  audits: readonly Audit[],
  expected: readonly Expected[],
  findings: Findings,
): { readonly lost: number; readonly doubled: number } {
  const firsts = new Map<string, Audit>()
  let doubled = 0
  for (const audit of audits) {
    const at = `${audit.source_partition}-${audit.source_offset}`
    if (firsts.has(at)) doubled += 1
    else firsts.set(at, audit)
  }
  let lost = 0
  for (const each of expected) {
    const at = `${each.partition}-${each.offset}`
    const audit = firsts.get(at)
    firsts.delete(at)
    if (audit === undefined) lost += 1
    else compare(`audit ${at}`, auditOf(audit), wantedAudit(each), findings)
  }
  for (const at of firsts.keys()) findings.add(`audit ${at}: there is no such input record`)
  return { lost, doubled }
}

function compareInOrder(
  name: string,
  found: readonly object[],
  wanted: readonly object[],
  findings: Findings,
): void {
  if (found.length !== wanted.length) {
    findings.add(`${name}: ${found.length} records, not ${wanted.length}`)
    return
  }
  for (const [index, each] of found.entries()) {
    compare(`${name} ${index}`, each, wanted[index] ?? {}, findings)
  }
}

/** Numbers are compared to the bit. */
function compare(what: string, found: object, wanted: object, findings: Findings): void {
  if (isDeepStrictEqual(found, wanted)) return
  findings.add(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`)
}

function auditOf({ outcome, reason, features, scores }: Audit): object {
  return { outcome, reason, features, scores }
}

function wantedAudit({ outcome, reason, row, score }: Expected): object {
  const isPredicted = outcome === 'predicted'
  const features = isPredicted ? row.map(Math.fround) : null
  return { outcome, reason, features, scores: isPredicted ? [score] : null }
}

interface FeatureRow {
  readonly user_id: string
  readonly event_count_1h: number
  readonly avg_value_1h: number
}

function featuresOf({
  user_id: key,
  event_count_1h: count,
  avg_value_1h: avg,
}: FeatureRow): object {
  return { key, row: [count, avg] }
}

function wantedFeatures({ key, row }: Expected): object {
  return { key, row }
}

interface Prediction {
  readonly event_id: string
  readonly user_id: string
  readonly score: number
}

function predictionOf({ event_id: id, user_id: key, score }: Prediction): object {
  return { id, key, score }
}

function wantedPrediction({ partition, offset, key, score }: Expected, topic: string): object {
  return { id: `${topic}-${partition}-${offset}`, key, score }
}
