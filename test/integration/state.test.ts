import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { deleteBefore } from '../../scripts/testbed/topics.ts'
import { endsOf, whenCommitted } from '../harness/answers.ts'
import type { Audit } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import type { NewRecord } from '../harness/kafka.ts'
import { runAsOperator } from '../harness/operator.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const PARTITIONS = 2
const RECORDS = 400
const HALF = RECORDS / 2
const FIRST_MS = Date.UTC(2026, 0, 1)
const BED = { partitions: PARTITIONS, format: 'json' } as const

/** Events of ten users, one every ten seconds: an hour's window holds 360 of them. */
const EVENTS: readonly NewRecord[] = Array.from({ length: RECORDS }, (_, index) => ({
  partition: index % PARTITIONS,
  key: `u${index % 10}`,
  value: Buffer.from(
    JSON.stringify({ user_id: `u${index % 10}`, action: 'click', value: (index % 97) / 4 }),
  ),
  timestampMs: FIRST_MS + index * 10_000,
}))

interface FeatureRow {
  readonly event_count_1h: number
  readonly avg_value_1h: number
}

/** The service answers what is there and stops. @returns its process */
async function answer(
  t: TestContext,
  bed: Bed,
  records: readonly NewRecord[],
  more: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const service = new ServiceProcess(t, { ...bed.env, ...more })
  await whenCommitted(service, endsOf(records))
  await service.stop()
  return service
}

/** Half of the events answered and committed, the other half waiting. */
async function halfway(t: TestContext, more = {}): Promise<Bed> {
  const bed = await createBed(BED)
  await bed.write(EVENTS.slice(0, HALF))
  await answer(t, bed, EVENTS.slice(0, HALF), more)
  await bed.write(EVENTS.slice(HALF))
  return bed
}

async function rowsOf(bed: Bed): Promise<readonly object[]> {
  const rows = await bed.readJson<FeatureRow & { computed_at: unknown }>('features')
  return rows.map(({ computed_at: _, ...row }) => row)
}

async function calmRows(t: TestContext, more = {}): Promise<readonly object[]> {
  const bed = await createBed(BED)
  await bed.write(EVENTS)
  await answer(t, bed, EVENTS, more)
  return rowsOf(bed)
}

/** The model with windows of another length. */
function otherModel(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-model-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync('models/engagement', folder, { recursive: true })
  const file = join(folder, 'model.yaml')
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('window: 1h', 'window: 30m'))
  return folder
}

const stateTopic = (bed: Bed): string => `${bed.env['APP_ID'] ?? ''}-state`

async function deleteAll(bed: Bed, topic: string, offset?: number): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    await deleteBefore(bed.brokers, { topic, partition }, offset)
  }
}

test('state comes back from the changelog though the input log no longer holds it', async (t) => {
  const bed = await halfway(t)
  await deleteAll(bed, bed.topics.input, HALF / PARTITIONS)
  const service = await answer(t, bed, EVENTS)
  const restored = service.lines.filter(({ code }) => code === 'RESTORE_DONE')
  assert.equal(restored.length, PARTITIONS, service.describe())
  assert.deepEqual(await rowsOf(bed), await calmRows(t))
})

test('a changelog that retention has emptied is noticed, and the input log read back instead', async (t) => {
  const bed = await halfway(t)
  await deleteAll(bed, stateTopic(bed))
  const service = await answer(t, bed, EVENTS)
  const unusable = service.lines.filter(({ code }) => code === 'CHANGELOG_UNUSABLE')
  assert.equal(unusable.length, PARTITIONS, service.describe())
  assert.deepEqual(await rowsOf(bed), await calmRows(t))
  // What was rebuilt is on the changelog again.
  const again = await answer(t, bed, EVENTS)
  const restored = again.lines.filter(({ code }) => code === 'RESTORE_DONE')
  assert.equal(restored.length, PARTITIONS, again.describe())
})

