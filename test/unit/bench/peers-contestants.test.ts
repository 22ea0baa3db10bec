import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CONTESTANTS } from '../../../bench/peers/contestants.ts'
import type { ContestantName, RunPlan } from '../../../bench/peers/contestants.ts'

const README = readFileSync(join(import.meta.dirname, '../../../bench/peers/README.md'), 'utf8')
const NAMES = Object.keys(CONTESTANTS) as ContestantName[]
const PLAN: RunPlan = {
  brokers: '127.0.0.1:9092',
  registryUrl: 'http://127.0.0.1:8081',
  schemaId: 7,
  app: 'peer-x-1',
  input: 'in',
  features: 'features',
  predictions: 'predictions',
  audit: 'audit',
  folder: '/run',
  tools: { python: '/venv/bin/python', classpath: 'peers.jar', modelFolder: '/model' },
}

for (const name of NAMES) {
  test(`${name} is explained in the README`, () => {
    assert.match(README, new RegExp(`^\\| \`${name}\` +\\| `, 'm'))
  })
}

for (const [name, script] of [
  ['python', 'peer.py'],
  ['quix', 'quix.py'],
] as const) {
  test(`${name} is a script that is there, given its topics and how often to commit`, () => {
    const { command, args, env } = CONTESTANTS[name].program(PLAN, 100)
    assert.equal(command, '/venv/bin/python')
    const path = args.at(-1) ?? ''
    assert.ok(path.endsWith(`/${script}`) && existsSync(path), path)
    assert.deepEqual(
      [env['APP_ID'], env['INPUT'], env['AUDIT'], env['COMMIT_MS'], env['EVENT_SCHEMA_ID']],
      ['peer-x-1', 'in', 'audit', '100', '7'],
    )
  })
}

test('a peer says when it saw its first record, and no other line says so', () => {
  const { firstRecordAt } = CONTESTANTS.quix
  assert.equal(firstRecordAt('FIRST_CONSUMED 1764323000123.456'), 1_764_323_000_123.456)
  assert.equal(firstRecordAt('[WARNING] : FIRST_CONSUMED 1'), undefined)
})
