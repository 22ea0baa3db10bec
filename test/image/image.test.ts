import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { billOfMaterials, imageContents } from '../../scripts/image/bill.ts'
import { answersOf, assertOnce, endsOf, whenCommitted } from '../harness/answers.ts'
import { createBed } from '../harness/bed.ts'
import type { Engine } from '../harness/engine.ts'
import { firstFlights, FLIGHT_PARTITIONS, flightRecords } from '../harness/flights.ts'
import { imageTests } from '../harness/image-test.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const IMAGE = 'millrace-test/service'
const FLIGHTS = 5_000
const SIZE_BYTES_MAX = 350e6
const SECURE = [
  '--read-only',
  '--user=65532:65532',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
]
/** The files that are native, and what of the bill of materials they are. */
const NATIVE: Readonly<Record<string, string>> = {
  'confluent-kafka-javascript.node': '@confluentinc/kafka-javascript',
  'libonnxruntime.so.1': 'onnxruntime',
  'librdkafka++.so.1': 'librdkafka',
  'librdkafka.so.1': 'librdkafka',
  'onnxruntime_binding.node': 'onnxruntime-node',
}
let containers = 0

const testImage = imageTests((engine) => engine.build(IMAGE))

/** The service in a container, in the foreground. */
function start(
  t: TestContext,
  { client, env, docker }: Engine,
  variables: Readonly<Record<string, string>>,
  { image = IMAGE, options = ['--volume', `${ROOT}/models/flight-delay:/model:ro`] } = {},
): { readonly service: ServiceProcess; readonly name: string } {
  const name = `millrace-test-${process.pid}-${++containers}`
  const { MODEL_DIR: _, ...given } = variables
  const all = Object.entries({ HTTP_HOST: '127.0.0.1', HTTP_PORT: '0', ...given })
  const args = ['run', '--rm', '--name', name, '--network', 'host', ...SECURE, ...options]
  const set = all.flatMap(([key, value]) => ['--env', `${key}=${value}`])
  // Before the client: ended first, it would leave the container behind.
  t.after(() => docker('rm', '--force', name).catch(() => undefined))
  const service = new ServiceProcess(t, env, ROOT, [client, ...args, ...set, image])
  return { service, name }
}

testImage('a container that is stopped mid-stream loses and doubles nothing', async (t, docker) => {
  const bed = await createBed({ partitions: FLIGHT_PARTITIONS, model: 'flight-delay' })
  const records = await flightRecords(bed, await firstFlights(FLIGHTS))
  await bed.write(records)
  const env = { ...bed.env, BATCH_MAX_RECORDS: '50', COMMIT_MAX_RECORDS: '150' }
  const { service } = start(t, docker, env)
  await service.statusIs('a fifth', ({ totals }) => totals.predicted > FLIGHTS / 5)
  await service.stop()
  const answered = (await answersOf(bed)).audits.length
  assert.ok(answered < FLIGHTS, 'the signal came too late to show anything')

  const killed = start(t, docker, env)
  await killed.service.statusIs('a tenth more', ({ totals }) => totals.predicted > FLIGHTS / 10)
  await docker.docker('kill', '--signal', 'KILL', killed.name)
  assert.equal(await killed.service.exit(), 137)

  const successor = start(t, docker, bed.env)
  await whenCommitted(successor.service, endsOf(records))
  await successor.service.stop()
  assertOnce(await answersOf(bed), FLIGHTS)
})

testImage(
  'a container says nothing but its log, and is healthy by its own check',
  async (t, docker) => {
    const bed = await createBed({ format: 'json', model: 'flight-delay' })
    const startedAt = performance.now()
    const { service, name } = start(t, docker, { ...bed.env, HTTP_PORT: '18099' })
    await service.logged('STARTED')
    const seconds = (performance.now() - startedAt) / 1_000
    process.stdout.write(`# STARTED ${seconds.toFixed(1)} s after docker run\n`)
    const check = JSON.parse(
      await docker.docker('inspect', '--format', '{{json .Config.Healthcheck.Test}}', name),
    )
    await docker.docker('exec', name, ...check.slice(1))
    await assert.rejects(
      docker.docker('exec', '--env', 'HTTP_PORT=1', name, ...check.slice(1)),
      'the check does not fail where nobody answers',
    )
    await service.stop()
    assert.equal(service.stderr, '')
    assert.deepEqual(
      service.lines.filter(({ code }) => code === 'RAW'),
      [],
    )
    // Its state topic and model folder are sound, so whatever it warned of is of the image.
    assert.equal(
      service.lines.find(({ code }) => code === 'KAFKA_CLIENT_UNPATCHED'),
      undefined,
    )
  },
)

