import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { countTests, SKIPPABLE } from '../../../scripts/test-counts.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const [MAY] = SKIPPABLE

/** The end of what Node's runner prints. */
function printed(lines: readonly string[], counts: Readonly<Record<string, number>>): string {
  const closing = ['pass', 'fail', 'cancelled', 'skipped', 'todo'].map(
    (what) => `ℹ ${what} ${counts[what] ?? 0}`,
  )
  return [...lines, ...closing, ''].join('\n')
}

test('the tests that may be skipped are those of the image, all of them and no others', () => {
  const declared = globSync('test/image/*.test.ts', { cwd: ROOT })
    .map((path) => readFileSync(resolve(ROOT, path), 'utf8'))
    .flatMap((text) => [...text.matchAll(/^testImage\(\s*(?<quote>['"])(?<name>.+?)\k<quote>,/gm)])
    .map(({ groups }) => groups?.['name'] ?? '')
  assert.deepEqual(new Set(declared), SKIPPABLE)
})

test('a test that may be skipped is counted as skipped', () => {
  const lines = [`﹣ ${MAY} (0.5ms) # no container engine: it takes root (here)`]
  assert.deepEqual(countTests(printed(lines, { pass: 2, skipped: 1 })), {
    passed: 2,
    failed: 0,
    skipped: 1,
  })
})

for (const [what, lines, counts] of [
  ['any other that is skipped', ['﹣ no duplicate (0.5ms) # no time'], { skipped: 1 }],
  ['one whose name the output no longer holds', [], { skipped: 1 }],
  ['one skipped within another', [`  ﹣ ${MAY} (0.5ms) # SKIP`], { skipped: 1 }],
  ['one that is left to do', ['✔ no duplicate (0.1ms) # TODO'], { todo: 1 }],
  ['one that was cancelled', [], { cancelled: 1 }],
] as const) {
  test(`${what} is counted as failed`, () => {
    const { failed, skipped } = countTests(printed(lines, { pass: 2, ...counts }))
    assert.deepEqual([failed, skipped], [1, 0])
  })
}

test('of a runner that died no count can be read', () => {
  assert.deepEqual(countTests('✔ a test (1ms)\n').failed, NaN)
})
