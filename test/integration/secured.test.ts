import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { whenCommitted } from '../harness/answers.ts'
import type { Audit } from '../harness/answers.ts'
import { chartRights, grant, revoke } from '../harness/acls.ts'
import type { Right } from '../harness/acls.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { millrace } from '../harness/command.ts'
import { lenientModel } from '../harness/lenient-model.ts'
import { startSecured } from '../harness/secured.ts'
import type { SecuredBroker } from '../harness/secured.ts'
import { ServiceProcess, startWatch } from '../harness/service-process.ts'
import { statelessModel } from '../harness/stateless-model.ts'

const PASSWORDS = {
  scores: 'four-horses-37',
  operator: 'blue-staple-52',
  watcher: 'green-kettle-88',
}
const SCRAM = {
  KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
  KAFKA_SASL_USERNAME: 'scores',
  KAFKA_SASL_PASSWORD: PASSWORDS.scores,
}
const PLAIN = { ...SCRAM, KAFKA_SASL_MECHANISM: 'PLAIN' }
const WRONG = 'ten-cold-lanterns'
const NOW_MS = Date.UTC(2026, 0, 5, 12)

let broker: SecuredBroker
before(async () => {
  broker = await startSecured(PASSWORDS)
})
after(() => broker.stop())

/** Topics on the secured broker, and the rights the chart gives to the service. */
async function securedBed(): Promise<{ readonly bed: Bed; readonly rights: readonly Right[] }> {
  const addresses = { brokers: `127.0.0.1:${broker.plainPort}`, registryUrl: '' }
  const bed = await createBed({ format: 'json', partitions: 2, addresses })
  const { input, ...outputs } = bed.topics
  const appId = bed.env['APP_ID'] ?? ''
  const state = `${appId}-state`
  const rights = chartRights({ appId, input, outputs: Object.values(outputs), state })
  return { bed: { ...bed, env: { ...bed.env, ...broker.env } }, rights }
}

/** Events of five users, every tenth without what the model asks for. */
function events(from: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const number = from + index
    const key = `u${number % 5}`
    const event = { user_id: key, value: number, ...(number % 10 === 0 ? {} : { action: 'a' }) }
    const value = Buffer.from(JSON.stringify(event))
    return { partition: number % 2, key, value, timestampMs: NOW_MS + number * 1000 }
  })
}

function ends(count: number): Map<number, number> {
  return new Map([0, 1].map((partition) => [partition, count / 2]))
}

/** What `docs/guides/dead-letters.md` says that `dlq stats` and `dlq replay` need. */
function operatorRights({ topics, env }: Bed): readonly Right[] {
  const topic = (name: string, operation: Right['operation']): Right => {
    return { type: 'topic', name, pattern: 'literal', operation }
  }
  const appId = env['APP_ID'] ?? ''
  return [
    topic(topics.deadLetters, 'Read'),
    topic(topics.deadLetters, 'Write'),
    topic(topics.input, 'Write'),
    { type: 'group', name: appId, pattern: 'literal', operation: 'Describe' },
    { type: 'transactionalId', name: `${appId}-@dlq`, pattern: 'literal', operation: 'Write' },
  ]
}

/** What it says that `dlq replay --to predictions` needs. */
function answeringRights(bed: Bed): readonly Right[] {
  const { input, features, predictions, audit } = bed.topics
  const isOther = ({ name }: Right): boolean => name !== input
  const right = { type: 'topic', pattern: 'literal' } as const
  return [
    ...operatorRights(bed).filter(isOther),
    { ...right, name: input, operation: 'Describe' },
    ...[features, predictions, audit].map((name) => {
      return { ...right, name, operation: 'Write' } as const
    }),
  ]
}

/** What it says that `dlq watch` needs. */
function watcherRights({ topics, env }: Bed): readonly Right[] {
  return [
    { type: 'topic', name: topics.deadLetters, pattern: 'literal', operation: 'Read' },
    { type: 'group', name: env['APP_ID'] ?? '', pattern: 'literal', operation: 'Describe' },
  ]
}

