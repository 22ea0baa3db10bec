import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Result } from '../../bench/result.ts'
import { testbedAddresses } from '../harness/bed.ts'

const MAIN = join(import.meta.dirname, '../../bench/main.ts')
const run = promisify(execFile)

/** A benchmark on the broker of the tests, as small as can be. */
async function measure(...args: readonly string[]): Promise<Result> {
  const { brokers, registryUrl } = testbedAddresses()
  const env = { ...process.env, KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl }
  const { stdout } = await run(
    process.execPath,
    [MAIN, ...args, '--quick', '--rounds', '1', '--json'],
    { env },
  )
  const [result] = JSON.parse(stdout) as Result[]
  assert.ok(result !== undefined)
  return result
}

test('a curve of late events is measured, and each event has the fate it must have', async () => {
  const { problems, cases } = await measure('growth', '--curve', 'late', '--events', '20000')
  assert.deepEqual(problems, [])
  assert.deepEqual(
    cases.map(({ x }) => x),
    [0, 7, 20],
  )
  assert.ok(cases.every(({ values }) => (values['rate']?.[0] ?? 0) > 0))
})

test('the start is measured, to the first commit', async () => {
  const { cases } = await measure('start')
  const [seconds = 0] = cases[0]?.values['commit'] ?? []
  assert.ok(seconds > 0.1, `${seconds} s`)
})
