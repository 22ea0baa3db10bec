import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InputRecord } from '../../src/domain/record.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import type { NewRecord } from '../harness/kafka.ts'
import { answersOf, assertOnce, whenCommitted } from '../harness/answers.ts'
import { firstFlights, FLIGHT_PARTITIONS } from '../harness/flights.ts'
import { register, wireEncoder } from '../harness/registry.ts'
import { FLIGHT_SCHEMA, toFlightRecord } from '../../scripts/flights/record.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const HOUR_MS = 3_600_000
const UNKNOWN_SCHEMA_ID = 123_456_789
const HEADERS = [{ trace: Buffer.from('abc') }, { trace: Buffer.from([0, 255]) }]

interface Case {
  readonly reason: string
  readonly stage?: string
  readonly detail?: RegExp
  readonly key: string | null
  readonly value: Buffer | null
}

/** Headers as one object; the last of a name wins. */
function headersOf({ headers = [] }: InputRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(
    headers.flatMap((header) => Object.entries(header).map(([name, v]) => [name, String(v)])),
  )
}

/** One record of each kind that cannot be predicted, and how it must be turned down. */
async function badRecords(bed: Bed): Promise<{ good: Buffer[]; late: Buffer; bad: Case[] }> {
  const id = await register(bed.registryUrl, bed.topics.input, FLIGHT_SCHEMA)
  const encode = wireEncoder(id, FLIGHT_SCHEMA)
  const [first, second] = (await firstFlights(2)).map(toFlightRecord)
  assert.ok(first !== undefined && second !== undefined)
  const good = encode(first)
  const unknown = Buffer.from(good)
  unknown.writeUInt32BE(UNKNOWN_SCHEMA_ID, 1)
  const bad: Case[] = [
    { reason: 'empty-value', stage: 'decode', key: 'k', value: null },
    { reason: 'empty-value', stage: 'decode', key: 'k', value: Buffer.alloc(0) },
    { reason: 'not-wire-format', stage: 'decode', key: null, value: Buffer.from('plain text') },
    { reason: 'undecodable', stage: 'decode', key: 'k', value: good.subarray(0, 15) },
    { reason: 'unknown-schema', stage: 'decode', key: '', value: unknown, detail: /123456789/ },
    {
      reason: 'invalid-event',
      stage: 'decode',
      key: 'k',
      value: encode({ ...first, departed_at: -1 }),
      detail: /departed_at.*-1/,
    },
    {
      reason: 'future-event-time',
      stage: 'features',
      key: 'k',
      value: encode({ ...first, departed_at: Date.UTC(2100, 0, 1) }),
      detail: /ahead of the record timestamp, bound 300000 ms/,
    },
  ]
  const late = encode({ ...first, departed_at: first.departed_at - HOUR_MS })
  return { good: [good, encode(second)], late, bad }
}

test('what cannot be predicted is kept as it came, says why and where from, and is audited; the rest goes on', async (t) => {
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const { good, late, bad } = await badRecords(bed)
  const [first = null, second = null] = good
  const values = [
    { key: 'EWR', value: first },
    ...bad.map(({ key, value }) => ({ key, value })),
    { key: 'late', value: late },
    { key: 'EWR', value: second },
  ]
  const records = values.map((each): NewRecord => ({ ...each, partition: 1, headers: HEADERS }))
  await bed.write(records)
  const service = new ServiceProcess(t, { ...bed.env, DEAD_LETTER_HEADERS: 'spring' })
  await whenCommitted(service, new Map([[1, records.length]]))
  await service.stop()

  const answers = await answersOf(bed)
  assertOnce(answers, records.length)
  assert.equal(answers.predictions.length, 2)
  assert.deepEqual(
    answers.audits.map(({ outcome, reason }) => reason ?? outcome),
    ['predicted', ...bad.map(({ reason }) => reason), 'late', 'predicted'],
  )

  const letters = await bed.read('deadLetters')
  assert.equal(letters.length, bad.length)
  for (const [index, letter] of letters.entries()) checkLetter(letter, bad[index], bed, index + 1)

  const [lateRecord, ...more] = await bed.read('late')
  assert.equal(more.length, 0)
  assert.ok(lateRecord !== undefined)
  assert.deepEqual(lateRecord.value, late)
  const headers = headersOf(lateRecord)
  assert.equal(headers['millrace.reason'], 'late')
  assert.equal(headers['millrace.late.by.ms'], String(HOUR_MS / 2))
})

test('tombstones are skipped when that is asked for: audited, and nothing else', async (t) => {
  const bed = await createBed({ format: 'json' })
  const value = Buffer.from(JSON.stringify({ user_id: 'u1', action: 'x', value: 1 }))
  const values = [value, null, Buffer.alloc(0), null, value]
  await bed.write(values.map((each): NewRecord => ({ partition: 0, key: 'u1', value: each })))
  const service = new ServiceProcess(t, { ...bed.env, TOMBSTONES: 'skip' })
  await whenCommitted(service, new Map([[0, values.length]]))
  await service.stop()
  const audits = await bed.readJson<{ outcome: string; reason: string | null }>('audit')
  assert.deepEqual(
    audits.map(({ outcome, reason }) => reason ?? outcome),
    ['predicted', 'skipped', 'empty-value', 'skipped', 'predicted'],
  )
  assert.equal((await bed.read('deadLetters')).length, 1)
  const rows = await bed.readJson<{ event_count_1h: number }>('features')
  assert.deepEqual(
    rows.map((row) => row.event_count_1h),
    [1, 2],
  )
})

function checkLetter(
  letter: InputRecord,
  wanted: Case | undefined,
  bed: Bed,
  sourceOffset: number,
): void {
  assert.ok(wanted !== undefined)
  assert.equal(letter.partition, 1, 'the partition with the number of its input')
  assert.deepEqual(letter.key === null ? null : String(letter.key), wanted.key)
  assert.deepEqual(letter.value, wanted.value)
  assert.deepEqual(letter.headers?.slice(0, HEADERS.length), HEADERS)
  const headers = headersOf(letter)
  assert.equal(headers['millrace.reason'], wanted.reason)
  assert.equal(headers['millrace.stage'], wanted.stage)
  assert.match(headers['millrace.detail'] ?? '', wanted.detail ?? /./)
  assert.equal(headers['millrace.source.topic'], bed.topics.input)
  assert.equal(headers['millrace.source.partition'], '1')
  assert.equal(headers['millrace.source.offset'], String(sourceOffset))
  assert.equal(headers['millrace.app.id'], bed.env['APP_ID'])
  assert.equal(headers['millrace.instance.id'], 'a')
  assert.equal(headers['millrace.attempt'], '1')
  const spring = letter.headers?.find((header) => 'kafka_dlt-original-offset' in header)
  const offset = spring?.['kafka_dlt-original-offset']
  assert.ok(Buffer.isBuffer(offset))
  assert.equal(offset.readBigInt64BE(), BigInt(sourceOffset))
  assert.equal(headers['millrace.model.name'], 'flight-delay')
  const failedAt = headers['millrace.failed.at'] ?? ''
  assert.equal(new Date(failedAt).toISOString(), failedAt)
}
