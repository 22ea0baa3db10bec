import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cleanup } from '../../../scripts/torture/cleanup.ts'

test('everything is undone once, last things first, also past what fails', async () => {
  const undone: number[] = []
  const cleanup = new Cleanup()
  cleanup.add(() => undone.push(1))
  cleanup.add(() => Promise.reject(new Error('stuck')))
  cleanup.add(() => undone.push(3))
  assert.deepEqual(await cleanup.run(), ['while ending: stuck'])
  assert.deepEqual(undone, [3, 1])
  assert.deepEqual(await cleanup.run(), [])
  assert.deepEqual(undone, [3, 1])
})
