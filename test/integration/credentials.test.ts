import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { TestContext } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { serve } from '../fakes/http-server.ts'
import { wireValue } from '../fixtures/records.ts'
import { chartRights, grant } from '../harness/acls.ts'
import { createBed } from '../harness/bed.ts'
import type { Bed } from '../harness/bed.ts'
import { createAuthority } from '../harness/certificates.ts'
import { millrace } from '../harness/command.ts'
import { startSecured } from '../harness/secured.ts'
import type { SecuredBroker } from '../harness/secured.ts'
import { ServiceProcess } from '../harness/service-process.ts'

const USER = 'scores'
const SECRETS = {
  KAFKA_SASL_PASSWORD: 'seven lamps/64',
  KAFKA_TLS_KEY_PASSWORD: 'cold harbour/19',
  SCHEMA_REGISTRY_PASSWORD: 'paper crane/45',
} as const
const WRONG = 'ten lanterns/83'

let broker: SecuredBroker
before(async () => {
  broker = await startSecured({ [USER]: SECRETS.KAFKA_SASL_PASSWORD })
})
after(() => broker.stop())

/** A key that asks for its passphrase, with its certificate. */
function encryptedKey(t: TestContext): Readonly<Record<string, string>> {
  const { certificate, key } = createAuthority('Millrace test').server
  const folder = mkdtempSync(join(tmpdir(), 'millrace-key-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const passphrase = SECRETS.KAFKA_TLS_KEY_PASSWORD
  const locked = createPrivateKey(key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase,
  })
  const [KAFKA_TLS_CERT_FILE, KAFKA_TLS_KEY_FILE] = [join(folder, 'crt'), join(folder, 'key')]
  writeFileSync(KAFKA_TLS_CERT_FILE, certificate)
  writeFileSync(KAFKA_TLS_KEY_FILE, locked)
  return { KAFKA_TLS_CERT_FILE, KAFKA_TLS_KEY_FILE }
}

/** What a service is started with that has credentials for all it talks to, and says as much as it can. */
function credentialed(t: TestContext): Readonly<Record<string, string>> {
  return {
    APP_ID: 'credentials',
    INSTANCE_ID: 'a',
    MODEL_DIR: 'models/engagement',
    ...broker.env,
    ...encryptedKey(t),
    ...SECRETS,
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_SASL_USERNAME: USER,
    SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
    SCHEMA_REGISTRY_USERNAME: 'reader',
    OUTPUT_FORMAT: 'json',
    LOG_LEVEL: 'trace',
  }
}

/** Topics on the secured broker with a record that asks for its schema, and the rights of the service. */
async function bedWithRights(registryUrl: string): Promise<Bed> {
  const addresses = { brokers: `127.0.0.1:${broker.plainPort}`, registryUrl }
  const bed = await createBed({ addresses })
  const { input, ...outputs } = bed.topics
  const appId = bed.env['APP_ID'] ?? ''
  const rights = { appId, input, outputs: Object.values(outputs), state: `${appId}-state` }
  await grant(broker.plainPort, USER, chartRights(rights))
  await bed.write([{ partition: 0, key: 'u', value: wireValue(1, Buffer.from([2, 0x75])) }])
  return bed
}

/** That a text has no secret in it, in any of the forms in which it goes over a wire. */
function assertNoSecret(said: string): void {
  for (const secret of [...Object.values(SECRETS), WRONG]) {
    const pairs = [secret, ...['reader', USER].map((user) => `${user}:${secret}`)]
    const encoded = pairs.map((pair) => Buffer.from(pair).toString('base64'))
    for (const form of [secret, encodeURIComponent(secret), ...encoded])
      assert.ok(!said.includes(form), said)
  }
}

function saidBy(service: ServiceProcess): string {
  return service.lines.map((line) => JSON.stringify(line)).join('\n') + service.stderr
}

test('no credential is in the log, on the page or in what it serves while the registry is away', async (t) => {
  const authorizations = new Set<string | undefined>()
  const registryUrl = await serve(t, (request, response) => {
    authorizations.add(request.headers.authorization)
    response.writeHead(503).end('not now')
  })
  const { env } = await bedWithRights(registryUrl)
  const service = new ServiceProcess(t, { ...credentialed(t), ...env, ...broker.env })
  await service.logged('REGISTRY_UNAVAILABLE')
  const paths = ['/', '/status.json', '/metrics', '/health/ready', '/health/startup']
  const pages = await Promise.all(
    paths.map(async (path) => (await fetch(`${await service.url()}${path}`)).text()),
  )
  await service.stop()
  const pair = Buffer.from(`reader:${SECRETS.SCHEMA_REGISTRY_PASSWORD}`).toString('base64')
  assert.deepEqual([...authorizations], [`Basic ${pair}`], 'they are used')
  assert.ok(pages.every((page) => page !== ''))
  assertNoSecret(pages.join('\n') + saidBy(service))
})

test('no credential is in the log of a start that waits for its broker', async (t) => {
  const [port = 0] = await freePorts(1)
  const service = new ServiceProcess(t, { ...credentialed(t), KAFKA_BROKERS: `127.0.0.1:${port}` })
  await service.logged('RETRYING')
  await service.stop()
  assertNoSecret(saidBy(service))
})

const REFUSED: readonly (readonly [string, Readonly<Record<string, string>>, RegExp])[] = [
  [
    'credentials in the address of the registry',
    { SCHEMA_REGISTRY_URL: `http://reader:${encodeURIComponent(WRONG)}@127.0.0.1:1` },
    /SCHEMA_REGISTRY_URL must be/,
  ],
  [
    'a wrong passphrase of the key',
    { KAFKA_TLS_KEY_PASSWORD: WRONG },
    /KAFKA_TLS_KEY_PASSWORD opens/,
  ],
  ['a wrong password', { KAFKA_SASL_PASSWORD: WRONG }, /KAFKA_SASL_PASSWORD/],
]

for (const [what, wrong, message] of REFUSED) {
  test(`no credential is told by what is refused for ${what}`, async (t) => {
    const all = { ...credentialed(t), ...wrong }
    const service = new ServiceProcess(t, all)
    assert.equal(await service.exit(), 2, service.describe())
    assert.match(service.lines.at(-1)?.msg ?? '', message)
    const command = await millrace(['dlq', 'stats'], all)
    assert.equal(command.status, 2, command.stderr)
    assertNoSecret(saidBy(service) + JSON.stringify(command))
  })
}

test('`millrace config` masks every credential', async (t) => {
  const env = credentialed(t)
  for (const options of [[], ['--json']]) {
    const { status, stdout, stderr } = await millrace(['config', ...options], env)
    assert.equal(status, 0, stderr)
    assert.equal(stdout.match(/\*\*\*/g)?.length, Object.keys(SECRETS).length)
    assertNoSecret(stdout + stderr)
  }
})
