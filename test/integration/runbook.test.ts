import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { canKafka } from '../../src/runtime/kafka-addon.ts'
import { endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import { write } from '../harness/kafka.ts'
import { runAsOperator } from '../harness/operator.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const EVENTS = Array.from({ length: 4 }, (_, index) => ({
  partition: 0,
  key: `u${index}`,
  value: Buffer.from(JSON.stringify({ user_id: `u${index}`, action: 'click', value: index })),
}))

/** What the runbook has between these marks, as it stands. */
function commandOf(form: RegExp): string {
  const [, command] = form.exec(readFileSync('docs/operations.md', 'utf8')) ?? []
  assert.ok(command !== undefined, `the runbook has no ${String(form)}`)
  return command
}

/** What the start says of topics that are too small. */
async function toldOfSizes(t: TestContext, env: Readonly<Record<string, string>>) {
  const service = new ServiceProcess(t, env)
  await service.logged('STARTED')
  await service.stop()
  return service.lines.filter(({ code }) => code === 'TOPIC_TOO_SMALL').map(({ msg }) => msg)
}

test('the command that shows records answered twice runs as it stands, and shows one that is', async (t) => {
  const bed = await createBed({ format: 'json' })
  await bed.write(EVENTS)
  const service = new ServiceProcess(t, bed.env)
  await whenCommitted(service, endsOf(EVENTS))
  await service.stop()
  const command = commandOf(/^```sh\n(kafka-console-consumer\.sh .*?uniq -d)$/ms)
  assert.equal(await runAsOperator(t, bed, command), '')
  const [first] = await bed.read('audit')
  await write(bed.brokers, bed.topics.audit, [
    { partition: 0, key: null, value: first?.value ?? null },
  ])
  assert.equal(await runAsOperator(t, bed, command), `["${bed.topics.input}",0,0]\n`)
})

test('the command that shows who has which partition runs as it stands', async (t) => {
  const bed = await createBed({ format: 'json', partitions: 2 })
  const service = new ServiceProcess(t, bed.env)
  await service.logged('ASSIGNED')
  const members = await runAsOperator(
    t,
    bed,
    commandOf(/`(kafka-consumer-groups\.sh .*--members.*?)`/),
  )
  assert.match(members, new RegExp(`\\b${bed.topics.input}\\(0,1\\)|${bed.topics.input}:0,1`))
  await service.stop()
})

test('the commands that a start tells make room for headers, and the next start tells none', async (t) => {
  const bed = await createBed({ format: 'json' })
  const told = await toldOfSizes(t, bed.env)
  assert.equal(told.length, canKafka('describeConfigs') ? 2 : 0, told.join('\n'))
  for (const line of told) await runAsOperator(t, bed, line.slice(line.indexOf('kafka-configs.sh')))
  assert.deepEqual(await toldOfSizes(t, bed.env), [])
})
