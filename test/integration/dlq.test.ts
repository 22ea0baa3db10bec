import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { InputRecord } from '../../src/domain/record.ts'
import { whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { millrace, millraceUnread, startMillrace } from '../harness/command.ts'
import { lenientModel } from '../harness/lenient-model.ts'
import { parseExposition } from '../harness/prometheus.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const NOW_MS = Date.UTC(2026, 0, 5, 12)
const HEADERS = [{ trace: Buffer.from([0, 255]) }]

/** An event without the `action` that the model asks for. */
function broken(user: string): Buffer {
  return Buffer.from(JSON.stringify({ user_id: user, value: 1 }))
}

/** A bed with so many dead letters, and no service running. */
async function bedWith(t: TestContext, letters: number): Promise<Bed> {
  const bed = await createBed({ format: 'json', partitions: 2 })
  const ends = new Map([
    [0, Math.ceil(letters / 2)],
    [1, Math.floor(letters / 2)],
  ])
  await bed.write(
    Array.from({ length: letters }, (_, index) => ({
      partition: index % 2,
      key: Buffer.from([0xff, index % 256]),
      value: broken(`u${index}`),
      timestampMs: NOW_MS + index,
      headers: HEADERS,
    })),
  )
  const service = new ServiceProcess(t, { ...bed.env, DLQ_MAX_RATIO: '1' })
  await whenCommitted(service, ends)
  await service.stop()
  return bed
}

/** The records that replays have written. */
async function replaysOf(bed: Bed): Promise<InputRecord[]> {
  const records = await bed.read('input')
  return records.filter(({ headers = [] }) => headers.some((each) => 'millrace.replays' in each))
}

function usersOf(records: readonly InputRecord[]): string[] {
  return records.map(({ value }): string => JSON.parse(String(value)).user_id).toSorted()
}

test('a replay that is killed, one that is stopped, and two at once bring each letter back once', async (t) => {
  const letters = 400
  const bed = await bedWith(t, letters)
  const env = { ...bed.env, MODEL_DIR: await lenientModel(t) }
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const run = startMillrace(t, ['dlq', 'replay', '--rate', '60'], env)
    await run.said(/replayed/)
    run.signal(signal)
    const { status, stderr } = await run.ended
    assert.equal(status, signal === 'SIGINT' ? 7 : null)
    if (signal === 'SIGINT') assert.match(stderr, /stopped as asked; run it again to go on/)
  }
  const partly = (await replaysOf(bed)).length
  assert.ok(partly > 0 && partly < letters, `${partly} came back before the kills`)

  const both = await Promise.all([
    millrace(['dlq', 'replay', '--rate', '200'], env),
    millrace(['dlq', 'replay', '--rate', '200'], env),
  ])
  const statuses = both.map(({ status }) => status)
  assert.ok(statuses.includes(0), both.map(({ stderr }) => stderr).join('\n'))
  const last = await millrace(['dlq', 'replay'], env)
  assert.match(last.stdout, /^nothing to replay; 400 of those asked for were replayed before\n$/)
  const replays = await replaysOf(bed)
  assert.deepEqual(usersOf(replays), Array.from(replays, (_, index) => `u${index}`).toSorted())
  assert.equal(replays.length, letters)
  const original = new Map((await bed.read('input')).map((each) => [String(each.value), each]))
  for (const { key, value, timestamp, headers, partition } of replays) {
    const came = original.get(String(value))
    assert.deepEqual([key, timestamp, partition], [came?.key, came?.timestamp, came?.partition])
    assert.deepEqual(headers?.slice(0, HEADERS.length), HEADERS)
    assert.equal(headers?.length, HEADERS.length + 2)
  }
})

test('a record that fails again says so, is brought back as often as allowed, and then stays', async (t) => {
  const bed = await bedWith(t, 2)
  const env = { ...bed.env, MODEL_DIR: await lenientModel(t), DLQ_MAX_REPLAYS: '1' }
  assert.equal((await millrace(['dlq', 'replay'], env)).status, 0)
  const service = new ServiceProcess(t, { ...bed.env, DLQ_MAX_RATIO: '1' })
  await service.statusIs('the replays to be answered', ({ totals }) => totals.deadLetters === 2)
  await service.stop()
  const listed = await millrace(['dlq', 'list', '--all', '--json'], env)
  const { letters } = JSON.parse(listed.stdout)
  assert.deepEqual(
    letters.map(({ attempt, isReplayed }: Record<string, unknown>) => [attempt, isReplayed]),
    [
      [1, true],
      [2, false],
      [1, true],
      [2, false],
    ],
  )
  assert.deepEqual([letters[1].origin, letters[3].origin], [letters[0].source, letters[2].source])
  const again = await millrace(['dlq', 'replay', '--json'], env)
  assert.equal(again.status, 7)
  assert.deepEqual(JSON.parse(again.stdout).total.exhausted, 2)
  assert.equal((await replaysOf(bed)).length, 2)
})

