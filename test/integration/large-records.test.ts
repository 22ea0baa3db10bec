import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { JAVA } from '../../scripts/testbed/kafka-part.ts'
import type { Header } from '../../src/domain/record.ts'
import { answersOf, assertOnce, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import type { NewRecord } from '../harness/kafka.ts'
import { register, wireEncoder } from '../harness/registry.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const CLASSPATH = resolve(import.meta.dirname, '../../.millrace/kafka/*')
const MEGABYTE = 1024 * 1024
const INPUT_BYTES_MAX = 20 * MEGABYTE
const LARGE_BYTES = 10 * MEGABYTE
/** More than a binary value may have. */
const TOO_LARGE_BYTES = 17 * MEGABYTE
const SCHEMA = {
  type: 'record',
  name: 'Event',
  fields: [
    { name: 'user_id', type: 'string' },
    { name: 'attachment', type: 'bytes' },
    { name: 'action', type: 'string' },
    { name: 'value', type: 'double' },
  ],
}
const MANY: readonly Header[] = Array.from({ length: 5_000 }, (_, index) => ({
  [`h${index % 50}`]: Buffer.from(`${index}`),
}))

/** A record, and the reason of its dead letter; none when it is predicted. */
interface Case {
  readonly value: Buffer
  readonly headers?: readonly Header[]
  readonly reason?: string
  readonly detail?: RegExp
}

async function write(bed: Bed, cases: readonly Case[]): Promise<void> {
  const records = cases.map(
    ({ value, headers }): NewRecord => ({
      partition: 0,
      key: 'u1',
      value,
      ...(headers !== undefined && { headers }),
    }),
  )
  await bed.write(records)
}

/** That the dead letters are those of the cases, in order, with value and headers as they came. */
async function assertKept(bed: Bed, cases: readonly Case[]): Promise<void> {
  const letters = await bed.read('deadLetters')
  const bad = cases.filter(({ reason }) => reason !== undefined)
  assert.equal(letters.length, bad.length)
  for (const [index, { value, headers = [], reason, detail }] of bad.entries()) {
    const letter = letters[index]
    assert.ok(letter !== undefined)
    // Not by `deepEqual`: what differs would be printed, a line a byte.
    assert.ok(letter.value?.equals(value), `the value of dead letter ${index}`)
    assert.deepEqual(letter.headers?.slice(0, headers.length), headers)
    const [why, , said] = letter.headers?.slice(headers.length) ?? []
    assert.equal(String(why?.['millrace.reason']), reason)
    assert.match(String(said?.['millrace.detail']), detail ?? /./)
  }
}

async function avroCases(bed: Bed): Promise<readonly Case[]> {
  const id = await register(bed.registryUrl, bed.topics.input, SCHEMA)
  const encode = wireEncoder(id, SCHEMA)
  const event = (bytes: number): Buffer =>
    encode({ user_id: 'u1', attachment: randomBytes(bytes), action: 'click', value: 5 })
  const small = event(10)
  return [
    { value: small },
    { value: event(LARGE_BYTES) },
    { value: small, headers: MANY },
    {
      value: event(TOO_LARGE_BYTES),
      reason: 'undecodable',
      detail: /at most 16777216 bytes, got 17825\d{3}$/,
    },
    { value: Buffer.from('plain text'), headers: MANY, reason: 'not-wire-format' },
    { value: small },
  ]
}

function jsonCases(): readonly Case[] {
  const event = (note: string): Buffer =>
    Buffer.from(JSON.stringify({ user_id: 'u1', action: 'click', value: 5, note }))
  const large = randomBytes(LARGE_BYTES / 2).toString('hex')
  return [
    { value: event('') },
    {
      value: event(large),
      reason: 'undecodable',
      detail: /at most 1048576 bytes, got 10485\d{3}$/,
    },
    { value: event(''), headers: MANY },
    { value: Buffer.from('{'), headers: MANY, reason: 'undecodable' },
    { value: event('') },
  ]
}

/** Runs the command that a log line recommends, with the class behind the script. */
async function follow(brokers: string, advice: string): Promise<void> {
  const [, flags = ''] = /kafka-configs\.sh (.*)$/.exec(advice) ?? []
  const args = flags.replace('$KAFKA_BROKERS', brokers).split(' ')
  await promisify(execFile)(JAVA, ['-cp', CLASSPATH, 'kafka.admin.ConfigCommand', ...args])
}

test('records of 10 MB and of 5,000 headers are answered once, or kept as they came, and what follows goes on', async (t) => {
  const room = INPUT_BYTES_MAX + MEGABYTE
  const recordBytesMax = { input: INPUT_BYTES_MAX, deadLetters: room, late: room }
  const bed = await createBed({ recordBytesMax })
  const cases = await avroCases(bed)
  await write(bed, cases)
  const service = new ServiceProcess(t, bed.env)
  await whenCommitted(service, new Map([[0, cases.length]]))
  await service.stop()
  assert.deepEqual(
    service.lines.filter(({ code }) => code === 'UNIT_ABORTED' || code === 'TOPIC_TOO_SMALL'),
    [],
  )
  const answers = await answersOf(bed)
  assertOnce(answers, cases.length)
  assert.deepEqual(
    answers.audits.map(({ reason }) => reason ?? undefined),
    cases.map(({ reason }) => reason),
  )
  await assertKept(bed, cases)
})

test('a dead letter that its topic has no room for waits, and goes through once the advice of the log is followed', async (t) => {
  const bed = await createBed({ format: 'json', recordBytesMax: { input: INPUT_BYTES_MAX } })
  const cases = jsonCases()
  await write(bed, cases)
  const service = new ServiceProcess(t, bed.env)
  const advice = await service.until('the advice', () =>
    service.lines.find(
      ({ code, msg }) => code === 'TOPIC_TOO_SMALL' && msg.includes(bed.topics.deadLetters),
    ),
  )
  await service.logged('UNIT_ABORTED')
  assert.deepEqual(await bed.read('deadLetters'), [])
  await follow(bed.brokers, advice.msg)
  await whenCommitted(service, new Map([[0, cases.length]]))
  await service.stop()
  const audits = await bed.readJson<{ reason: string | null }>('audit')
  assert.deepEqual(
    audits.map(({ reason }) => reason ?? undefined),
    cases.map(({ reason }) => reason),
  )
  await assertKept(bed, cases)
})