testImage(
  'the image holds no compiler, no npm and nothing of other platforms',
  async (_t, docker) => {
    const script =
      'for tool in npm npx cc gcc make python3 git curl; do command -v $tool && exit 1; done; ' +
      'find /app/node_modules/onnxruntime-node/bin -name "*.node"; ls /app/compile-cache; id -u'
    const listed = await docker.docker(
      'run',
      '--rm',
      '--entrypoint',
      '/bin/sh',
      IMAGE,
      '-c',
      script,
    )
    const [binding, cache, user] = listed.trimEnd().split('\n')
    assert.match(binding ?? '', /linux\/(x64|arm64)\/onnxruntime_binding\.node$/)
    assert.match(cache ?? '', /^v24\..*-65532$/)
    assert.equal(user, '65532')
    const [size, labels] = await Promise.all(
      ['{{.Size}}', '{{json .Config.Labels}}'].map((format) =>
        docker.docker('inspect', '--format', format, IMAGE),
      ),
    )
    assert.ok(Number(size) <= SIZE_BYTES_MAX, `the image has ${size} bytes`)
    assert.match(labels ?? '', /org\.opencontainers\.image\.version/)
    process.stdout.write(`# the image has ${(Number(size) / 1e6).toFixed(0)} MB\n`)
  },
)

testImage(
  "the bill of materials has Debian's packages, and an entry for all that is native",
  async (_t, { docker, env }) => {
    const { components } = billOfMaterials(imageContents(IMAGE, env))
    const versions = new Map(components.map(({ name, version }) => [name, version]))
    const script =
      "find /app /usr/local -type f \\( -name '*.node' -o -name '*.so*' \\) -exec basename {} ';'; " +
      "echo; dpkg-query --show --showformat='${Version}' tini; echo; node --version"
    const told = await docker('run', '--rm', '--entrypoint', '/bin/sh', IMAGE, '-c', script)
    const [files = '', tini, node] = told.trim().split(/\n\n|\n(?=v\d)/)
    const found = files.split('\n')
    assert.deepEqual(found.toSorted(), Object.keys(NATIVE).toSorted())
    assert.deepEqual(
      found.filter((file) => !versions.has(NATIVE[file] ?? '')),
      [],
    )
    assert.equal(versions.get('tini'), tini)
    assert.equal(`v${versions.get('node')}`, node)
  },
)

testImage('the image holds every file of src, of whatever kind', async (_t, docker) => {
  const shell = ['run', '--rm', '--entrypoint', '/bin/sh', IMAGE, '-c', 'find src -type f']
  const held = (await docker.docker(...shell)).trim().split('\n')
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  const own = files
    .filter((each) => each.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  assert.deepEqual(held.toSorted(), own.map((path) => relative(ROOT, path)).toSorted())
})

testImage('a model is baked in by three lines, and starts without a volume', async (t, docker) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-model-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  cpSync(join(ROOT, 'models/engagement'), folder, { recursive: true })
  const lines = [
    `FROM ${IMAGE}`,
    'COPY model.yaml model.onnx golden.json /model/',
    'ENV APP_ID=baked',
  ]
  writeFileSync(join(folder, 'Dockerfile'), lines.join('\n'))
  const baked = `${IMAGE}-baked`
  await docker.build(baked, { folder })
  const env = { KAFKA_BROKERS: '127.0.0.1:9', INPUT_FORMAT: 'json' }
  const { service } = start(t, docker, env, { image: baked, options: [] })
  await service.logged('SELF_TEST')
  await service.stop()
})
