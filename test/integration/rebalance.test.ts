import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import type { NewRecord } from '../harness/kafka.ts'
import { register, wireEncoder } from '../harness/registry.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const PARTITIONS = 4
const USERS = 40
const RECORDS = 24_000
const FIRST_MS = Date.UTC(2026, 0, 1)
const SCHEMA: object = JSON.parse(
  readFileSync(new URL('../../schemas/engagement/event.avsc', import.meta.url), 'utf8'),
)

async function engagementRecords(bed: Bed): Promise<NewRecord[]> {
  const encode = wireEncoder(await register(bed.registryUrl, bed.topics.input, SCHEMA), SCHEMA)
  return Array.from({ length: RECORDS }, (_, index) => {
    const user = (index * 7) % USERS
    const value = encode({ user_id: `u${user}`, action: 'click', value: (index % 97) / 4 })
    const timestampMs = FIRST_MS + index * 500
    return { partition: user % PARTITIONS, key: `u${user}`, value, timestampMs }
  })
}

/** Waits until both have partitions, all of them between them. */
async function shared(a: ServiceProcess, b: ServiceProcess): Promise<void> {
  await b.statusIs('a share for both', ({ partitions }) => partitions.length > 0)
  await a.statusIs('a share for both', ({ partitions }) => partitions.length < PARTITIONS)
}

test('instances join and leave amid the stream: none lost, none doubled, bit-equal to one alone', async (t) => {
  const bed = await createBed({ partitions: PARTITIONS })
  const records = await engagementRecords(bed)
  const part = (from: number, to: number) => bed.write(records.slice(RECORDS * from, RECORDS * to))
  const env = { ...bed.env, SESSION_TIMEOUT_MS: '6000', BATCH_MAX_RECORDS: '100' }

  const a = new ServiceProcess(t, { ...env, INSTANCE_ID: 'a' })
  await part(0, 0.25)
  await a.statusIs('a start', ({ totals }) => totals.predicted > 0)
  const b = new ServiceProcess(t, { ...env, INSTANCE_ID: 'b' })
  await part(0.25, 0.5)
  await shared(a, b)
  await part(0.5, 0.75)
  await a.stop()
  await part(0.75, 1)
  await b.statusIs('all partitions', ({ partitions }) => partitions.length === PARTITIONS)
  await whenCommitted(b, endsOf(records))
  const c = new ServiceProcess(t, { ...env, INSTANCE_ID: 'c' })
  await shared(b, c)
  await b.stop()
  await c.statusIs('all partitions', ({ partitions }) => partitions.length === PARTITIONS)
  await c.stop()

  const calm = await createBed({ partitions: PARTITIONS })
  await calm.write(await engagementRecords(calm))
  const alone = new ServiceProcess(t, calm.env)
  await whenCommitted(alone, endsOf(records))
  await alone.stop()

  const answers = await answersOf(bed)
  assertOnce(answers, RECORDS)
  // Ids of the events hold the topic's name: the model maps none, so they are coordinates.
  assert.deepEqual(withoutTopic(answers, bed), withoutTopic(await answersOf(calm), calm))
})

function withoutTopic(answers: object, bed: Bed): unknown {
  return JSON.parse(JSON.stringify(answers).replaceAll(bed.topics.input, 'input'))
}
