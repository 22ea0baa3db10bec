import { isDeepStrictEqual } from 'node:util'
import type { InputRecord } from '../../src/domain/record.ts'
import type { Audit } from '../../test/harness/answers.ts'
import type { Bed } from '../../test/harness/bed.ts'
import { foldOf } from './expected.ts'
import type { Expected } from './expected.ts'
import type { InputPlan } from './records.ts'
import { probeState } from './state.ts'

const SHOWN = 10

/** What a read-committed reader found, against the oracle. */
export interface Verdict {
  readonly records: number
  /** Keys whose state, folded from the changelog, was asked for features. */
  readonly keys: number
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
  const fold = await foldOf(records)
  const { expected } = fold
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
  const probes = await probeState(bed, records, fold)
  for (const { key, found, wanted } of probes) compare(`state of ${key}`, found, wanted, findings)
  return {
    records: expected.length,
    keys: probes.length,
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

/**
 * The plans of the records as they lie on the input log. A broker that is killed may leave a record there twice, in
 * spite of the idempotent writer: each is an input record of its own, to be answered once.
 *
 * @throws Error when the log lacks a record, or holds one that was not written
 */
export function onTheLog(
  log: readonly InputRecord[],
  records: readonly InputPlan[],
): readonly InputPlan[] {
  const plans = new Map(records.map((record) => [identityOf(record), record]))
  const missing = new Set(plans.values())
  const found = log.map((record) => {
    const { partition, offset, timestamp } = record
    const plan = plans.get(identityOf({ ...record, timestampMs: timestamp }))
    if (plan === undefined)
      throw new Error(`nobody wrote record ${offset} of partition ${partition}`)
    missing.delete(plan)
    return plan
  })
  const [first] = missing
  if (first !== undefined) {
    const { partition, key, timestampMs } = first
    const which = `the first: key ${key} at ${timestampMs} in partition ${partition}`
    throw new Error(
      `${missing.size} records did not reach the input log, or it lost them; ${which}`,
    )
  }
  return found
}

function identityOf(record: {
  readonly partition: number
  readonly key: string | Buffer | null
  readonly value: Buffer | null
  readonly timestampMs: number
}): string {
  const { partition, key, value, timestampMs } = record
  return `${partition} ${String(key)} ${timestampMs} ${value === null ? '' : value.toString('base64')}`
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