test('what is late by the committed stream time is told, left, and sent when asked for', async (t) => {
  const bed = await bedWith(t, 2)
  const env = { ...bed.env, MODEL_DIR: await lenientModel(t) }
  const later = { user_id: 'u', action: 'a', value: 1 }
  await bed.write([
    {
      partition: 0,
      key: null,
      value: Buffer.from(JSON.stringify(later)),
      timestampMs: NOW_MS + 301_000,
    },
  ])
  const service = new ServiceProcess(t, env)
  await service.statusIs('the later event', ({ totals }) => totals.predicted === 1)
  const dry = await millrace(['dlq', 'replay', '--dry-run'], env)
  assert.equal(dry.status, 7)
  assert.match(dry.stdout, /^all +2 +1 +0 +1 +0 +0/m)
  assert.match(dry.stdout, /1 are late by now, by up to 1000 ms/)
  assert.equal((await millrace(['dlq', 'replay', '--include-late'], env)).status, 0)
  await service.statusIs('both answers', ({ totals }) => totals.predicted + totals.late === 3)
  assert.equal((await bed.read('late')).length, 1)
  await service.stop()
})

test('letters go out as lines and come back in; a purge deletes for good', async (t) => {
  const bed = await bedWith(t, 4)
  const out = await millrace(['dlq', 'export'], bed.env)
  const before = await bed.read('deadLetters')
  const refused = await millrace(['dlq', 'purge', '0:1'], bed.env)
  assert.equal(refused.status, 7)
  assert.match(refused.stderr, /2 dead letters that wait, the first 0:0/)
  assert.equal((await bed.read('deadLetters')).length, 4)
  const purged = await millrace(['dlq', 'purge', '0:1', '--yes'], bed.env)
  assert.deepEqual([purged.status, purged.stdout], [0, 'deleted\n'])
  const statistics = await millrace(['dlq', 'stats', '--json'], bed.env)
  assert.equal(JSON.parse(statistics.stdout).waiting, 2)
  const exposition = await millrace(['dlq', 'stats', '--prometheus'], bed.env)
  const [waiting] = parseExposition(exposition.stdout)
  const values = waiting?.samples.map(({ value }) => value) ?? []
  assert.deepEqual([waiting?.name, Math.max(...values)], ['millrace_dlq_waiting_records', 2])

  const back = await millrace(['dlq', 'import', '--json'], bed.env, out.stdout)
  assert.deepEqual(JSON.parse(back.stdout), { imported: 2, known: 2 })
  const kept = ({ partition, key, value, headers }: InputRecord) => ({
    partition,
    key,
    value,
    headers,
  })
  assert.deepEqual((await bed.read('deadLetters')).map(kept), before.map(kept))
})

test('a topic that is not there, a broker that is away and wrong options end with their status', async () => {
  const bed = await createBed({ format: 'json' })
  const missing = await millrace(['dlq', 'stats'], { ...bed.env, DEAD_LETTER_TOPIC: 'not-there' })
  assert.equal(missing.status, 2)
  assert.match(missing.stderr, /^TOPIC_MISSING: .*"not-there"/)
  const away = await millrace(['dlq', 'stats'], { ...bed.env, KAFKA_BROKERS: '127.0.0.1:1' })
  assert.equal(away.status, 4)
  assert.match(away.stderr, /^KAFKA_UNAVAILABLE: /)
  const wrong = await millrace(['dlq', 'list', '--where', 'colour=red'], {})
  assert.equal(wrong.status, 2)
  const help = await millrace(['dlq', '--help'], {})
  assert.equal(help.status, 0)
  assert.match(help.stdout, /^millrace dlq: /)
})

test('a reader that has seen enough, as `head` does, ends a command without a complaint', async () => {
  const { env } = await createBed({ format: 'json' })
  for (const command of ['list', 'stats']) {
    assert.deepEqual(await millraceUnread(['dlq', command], env), { status: 0, stderr: '' })
  }
})
