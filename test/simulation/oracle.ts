import type { InputRecord, OutputRecord } from '../../src/domain/record.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { FeatureOracle } from '../oracle/features.ts'
import { scoreOf } from './instance.ts'
import { TOPICS } from './topics.ts'

/** What must be read of one input record, as JSON; wall-clock times are left out. */
interface Answer {
  readonly audit: string
  readonly row: string | undefined
}

/** A fold over the input log, one record after the other, that knows nothing of units or faults. */
export function expectedAnswers(
  spec: ModelSpec,
  inputs: readonly (readonly InputRecord[])[],
): Map<string, Answer> {
  const answers = new Map<string, Answer>()
  const oracle = new FeatureOracle(spec)
  for (const record of inputs.flat()) {
    answers.set(`${record.partition}-${record.offset}`, answerOf(spec, oracle, record))
  }
  return answers
}

function answerOf(spec: ModelSpec, oracle: FeatureOracle, record: InputRecord): Answer {
  const { partition, offset, timestamp: timeMs } = record
  const parsed = parse(String(record.value))
  if (parsed === undefined) return { audit: tell('dead_letter', null, null), row: undefined }
  const values = spec.event.fields.map(({ name }) => parsed[name] ?? null)
  const event = { key: String(record.key), id: '', timeMs, values }
  const expected = oracle.next({ partition, offset, event, recordTimestampMs: timeMs })
  if (expected.kind === 'late') return { audit: tell('late', null, null), row: undefined }
  if (expected.kind !== 'ok') return { audit: tell('dead_letter', null, null), row: undefined }
  const seen = Float32Array.from(expected.row, (value) => value ?? Number.NaN)
  const row = JSON.stringify(expected.row)
  return { audit: tell('predicted', [...seen], [scoreOf(seen)]), row }
}

function parse(text: string): Record<string, number> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function tell(
  outcome: string,
  features: readonly number[] | null,
  scores: readonly number[] | null,
): string {
  return JSON.stringify({ outcome, features, scores })
}

interface AuditValue {
  readonly outcome: string
  readonly source_partition: number
  readonly source_offset: number
  readonly features: readonly number[] | null
  readonly scores: readonly number[] | null
}

/** Each audit is looked at when it is committed and once more at the end, and parsed once. */
const parsedAudits = new WeakMap<OutputRecord, AuditValue>()

function auditOf(record: OutputRecord): AuditValue {
  const known = parsedAudits.get(record)
  if (known !== undefined) return known
  const audit: AuditValue = JSON.parse(String(record.value))
  parsedAudits.set(record, audit)
  return audit
}

/** The partition an audit record is of. */
export function partitionOf(record: OutputRecord): number {
  return auditOf(record).source_partition
}

/** How what was read differs from what must be: nothing lost, doubled or altered. */
export function differences(
  spec: ModelSpec,
  expected: ReadonlyMap<string, Answer>,
  outputs: readonly OutputRecord[],
): string[] {
  const problems: string[] = []
  const audits = new Map<string, string>()
  for (const output of outputs.filter(({ topic }) => topic === TOPICS.audit)) {
    const { outcome, features, scores, ...source } = auditOf(output)
    const coordinates = `${source.source_partition}-${source.source_offset}`
    if (audits.has(coordinates)) problems.push(`${coordinates} is answered twice`)
    audits.set(coordinates, tell(outcome, features, scores))
  }
  for (const [coordinates, { audit }] of expected) {
    const got = audits.get(coordinates)
    if (got === undefined) problems.push(`${coordinates} is lost`)
    else if (got !== audit) problems.push(`${coordinates} is ${got}, not ${audit}`)
  }
  const names = spec.features.map(({ name }) => name)
  const rows = outputs
    .filter(({ topic }) => topic === TOPICS.features)
    .map(({ value }) => {
      const row: Record<string, unknown> = JSON.parse(String(value))
      return JSON.stringify(names.map((name) => row[name]))
    })
  const wanted = [...expected.values()].flatMap(({ row }) => row ?? [])
  if (rows.toSorted().join('\n') !== wanted.toSorted().join('\n')) {
    problems.push(`feature rows differ: ${rows.length} of ${wanted.length}`)
  }
  return problems
}
