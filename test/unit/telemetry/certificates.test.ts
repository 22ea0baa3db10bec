import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readExpiries } from '../../../src/telemetry/certificates.ts'

const FOLDER = join(import.meta.dirname, '../../fixtures/certificates')

function expiriesOf(client: string | undefined, ca: string | undefined): Record<string, string> {
  const at = (name: string | undefined) => (name === undefined ? undefined : join(FOLDER, name))
  const expiries = readExpiries({ kafkaTlsCertFile: at(client), kafkaTlsCaFile: at(ca) })
  const day = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(0, 10)
  return Object.fromEntries([...expiries].map(([name, seconds]) => [name, day(seconds)]))
}

test('of a chain the own certificate counts, of authorities the one that lasts longest', () => {
  assert.deepEqual(expiriesOf('client.pem', 'authorities.pem'), {
    'kafka-client': '2037-01-01',
    'kafka-ca': '2040-01-01',
  })
})

test('what is not set, not there or no certificate has no expiry', () => {
  assert.deepEqual(expiriesOf(undefined, 'absent.pem'), {})
  assert.deepEqual(expiriesOf('../models.ts', undefined), {})
})