test('when neither holds it the start is refused, or accepted, counted and shown', async (t) => {
  const bed = await halfway(t)
  await deleteAll(bed, stateTopic(bed))
  await deleteAll(bed, bed.topics.input, HALF / PARTITIONS)
  const refused = new ServiceProcess(t, bed.env)
  assert.equal(await refused.exit(), 5)
  assert.equal(refused.lines.at(-1)?.['error'], 'STATE_GAP', refused.describe())
  const service = new ServiceProcess(t, { ...bed.env, STATE_ON_GAP: 'accept' })
  await whenCommitted(service, endsOf(EVENTS))
  await service.logged('STATE_GAP_ACCEPTED')
  const metrics = await (await fetch(`${await service.url()}/metrics`)).text()
  assert.match(metrics, new RegExp(`^millrace_state_gaps_accepted_total\\b.* ${PARTITIONS}$`, 'm'))
  await service.stop()
  assert.equal((await rowsOf(bed)).length, RECORDS)
})

test('records that retention deleted unanswered are never jumped over in silence', async (t) => {
  const bed = await halfway(t)
  const lost = 5
  await deleteAll(bed, bed.topics.input, HALF / PARTITIONS + lost)
  const refused = new ServiceProcess(t, bed.env)
  assert.equal(await refused.exit(), 5)
  assert.match(String(refused.lines.at(-1)?.msg), /5 records from committed offset 100 on are gone/)
  const service = await answer(t, bed, EVENTS, { STATE_ON_GAP: 'accept' })
  await service.logged('STATE_GAP_ACCEPTED')
  assert.equal((await rowsOf(bed)).length, RECORDS - lost * PARTITIONS)
})

test('offsets that are lost are set from the audit log as the checklist says: nothing is lost or doubled', async (t) => {
  // A group can be deleted, and its offsets set, when nobody is in it.
  const bed = await halfway(t, { LEAVE_GROUP_ON_STOP: 'true' })
  const group = 'kafka-consumer-groups.sh --bootstrap-server $KAFKA_BROKERS --group $APP_ID'
  assert.match(await runAsOperator(t, bed, `${group} --delete`), /successful/)
  const checklist = readFileSync('docs/production-checklist.md', 'utf8')
  const [, command] = /^```sh\n(.*?--reset-offsets.*?)^```$/ms.exec(checklist) ?? []
  await runAsOperator(t, bed, command ?? 'false')
  await answer(t, bed, EVENTS)
  const audits = await bed.readJson<Audit>('audit')
  const answered = audits.map((each) => `${each.source_partition}-${each.source_offset}`)
  assert.deepEqual([answered.length, new Set(answered).size], [RECORDS, RECORDS])
  assert.deepEqual(await rowsOf(bed), await calmRows(t))
})

test('state of other windows is refused, telling both; a rebuild gives what a run from the start gives', async (t) => {
  const bed = await halfway(t)
  const more = { MODEL_DIR: otherModel(t) }
  const refused = new ServiceProcess(t, { ...bed.env, ...more })
  assert.equal(await refused.exit(), 5)
  const said = String(refused.lines.at(-1)?.msg)
  assert.match(said, /60 tiles of 60000 ms.*60 tiles of 30000 ms.*STATE_ON_MISMATCH=rebuild/)
  await answer(t, bed, EVENTS, { ...more, STATE_ON_MISMATCH: 'rebuild' })
  const expected = await calmRows(t, more)
  const later = ({ length }: readonly object[]): number => length / PARTITIONS / 2
  const rows = await rowsOf(bed)
  // By partition, the second half: the first was answered with the former windows.
  for (const half of [0, 1]) {
    const from = half * (rows.length / PARTITIONS) + later(rows)
    assert.deepEqual(rows.slice(from, from + later(rows)), expected.slice(from, from + later(rows)))
  }
  const again = await answer(t, bed, EVENTS, more)
  assert.ok(
    again.lines.some(({ code }) => code === 'RESTORE_DONE'),
    again.describe(),
  )
})
