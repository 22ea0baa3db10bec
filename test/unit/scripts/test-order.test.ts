import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { LONG_FILES, longestFirst } from '../../../scripts/test-order.ts'

const ROOT = resolve(import.meta.dirname, '../../..')

test('the files that are known to take long are all there', () => {
  assert.deepEqual(
    LONG_FILES.filter((file) => !existsSync(resolve(ROOT, file))),
    [],
  )
})

test('long files start first, in their order; every file starts once', () => {
  const [longest = '', second = ''] = LONG_FILES
  const files = ['test/a/b.test.ts', second, 'test/a/a.test.ts', longest]
  assert.deepEqual(longestFirst(files), [longest, second, 'test/a/a.test.ts', 'test/a/b.test.ts'])
})
