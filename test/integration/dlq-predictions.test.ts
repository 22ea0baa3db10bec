import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { InputRecord } from '../../src/domain/record.ts'
import { endsOf, whenCommitted } from '../harness/answers.ts'
import type { Audit } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed, Topics } from '../harness/bed.ts'
import { millrace, startMillrace } from '../harness/command.ts'
import type { NewRecord } from '../harness/kafka.ts'
import { register, wireEncoder } from '../harness/registry.ts'
import { ServiceProcess } from '../harness/service-process.ts'
import { statelessModel } from '../harness/stateless-model.ts'

const NOW_MS = Date.UTC(2026, 0, 5, 12)
const EVENTS = 400
const PARTITIONS = 2
const SCHEMA = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'user', type: 'string' },
    { name: 'a', type: 'double' },
    { name: 'b', type: ['null', 'double'] },
  ],
}
/** What each kind of event is to the broken version of the model. */
const KINDS = ['predicted', 'invalid-event', 'unscorable', 'undecodable'] as const
/** The mended version answers all of these. */
const MENDED = new Set(['invalid-event', 'unscorable'])
const ANSWERS = ['features', 'predictions', 'audit'] as const
/** How many bytes at the end of a value say when it was computed: Avro writes that last. */
const TIME_BYTES = { features: 1 + '2026-01-05T12:00:00.000Z'.length, predictions: 6, audit: 6 }
/** Of the wire format, and the outcome after it. */
const BEFORE_REASON = 5 + 1

function kindOf(index: number): (typeof KINDS)[number] {
  return KINDS[(index >> 1) % KINDS.length] ?? 'predicted'
}

function userOf(index: number): string {
  return `u${index}`
}

/** Events of every kind in every partition, each of its own user and trace. */
async function eventsOf(bed: Bed): Promise<NewRecord[]> {
  const encode = wireEncoder(await register(bed.registryUrl, bed.topics.input, SCHEMA), SCHEMA)
  return Array.from({ length: EVENTS }, (_, index) => {
    const kind = kindOf(index)
    const user = userOf(index)
    const a = kind === 'unscorable' ? 9.25 : index % 4
    const value = encode({ user, a, b: kind === 'invalid-event' ? null : index / 8 })
    const span = index.toString(16).padStart(16, '1')
    return {
      partition: index % PARTITIONS,
      key: Buffer.from([0xff, index % 256]),
      value: kind === 'undecodable' ? value.subarray(0, 7) : value,
      timestampMs: NOW_MS + index,
      headers: [{ traceparent: Buffer.from(`00-${'4b'.repeat(16)}-${span}-01`) }],
    }
  })
}

/** A bed whose events the broken version of the model has answered, one in four with a prediction. */
async function bedWithLetters(t: TestContext): Promise<{
  readonly bed: Bed
  /** What service and tool are started with, but for the model. */
  readonly env: Readonly<Record<string, string>>
  readonly ends: ReadonlyMap<number, number>
}> {
  const bed = await createBed({ partitions: PARTITIONS })
  const { MODEL_DIR: _, ...settings } = bed.env
  const env = {
    ...settings,
    SCHEMA_SUBJECT_STRATEGY: 'record-name',
    OTEL_PROPAGATORS: 'tracecontext',
    DLQ_MAX_RATIO: '1',
  }
  const events = await eventsOf(bed)
  await bed.write(events)
  const ends = endsOf(events)
  await serve(t, { ...env, MODEL_DIR: await statelessModel(t, 'broken') }, ends)
  return { bed, env, ends }
}

/** A service that answers all there is, and ends. */
async function serve(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  ends: ReadonlyMap<number, number>,
): Promise<void> {
  const service = new ServiceProcess(t, env)
  await whenCommitted(service, ends)
  await service.stop()
}

function replayTo(
  env: Readonly<Record<string, string>>,
  ...options: readonly string[]
): ReturnType<typeof millrace> {
  return millrace(['dlq', 'replay', '--to', 'predictions', ...options], env)
}

/** How many events are of these kinds. */
function count(isOf: (kind: string) => boolean): number {
  return Array.from({ length: EVENTS }, (_, index) => kindOf(index)).filter(isOf).length
}

