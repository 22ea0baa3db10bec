import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { canKafka } from '../../src/runtime/kafka-addon.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { runAsOperator } from '../harness/operator.ts'
import { ServiceProcess } from '../harness/service-process.ts'

/** A bed whose changelog somebody else has made. */
async function bedWith(config: Readonly<Record<string, string>>): Promise<Bed> {
  const bed = await createBed({ format: 'json' })
  await createTopics(bed.brokers, [{ name: stateTopic(bed), partitions: 1, config }])
  return bed
}

const stateTopic = (bed: Bed): string => `${bed.env['APP_ID'] ?? ''}-state`

async function toldOfSettings(t: TestContext, bed: Bed): Promise<readonly string[]> {
  const service = new ServiceProcess(t, bed.env)
  await service.logged('STARTED')
  await service.stop()
  return service.lines.filter(({ code }) => code === 'STATE_TOPIC_SETTINGS').map(({ msg }) => msg)
}

test('a changelog that would lose state is refused, and the command that is told repairs it', async (t) => {
  const bed = await bedWith({ 'cleanup.policy': 'delete', 'retention.ms': '60000' })
  if (!canKafka('describeConfigs')) {
    const service = new ServiceProcess(t, bed.env)
    assert.match((await service.logged('KAFKA_CLIENT_UNPATCHED')).msg, /not checked/)
    await service.logged('STARTED')
    return service.stop()
  }
  const refused = new ServiceProcess(t, bed.env)
  assert.equal(await refused.exit(), 2, refused.describe())
  const last = refused.lines.at(-1)
  assert.equal(last?.['error'], 'TOPIC_SETTINGS')
  const { msg } = last
  const topic = stateTopic(bed)
  assert.ok(
    msg.startsWith(`the changelog "${topic}" would lose state: cleanup.policy must be`),
    msg,
  )
  assert.match(msg, /retention\.ms must be at least the \d+ ms that tiles can be seen, got 60000/)
  await runAsOperator(t, bed, msg.slice(msg.indexOf('kafka-configs.sh')))
  const told = await toldOfSettings(t, bed)
  assert.deepEqual(
    told.filter((each) => /cleanup\.policy|retention/.test(each)),
    [],
  )
})

test('settings of a changelog that cost no state are told', async (t) => {
  const told = await toldOfSettings(t, await bedWith({ 'cleanup.policy': 'compact' }))
  const isTold = told.some((each) => each.startsWith('cleanup.policy of'))
  assert.equal(isTold, canKafka('describeConfigs'), told.join('\n'))
})

test('a changelog that the service has made is as it should be', async (t) => {
  const bed = await createBed({ format: 'json' })
  assert.deepEqual(await toldOfSettings(t, bed), [])
  assert.deepEqual(await toldOfSettings(t, bed), [])
})
