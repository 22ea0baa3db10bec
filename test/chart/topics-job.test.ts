import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { testbedAddresses } from '../harness/bed.ts'
import { at, only, render } from '../harness/chart.ts'

const LOCAL = resolve(import.meta.dirname, '../../.millrace')
const CONTAINER = 'spec.template.spec.containers.0'
const OUTPUTS = ['FEATURES', 'PREDICTIONS', 'AUDIT', 'DEAD_LETTER', 'LATE']

interface Ran {
  readonly isOk: boolean
  readonly text: string
}

/** Where Kafka's own `kafka-topics.sh` is, as far as the script can see. */
function toolFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-topics-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const tool = join(folder, 'kafka-topics.sh')
  const command = `"${LOCAL}/bin/java" -cp "${LOCAL}/kafka/*" org.apache.kafka.tools.TopicCommand`
  writeFileSync(tool, `#!/bin/sh\nexec ${command} "$@"\n`)
  chmodSync(tool, 0o755)
  return folder
}

/** Runs what the job's container would, with its variables. */
function runJob(folder: string, sets: readonly string[]): Ran {
  const job = only(render('model-volume', ['topicsJob.replicationFactor=1', ...sets]), 'Job')
  const variables = at(job, `${CONTAINER}.env`) as { name: string; value: string }[]
  const [program = '', ...flags] = at(job, `${CONTAINER}.command`) as string[]
  const [script = ''] = at(job, `${CONTAINER}.args`) as string[]
  const env = Object.fromEntries(variables.map(({ name, value }) => [name, value]))
  const { status, stdout, stderr } = spawnSync(
    program,
    // Where the secret is mounted.
    [...flags, script.replaceAll('/client/', `${folder}/`)],
    { env: { PATH: `${folder}${delimiter}/usr/bin:/bin`, ...env }, encoding: 'utf8' },
  )
  return { isOk: status === 0, text: stdout + stderr }
}

/** Partitions of each topic whose name begins so; size of records and retention where they are not the broker's. */
function describe(folder: string, prefix: string): Record<string, string> {
  const { brokers } = testbedAddresses()
  const args = ['--bootstrap-server', brokers, '--describe', '--topic', `${prefix}.*`]
  const { stdout } = spawnSync(join(folder, 'kafka-topics.sh'), args, { encoding: 'utf8' })
  const found = [...stdout.matchAll(/^Topic: (\S+)\s.*PartitionCount: (\d+)\s+Replication.*$/gm)]
  return Object.fromEntries(
    found.map(([line, topic = '', partitions = '']) => {
      const [, bytes] = /max\.message\.bytes=(\d+)/.exec(line) ?? []
      const [, retention] = /retention\.ms=(\d+)/.exec(line) ?? []
      const told = [partitions, bytes && `${bytes} bytes`, retention && `${retention} ms`]
      return [topic, told.filter(Boolean).join(', ')]
    }),
  )
}

test("the topics job makes what is missing with Kafka's own tools, and leaves what is there", (t) => {
  const { brokers } = testbedAddresses()
  const folder = toolFolder(t)
  const prefix = `job${process.pid}`
  writeFileSync(join(folder, 'client.properties'), 'client.id=topics-job\n')
  const sets = [
    `config.KAFKA_BROKERS=${brokers}`,
    `config.INPUT_TOPIC=${prefix}-input`,
    ...OUTPUTS.map((name) => `config.${name}_TOPIC=${prefix}-${name.toLowerCase()}`),
  ]
  const first = runJob(folder, [...sets, 'topicsJob.input=false'])
  assert.ok(first.isOk, first.text)
  const outputs = {
    [`${prefix}-features`]: '4',
    [`${prefix}-predictions`]: '4',
    [`${prefix}-audit`]: '4',
    // Records as they came, with headers beside.
    [`${prefix}-dead_letter`]: '4, 2097152 bytes',
    [`${prefix}-late`]: '4, 2097152 bytes',
  }
  assert.deepEqual(describe(folder, prefix), outputs)

  const setting = 'topicsJob.config.retention\\.ms=86400000'
  const second = runJob(folder, [...sets, setting, 'topics.partitions=8'])
  assert.ok(second.isOk, second.text)
  assert.deepEqual(describe(folder, prefix), { ...outputs, [`${prefix}-input`]: '8, 86400000 ms' })
})

test('the topics job fails when a topic cannot be made, so that the release waits for it', (t) => {
  const { brokers } = testbedAddresses()
  const folder = toolFolder(t)
  writeFileSync(join(folder, 'client.properties'), '')
  const { isOk, text } = runJob(folder, [
    `config.KAFKA_BROKERS=${brokers}`,
    `config.FEATURES_TOPIC=job${process.pid}-too-many`,
    'topicsJob.replicationFactor=9',
  ])
  assert.ok(!isOk)
  assert.match(text, /replication factor/i)
})
