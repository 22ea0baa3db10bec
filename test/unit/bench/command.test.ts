import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { BENCHES, COMMON, NAMES } from '../../../bench/benches.ts'
import { namesOf, wholeNumbers } from '../../../bench/options.ts'
import type { Result } from '../../../bench/result.ts'
import { UsageError } from '../../../scripts/options.ts'

const MAIN = join(import.meta.dirname, '../../../bench/main.ts')
const run = promisify(execFile)

/** What the command prints, and how it ends. */
async function bench(...args: readonly string[]): Promise<{ status: number; output: string }> {
  try {
    const { stdout } = await run(process.execPath, [MAIN, ...args])
    return { status: 0, output: stdout }
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string }
    return { status: code, output: stderr }
  }
}

for (const name of NAMES) {
  test(`the help of ${name} names its options, and none of them hides a common one`, () => {
    const { help, options } = BENCHES[name]
    for (const option of Object.keys(options)) {
      assert.match(help, new RegExp(`^  --${option} `, 'm'))
      assert.ok(!(option in COMMON), `--${option}`)
    }
  })
}

test('help lists every name', async () => {
  const { status, output } = await bench('--help')
  assert.equal(status, 0)
  for (const name of [...NAMES, 'peers', 'all'])
    assert.match(output, new RegExp(`^  ${name} `, 'm'))
})

test('a name that is mistyped is answered with the nearest', async () => {
  const { status, output } = await bench('bakclog')
  assert.equal(status, 2)
  assert.match(output, /bakclog.*backlog/)
})

test('a quick run yields its figures as JSON, with machine, versions and day', async () => {
  const { status, output } = await bench('inference', '--quick', '--json')
  assert.equal(status, 0)
  const [result] = JSON.parse(output) as Result[]
  assert.ok(result !== undefined)
  assert.deepEqual([result.bench, result.isQuick, result.problems], ['inference', true, []])
  assert.match(result.on.date, /^\d{4}-\d{2}-\d{2}$/)
  assert.match(result.on.machine, /GiB, linux/)
  assert.ok(result.cases.every(({ values }) => (values['rate']?.[0] ?? 0) > 0))
})

test('numbers and names are taken apart at commas, and refused by name', () => {
  assert.deepEqual(wholeNumbers('--events', '1000,20', []), [1_000, 20])
  assert.deepEqual(wholeNumbers('--events', undefined, [7]), [7])
  assert.throws(() => wholeNumbers('--events', '1,x', []), UsageError)
  assert.deepEqual(namesOf('--curve', 'b,a', ['a', 'b', 'c']), ['b', 'a'])
  assert.deepEqual(namesOf('--curve', undefined, ['a', 'b']), ['a', 'b'])
  assert.throws(() => namesOf('--curve', 'd', ['a', 'b']), /--curve must name some of a, b, got d/)
})