/** What one answer must be to the byte, but for when it was computed. */
function comparable(topic: (typeof ANSWERS)[number], record: InputRecord) {
  const { partition, key, value, headers } = record
  assert.ok(value !== null)
  return { partition, key, value: value.subarray(0, -TIME_BYTES[topic]), headers }
}

/** An audit value of the service with the reason that a replay puts there. */
function withReason(value: Buffer, reason: string): Buffer {
  assert.equal(value[BEFORE_REASON], 0, 'an answer of the service has no reason')
  const said = Buffer.concat([Buffer.from([2, reason.length * 2]), Buffer.from(reason)])
  return Buffer.concat([value.subarray(0, BEFORE_REASON), said, value.subarray(BEFORE_REASON + 1)])
}

/** The last record of each key; every event has its own. */
async function byUser(bed: Bed, topic: keyof Topics): Promise<Map<string, InputRecord>> {
  return new Map((await bed.read(topic)).map((record) => [String(record.key), record]))
}

/** Headers that say of which replay an audit record is. */
function replayHeaders({ headers = [] }: InputRecord) {
  return headers.filter((each) => 'millrace.replays' in each || 'millrace.replay.of' in each)
}

test('letters of a broken model are answered once by the mended one, straight to the predictions, through a kill and two at once; to the byte as the service would', async (t) => {
  const { bed, env, ends } = await bedWithLetters(t)
  const mended = { ...env, MODEL_DIR: await statelessModel(t, 'mended') }
  const dry = await replayTo(mended, '--dry-run', '--json')
  const { total } = JSON.parse(dry.stdout)
  const answerable = count((kind) => MENDED.has(kind))
  assert.equal(dry.status, 7, dry.stderr)
  assert.deepEqual([total.pass, total.unsure, total.fail], [answerable, 0, EVENTS / 4])
  assert.equal((await bed.read('predictions')).length, EVENTS / 4, 'a dry run writes nothing')

  const run = startMillrace(t, ['dlq', 'replay', '--to', 'predictions', '--rate', '60'], mended)
  await run.said(/replayed/)
  run.signal('SIGKILL')
  await run.ended
  const partly = (await bed.read('predictions')).length - EVENTS / 4
  assert.ok(partly > 0 && partly < answerable, `${partly} were answered before the kill`)
  const both = await Promise.all([
    replayTo(mended, '--rate', '100'),
    replayTo(mended, '--rate', '100'),
  ])
  assert.ok(
    both.some(({ status }) => status === 7),
    both.map(({ stderr }) => stderr).join('\n'),
  )
  const last = await replayTo(mended, '--json')
  const { replayed, replayedBefore } = JSON.parse(last.stdout)
  assert.deepEqual([last.status, replayed, replayedBefore], [7, 0, answerable])

  assert.equal((await bed.read('input')).length, EVENTS, 'nothing goes to the input')
  const answered = (kind: string): boolean => kind === 'predicted' || MENDED.has(kind)
  const users = Array.from({ length: EVENTS }, (_, index) => index)
  const wanted = users.filter((index) => answered(kindOf(index))).map(userOf)
  for (const topic of ['features', 'predictions'] as const) {
    const keys = (await bed.read(topic)).map(({ key }) => String(key))
    assert.deepEqual(keys.toSorted(), wanted.toSorted(), `${topic}: each once`)
  }
  await checkAudits(bed, answerable)
  await checkBytes(t, { bed, env: mended, ends })
})

/** One audit record for each input record, a second one for each that was answered later, and the last is right. */
async function checkAudits(bed: Bed, answerable: number): Promise<void> {
  const audits = await bed.readAvro<Audit>('audit')
  assert.equal(audits.length, EVENTS + answerable)
  const records = await bed.read('audit')
  const own = Map.groupBy(audits.keys(), (at) => {
    return `${audits[at]?.source_partition}/${audits[at]?.source_offset}`
  })
  assert.equal(own.size, EVENTS)
  for (let index = 0; index < EVENTS; index += 1) {
    const kind = kindOf(index)
    const at = `${index % PARTITIONS}/${Math.floor(index / PARTITIONS)}`
    const said = (own.get(at) ?? []).map((each) => [
      audits[each]?.outcome,
      audits[each]?.reason,
      records[each] === undefined ? -1 : replayHeaders(records[each]).length,
    ])
    const first = kind === 'predicted' ? ['predicted', null, 0] : ['dead_letter', kind, 0]
    const second = MENDED.has(kind) ? [['predicted', kind, 2]] : []
    assert.deepEqual(said, [first, ...second], `${at}, ${kind}`)
  }
}