function assertNoSecret(said: string): void {
  for (const secret of [...Object.values(PASSWORDS), WRONG]) assert.ok(!said.includes(secret), said)
}

function saidBy(service: ServiceProcess): string {
  return service.lines.map((line) => JSON.stringify(line)).join('\n') + service.stderr
}

test("over TLS and SCRAM with the chart's rights and no others, every record is answered once, through a kill; the dead letters are worked with", async (t) => {
  const { bed, rights } = await securedBed()
  await grant(broker.plainPort, SCRAM.KAFKA_SASL_USERNAME, rights)
  const env = { ...bed.env, ...SCRAM, DLQ_MAX_RATIO: '1' }
  await bed.write(events(0, 200))
  const killed = new ServiceProcess(t, env)
  await whenCommitted(killed, ends(200))
  await killed.kill()
  await bed.write(events(200, 200))
  const service = new ServiceProcess(t, env)
  await whenCommitted(service, ends(400))
  assert.ok(
    service.lines.some(({ code }) => code === 'RESTORE_DONE'),
    service.describe(),
  )
  await service.stop()
  assertNoSecret(saidBy(killed) + saidBy(service))
  const audits = await bed.readJson<Audit>('audit')
  const answered = audits.map((each) => `${each.source_partition}-${each.source_offset}`)
  assert.deepEqual([answered.length, new Set(answered).size], [400, 400])
  assert.equal((await bed.read('predictions')).length, 360)

  const operator = {
    ...bed.env,
    ...PLAIN,
    KAFKA_SASL_USERNAME: 'operator',
    KAFKA_SASL_PASSWORD: PASSWORDS.operator,
  }
  const refused = await millrace(['dlq', 'stats'], operator)
  assert.equal(refused.status, 2, refused.stderr)
  await grant(broker.plainPort, 'operator', operatorRights(bed))
  const statistics = await millrace(['dlq', 'stats', '--json'], operator)
  assert.equal(JSON.parse(statistics.stdout).waiting, 40, statistics.stderr)
  const mended = { ...operator, MODEL_DIR: await lenientModel(t) }
  const replayed = await millrace(['dlq', 'replay', '--include-late'], mended)
  assert.equal(replayed.status, 0, replayed.stderr)
  assert.equal((await bed.read('input')).length, 440)
  assertNoSecret([refused, statistics, replayed].map((each) => JSON.stringify(each)).join())
})

test('a replay straight to the predictions needs to write to the three topics of an answer, and not to the input', async (t) => {
  const { bed, rights } = await securedBed()
  await grant(broker.plainPort, SCRAM.KAFKA_SASL_USERNAME, rights)
  const value = Buffer.from('{"user":"u","a":9}')
  await bed.write([{ partition: 0, key: 'u', value, timestampMs: NOW_MS }])
  const MODEL_DIR = await statelessModel(t, 'broken')
  const service = new ServiceProcess(t, { ...bed.env, ...SCRAM, MODEL_DIR })
  await whenCommitted(service, new Map([[0, 1]]))
  await service.stop()
  const operator = {
    ...bed.env,
    ...PLAIN,
    KAFKA_SASL_USERNAME: 'operator',
    KAFKA_SASL_PASSWORD: PASSWORDS.operator,
    MODEL_DIR: await statelessModel(t, 'mended'),
  }
  const all = answeringRights(bed)
  await grant(broker.plainPort, 'operator', all)
  const audit = all.find(({ name }) => name === bed.topics.audit)
  assert.ok(audit !== undefined)
  await revoke(broker.plainPort, 'operator', audit)
  const replay = ['dlq', 'replay', '--to', 'predictions']
  const refused = await millrace(replay, operator)
  assert.deepEqual([refused.status, (await bed.read('predictions')).length], [2, 0])
  assert.match(refused.stderr, /^(TOPIC_MISSING|KAFKA_UNAUTHORIZED): /)
  await grant(broker.plainPort, 'operator', [audit])
  const replayed = await millrace(replay, operator)
  assert.equal(replayed.status, 0, replayed.stderr)
  assert.equal((await bed.read('predictions')).length, 1)
  assert.equal((await bed.read('audit')).length, 2)
  assertNoSecret(JSON.stringify([refused, replayed]))
})

