import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { InputRecord } from '../../src/domain/record.ts'
import { untimed, withReason } from '../harness/answer-bytes.ts'
import type { OutputFormat } from '../harness/answer-bytes.ts'
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
/** Letters that are answered in each format but Avro; of both kinds. */
const EACH_FORMAT = 40

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

/** What an answer is of. */
interface Answer {
  readonly format: OutputFormat
  readonly topic: (typeof ANSWERS)[number]
  /** The input record: what kind of event, and where it was read. */
  readonly source: { readonly kind: string; readonly at: string }
}

/** That a replay's answer is what the service gives, to the byte, but for when it was computed. */
function assertAlike(answer: Answer, replayed: InputRecord, served: InputRecord): void {
  const { format, topic, source } = answer
  assert.ok(replayed.value !== null && served.value !== null)
  assert.equal(served.headers?.length, 1, 'its trace')
  const wanted = { value: served.value, headers: [...(served.headers ?? [])] }
  if (topic === 'audit') {
    wanted.value = withReason(format, served.value, source.kind)
    wanted.headers.push({ 'millrace.replays': Buffer.from('1') })
    wanted.headers.push({ 'millrace.replay.of': Buffer.from(source.at) })
  }
  const message = `${format} ${topic} of ${source.at}`
  const valueOf = (value: Buffer): string => untimed(format, topic, value)
  assert.equal(valueOf(replayed.value), valueOf(wanted.value), message)
  assert.deepEqual(replayed.headers, wanted.headers, message)
  assert.deepEqual([replayed.partition, replayed.key], [served.partition, served.key], message)
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

/** What service and tool are told alike, but for the topics. */
function shared(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { SCHEMA_SUBJECT_STRATEGY = '', OTEL_PROPAGATORS = '', DLQ_MAX_RATIO = '' } = env
  return { SCHEMA_SUBJECT_STRATEGY, OTEL_PROPAGATORS, DLQ_MAX_RATIO }
}

/** Another application whose service has the mended model from the beginning answers the same records. */
async function checkBytes(
  t: TestContext,
  { bed, env, ends }: Awaited<ReturnType<typeof bedWithLetters>>,
): Promise<void> {
  const other = await createBed({ partitions: PARTITIONS })
  const { MODEL_DIR = '' } = env
  await serve(t, { ...other.env, ...shared(env), MODEL_DIR, INPUT_TOPIC: bed.topics.input }, ends)
  let compared = 0
  for (const topic of ANSWERS) {
    const served = await byUser(other, topic)
    for (const [user, replayed] of await byUser(bed, topic)) {
      const source = sourceOf(bed, user)
      if (source === undefined || !MENDED.has(source.kind)) continue
      const its = served.get(user)
      assert.ok(its !== undefined, user)
      assertAlike({ format: 'avro', topic, source }, replayed, its)
      compared += 1
    }
  }
  assert.equal(compared, ANSWERS.length * count((kind) => MENDED.has(kind)))
}

/** The input record of a user; `undefined` for what was never decoded, which is audited under its own key. */
function sourceOf(bed: Bed, user: string): { kind: string; at: string } | undefined {
  const index = Number(/^u(\d+)$/.exec(user)?.[1] ?? Number.NaN)
  return Number.isNaN(index) ? undefined : { kind: kindOf(index), at: coordinatesOf(bed, index) }
}

function coordinatesOf(bed: Bed, index: number): string {
  return `${bed.topics.input}/${index % PARTITIONS}/${Math.floor(index / PARTITIONS)}`
}

test('in every other output format, too, a replay answers to the byte as the service would', async (t) => {
  const letters = await bedWithLetters(t)
  const mended = await statelessModel(t, 'mended')
  for (const format of ['protobuf', 'json-schema', 'json'] as const) {
    await checkFormat(t, { ...letters, format, mended })
  }
})

/** Some letters are answered in a format, then all records by a service of its own, to the same topics. */
async function checkFormat(
  t: TestContext,
  plan: Awaited<ReturnType<typeof bedWithLetters>> & {
    readonly format: OutputFormat
    readonly mended: string
  },
): Promise<void> {
  const { bed, ends, format } = plan
  const other = await createBed({ partitions: PARTITIONS })
  const { FEATURES_TOPIC = '', PREDICTIONS_TOPIC = '', AUDIT_TOPIC = '' } = other.env
  const env = {
    ...plan.env,
    FEATURES_TOPIC,
    PREDICTIONS_TOPIC,
    AUDIT_TOPIC,
    MODEL_DIR: plan.mended,
    OUTPUT_FORMAT: format,
    // By name, a record would have one subject for all formats.
    SCHEMA_SUBJECT_STRATEGY: 'topic-name',
  }
  const kinds = [...MENDED].flatMap((kind) => ['--where', `reason=${kind}`])
  const run = await replayTo(env, ...kinds, '--limit', String(EACH_FORMAT))
  assert.equal(run.status, 0, run.stderr)
  const { MODEL_DIR, OUTPUT_FORMAT } = env
  const settings = { ...shared(env), MODEL_DIR, OUTPUT_FORMAT, INPUT_TOPIC: bed.topics.input }
  await serve(t, { ...other.env, ...settings }, ends)
  for (const topic of ANSWERS) {
    const all = Map.groupBy(await other.read(topic), ({ key }) => String(key))
    let compared = 0
    for (const [user, [replayed, served]] of all) {
      const source = sourceOf(bed, user)
      if (source === undefined || replayed === undefined || served === undefined) continue
      assertAlike({ format, topic, source }, replayed, served)
      compared += 1
    }
    assert.equal(compared, EACH_FORMAT)
  }
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