/** Another application whose service has the mended model from the beginning answers the same records. */
async function checkBytes(
  t: TestContext,
  {
    bed,
    env,
    ends,
  }: {
    readonly bed: Bed
    readonly env: Readonly<Record<string, string>>
    readonly ends: ReadonlyMap<number, number>
  },
): Promise<void> {
  const other = await createBed({ partitions: PARTITIONS })
  const { SCHEMA_SUBJECT_STRATEGY = '', OTEL_PROPAGATORS = '', MODEL_DIR = '' } = env
  const settings = { SCHEMA_SUBJECT_STRATEGY, OTEL_PROPAGATORS, MODEL_DIR, DLQ_MAX_RATIO: '1' }
  await serve(t, { ...other.env, ...settings, INPUT_TOPIC: bed.topics.input }, ends)
  let compared = 0
  for (const topic of ANSWERS) {
    const served = await byUser(other, topic)
    for (const [user, record] of await byUser(bed, topic)) {
      // What was never decoded is audited under its own key.
      const index = Number(/^u(\d+)$/.exec(user)?.[1] ?? Number.NaN)
      if (Number.isNaN(index) || !MENDED.has(kindOf(index))) continue
      const its = served.get(user)
      assert.ok(its !== undefined, user)
      const answer = comparable(topic, record)
      const service = comparable(topic, its)
      assert.equal(service.headers?.length, 1, 'its trace')
      if (topic === 'audit') {
        service.value = withReason(service.value, kindOf(index))
        service.headers = [
          ...(service.headers ?? []),
          { 'millrace.replays': Buffer.from('1') },
          { 'millrace.replay.of': Buffer.from(coordinatesOf(bed, index)) },
        ]
      }
      assert.deepEqual(answer, service, `${topic} of ${user}`)
      compared += 1
    }
  }
  assert.equal(compared, ANSWERS.length * count((kind) => MENDED.has(kind)))
}

function coordinatesOf(bed: Bed, index: number): string {
  return `${bed.topics.input}/${index % PARTITIONS}/${Math.floor(index / PARTITIONS)}`
}

test('what the model turns down again is told, stays, and can be answered later', async (t) => {
  const { bed, env } = await bedWithLetters(t)
  const before = (await bed.read('audit')).length
  const broken = { ...env, MODEL_DIR: await statelessModel(t, 'broken') }
  const again = await replayTo(broken, '--where', 'stage=inference', '--json')
  assert.equal(again.status, 7, again.stderr)
  const { total, failures } = JSON.parse(again.stdout)
  const letters = count((kind) => kind === 'unscorable')
  assert.deepEqual([total.letters, total.pass, total.fail], [letters, 0, letters])
  assert.deepEqual([failures[0].becomes, failures[0].letters], ['unscorable', letters])
  assert.equal((await bed.read('audit')).length, before, 'nothing is written')
  const mended = { ...env, MODEL_DIR: await statelessModel(t, 'mended') }
  const some = await replayTo(mended, '--where', 'stage=inference', '--limit', '7')
  assert.equal(some.status, 0, some.stderr)
  assert.equal((await bed.read('audit')).length, before + 7)
})

test('an output topic that is not there is told before anything is written', async (t) => {
  const { bed, env } = await bedWithLetters(t)
  const mended = { ...env, MODEL_DIR: await statelessModel(t, 'mended') }
  const refused = await replayTo({ ...mended, AUDIT_TOPIC: 'not-there' })
  assert.equal(refused.status, 2)
  assert.match(refused.stderr, /^TOPIC_MISSING: .*"not-there"/)
  assert.equal((await bed.read('predictions')).length, EVENTS / 4)
})