test('a watch of the dead letters reads them with the right to read and describe them, and ends without it', async (t) => {
  const { bed } = await securedBed()
  const env = {
    ...bed.env,
    ...PLAIN,
    KAFKA_SASL_USERNAME: 'watcher',
    KAFKA_SASL_PASSWORD: PASSWORDS.watcher,
  }
  const refused = startWatch(t, env)
  assert.equal(await refused.exit(), 2, refused.describe())
  const rights = watcherRights(bed)
  await grant(broker.plainPort, 'watcher', rights)
  const watch = startWatch(t, env)
  await watch.logged('QUEUE_READ')
  const answer = await fetch(`${await watch.url()}/health/ready`)
  assert.equal(answer.status, 200, await answer.text())
  for (const right of rights.filter(({ type }) => type === 'topic'))
    await revoke(broker.plainPort, 'watcher', right)
  assert.equal(await watch.exit(), 2, watch.describe())
  assertNoSecret(saidBy(refused) + saidBy(watch))
})

for (const [what, isTaken] of Object.entries({
  'a topic': ({ type, name, operation }: Right) =>
    type === 'topic' && name.endsWith('-predictions') && operation === 'Write',
  'the group': ({ type, operation }: Right) => type === 'group' && operation === 'Read',
  'the transactional id': ({ type, operation }: Right) =>
    type === 'transactionalId' && operation === 'Write',
})) {
  test(`the right to ${what} taken away amid the work ends the service with KAFKA_UNAUTHORIZED, and nothing half done`, async (t) => {
    const { bed, rights } = await securedBed()
    await grant(broker.plainPort, PLAIN.KAFKA_SASL_USERNAME, rights)
    await bed.write(events(1, 4))
    const service = new ServiceProcess(t, { ...bed.env, ...PLAIN })
    await service.statusIs('a start', ({ totals }) => totals.predicted === 4)
    const taken = rights.find(isTaken)
    assert.ok(taken)
    await revoke(broker.plainPort, PLAIN.KAFKA_SASL_USERNAME, taken)
    await bed.write(events(11, 4))
    assert.equal(await service.exit(20_000), 2, service.describe())
    const last = service.lines.at(-1)
    assert.deepEqual([last?.code, last?.['error']], ['FAILED', 'KAFKA_UNAUTHORIZED'])
    assert.match(last?.msg ?? '', /authorization.?failed/i)
    assert.equal((await bed.read('audit')).length, 4)
    assertNoSecret(saidBy(service))
  })
}

test('a wrong password ends service and commands soon, naming variable and cause', async (t) => {
  const { bed } = await securedBed()
  const KAFKA_SASL_PASSWORD = WRONG
  const service = new ServiceProcess(t, { ...bed.env, ...PLAIN, KAFKA_SASL_PASSWORD })
  const command = await millrace(['dlq', 'stats'], { ...bed.env, ...SCRAM, KAFKA_SASL_PASSWORD })
  assert.deepEqual([await service.exit(), command.status], [2, 2], service.describe())
  const wanted = /KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are not what Kafka knows: .*invalid/i
  assert.match(service.lines.at(-1)?.msg ?? '', wanted)
  assert.match(command.stderr, wanted)
  assertNoSecret(saidBy(service) + command.stderr)
})

test('a certificate of an authority that is not trusted ends the service soon, naming variable and cause', async (t) => {
  const { bed } = await securedBed()
  const KAFKA_TLS_CA_FILE = broker.otherAuthorityFile
  const service = new ServiceProcess(t, { ...bed.env, ...SCRAM, KAFKA_TLS_CA_FILE })
  assert.equal(await service.exit(), 2, service.describe())
  const last = service.lines.at(-1)
  assert.equal(last?.['error'], 'CONFIG_INVALID')
  assert.match(last?.msg ?? '', /^KAFKA_TLS_CA_FILE, .*certificate verify failed/)
})
