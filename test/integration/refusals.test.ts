import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { createTopics } from '../../scripts/testbed/topics.ts'
import { createBed } from '../harness/bed.ts'
import { ServiceProcess } from '../harness/service-process.ts'

async function assertRefused(
  t: TestContext,
  env: Readonly<Record<string, string>>,
  wanted: { readonly error: string; readonly message: RegExp; readonly status?: number },
): Promise<void> {
  const service = new ServiceProcess(t, env)
  assert.equal(await service.exit(30_000), wanted.status ?? 2, service.describe())
  const last = service.lines.at(-1)
  assert.equal(last?.code, 'FAILED')
  assert.equal(last.level, 'fatal')
  assert.equal(last['error'], wanted.error)
  assert.match(last.msg, wanted.message)
}

/** A copy of the engagement model with one change to a file. */
function changedModel(t: TestContext, file: string, change: (text: string) => string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-model-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync('models/engagement', folder, { recursive: true })
  const path = join(folder, file)
  writeFileSync(path, change(readFileSync(path, 'utf8')))
  return folder
}

test('wrong configuration is refused, all of it at once, and no secret is shown', async (t) => {
  const { env } = await createBed()
  const wrong = { ...env, COMMIT_INTERVAL_MS: '0', HTTP_PORT: '70000', KAFKA_SASL_PASSWORD: 'hush' }
  const service = new ServiceProcess(t, wrong)
  assert.equal(await service.exit(), 2)
  const { msg = '' } = service.lines.at(-1) ?? {}
  assert.match(msg, /COMMIT_INTERVAL_MS must be .*1.*60.*000.*, got "0"/)
  assert.match(msg, /HTTP_PORT must be .*65.*535.*, got "70000"/)
  assert.ok(!service.lines.some((line) => JSON.stringify(line).includes('hush')))
})

test('a property that librdkafka does not take is refused', async (t) => {
  const { env } = await createBed()
  const wrong = { ...env, KAFKA_PRODUCER_LINGER_MS: 'soon' }
  await assertRefused(t, wrong, { error: 'CONFIG_INVALID', message: /passed through: linger\.ms/ })
})

test('a model that does not give its golden scores is refused, naming row and difference', async (t) => {
  const { env } = await createBed()
  const MODEL_DIR = changedModel(t, 'golden.json', (text) =>
    text.replace(/"scores": \[0\.\d+/, '"scores": [0.123456'),
  )
  const message = /golden row 0, score 0: expected 0\.123456 within 0\.00001, got 0\./
  await assertRefused(t, { ...env, MODEL_DIR }, { error: 'MODEL_MISMATCH', message })
})

test('a model whose tensors have other names than declared is refused, naming them', async (t) => {
  const { env } = await createBed()
  const MODEL_DIR = changedModel(t, 'model.yaml', (text) =>
    text.replace('tensor: probabilities', 'tensor: chances'),
  )
  await assertRefused(t, { ...env, MODEL_DIR }, { error: 'MODEL_MISMATCH', message: /"chances"/ })
})

test('a reference that does not add up is refused, naming the field and the bound', async (t) => {
  const { env } = await createBed()
  const MODEL_DIR = changedModel(t, 'reference.json', (text) =>
    text.replace('"rows": 45000', '"rows": 45001'),
  )
  const message = /reference\.json: numbers\[0\] must count 45001 rows, got 45000/
  await assertRefused(t, { ...env, MODEL_DIR }, { error: 'MODEL_INVALID', message })
})

test('a declaration that cannot be understood is refused with file, line and key', async (t) => {
  const { env } = await createBed()
  const MODEL_DIR = changedModel(t, 'model.yaml', (text) =>
    text.replace('count, window', 'cuont, window'),
  )
  const message = /model\.yaml:\d+: features\[0\]\.operation .*did you mean "count"\?/
  await assertRefused(t, { ...env, MODEL_DIR }, { error: 'MODEL_INVALID', message })
})

test('a model folder that is not there is refused', async (t) => {
  const { env } = await createBed()
  const wrong = { ...env, MODEL_DIR: 'models/nowhere' }
  await assertRefused(t, wrong, { error: 'MODEL_INVALID', message: /models\/nowhere\/model\.yaml/ })
})

test('topics that do not exist are refused, each named', async (t) => {
  const { env } = await createBed()
  const wrong = { ...env, INPUT_TOPIC: 'not-there', AUDIT_TOPIC: 'nor-this' }
  const message = /"not-there", "nor-this"/
  await assertRefused(t, wrong, { error: 'TOPIC_MISSING', message })
})

test('an output with fewer partitions than the input is refused, with both numbers', async (t) => {
  const { env, brokers, topics } = await createBed({ partitions: 3 })
  const FEATURES_TOPIC = `${topics.features}-narrow`
  await createTopics(brokers, [{ name: FEATURES_TOPIC, partitions: 2 }])
  const message = /at least the 3 partitions of .*-narrow" has 2$/
  await assertRefused(t, { ...env, FEATURES_TOPIC }, { error: 'TOPIC_PARTITIONS', message })
})

test('an output schema that is not registered is refused when it may not be registered', async (t) => {
  const { env, topics } = await createBed()
  const wrong = { ...env, SCHEMA_AUTO_REGISTER: 'false' }
  const message = new RegExp(
    `"${topics.features}-value" does not hold the schema of millrace.engagement.MLFeature`,
  )
  await assertRefused(t, wrong, { error: 'SCHEMA_REFUSED', message })
})

test('a port that is taken is refused', async (t) => {
  const { env } = await createBed()
  const [port = 0] = await freePorts(1)
  const server = createServer().listen(port, '127.0.0.1')
  t.after(() => server.close())
  const wrong = { ...env, HTTP_PORT: String(port) }
  await assertRefused(t, wrong, { error: 'CONFIG_INVALID', message: /HTTP_PORT.*EADDRINUSE/ })
})
