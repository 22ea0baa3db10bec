import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { flightExamples } from '../../scripts/train/flight-delay.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { parseModelSpec } from '../../src/features/spec.ts'
import { startScorer } from '../../src/inference/onnx-scorer.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords, partitionOf } from '../harness/flights.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import { FeatureOracle } from '../oracle/features.ts'

const FLIGHTS = 100_000
const FOLDER = new URL('../../models/flight-delay/', import.meta.url)
/** The oracle takes variance in two passes, the service in one. */
const VARIANCE_DIFFERENCE_MAX = 1e-9
const BATCH = 1_000

test('100,000 flights have the features of a brute-force oracle and the scores of the model', async (t) => {
  const spec = parseModelSpec(readFileSync(new URL('model.yaml', FOLDER), 'utf8'), 'model.yaml')
  const flights = await firstFlights(FLIGHTS)
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const records = await flightRecords(bed, flights)
  await bed.write(records)
  const service = new ServiceProcess(t, bed.env)
  await whenCommitted(service, endsOf(records))
  await service.stop()
  const { audits, features, predictions } = await answersOf(bed)
  assertOnce({ audits, features, predictions }, FLIGHTS)

  const wanted = expectedRows(spec, flightExamples(spec, flights), flights.map(partitionOf))
  assert.equal(features.length, wanted.length)
  const columns = spec.features.map(({ name, operation }) => ({ name, operation }))
  for (const [index, row] of features.entries()) {
    const got = new Map<string, unknown>(Object.entries(row))
    for (const [column, { name, operation }] of columns.entries()) {
      const expected = wanted[index]?.[column] ?? null
      const isSame = isEqual(operation, got.get(name), expected)
      assert.ok(isSame, `row ${index}, ${name}: ${String(got.get(name))}, not ${expected}`)
    }
  }

  const rows = Float32Array.from(audits.flatMap((audit) => audit.features ?? []))
  assert.equal(rows.length, FLIGHTS * columns.length)
  const modelFile = new URL('model.onnx', FOLDER).pathname
  const scorer = await startScorer({ modelFile: decodeURI(modelFile), spec, threads: 1 })
  t.after(() => scorer.close())
  for (let from = 0; from < FLIGHTS; from += BATCH) {
    const batch = rows.subarray(from * columns.length, (from + BATCH) * columns.length)
    const scores = await scorer.score(batch, BATCH)
    const published = audits.slice(from, from + BATCH).map((audit) => audit.scores?.[0])
    assert.deepEqual(published, [...scores])
  }
})

/** The oracle's rows, in the order the topics are read: by partition, then by offset. */
function expectedRows(
  spec: ModelSpec,
  examples: ReturnType<typeof flightExamples>,
  partitions: readonly number[],
): (readonly (number | null)[])[] {
  const oracle = new FeatureOracle(spec)
  const rows: (readonly (number | null)[])[][] = Array.from({ length: FLIGHT_PARTITIONS }, () => [])
  for (const [index, { event }] of examples.entries()) {
    const partition = partitions[index] ?? -1
    const of = rows[partition]
    const offset = of?.length ?? 0
    const expected = oracle.next({ partition, offset, event, recordTimestampMs: -1 })
    assert.equal(expected.kind, 'ok')
    if (expected.kind === 'ok') of?.push(expected.row)
  }
  return rows.flat()
}

function isEqual(operation: string, got: unknown, expected: number | null): boolean {
  if (typeof got !== 'number' || expected === null) return got === expected
  if (operation !== 'stddev') return Object.is(got, expected)
  return Math.abs(got - expected) <= VARIANCE_DIFFERENCE_MAX * Math.max(1, expected)
}
