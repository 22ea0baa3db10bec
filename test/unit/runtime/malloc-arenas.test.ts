import assert from 'node:assert/strict'
import { test } from 'node:test'
import { arenaWarning } from '../../../src/runtime/malloc-arenas.ts'

test('arenas without a bound are told where there are any', () => {
  assert.match(arenaWarning({}, 'linux') ?? '', /MALLOC_ARENA_MAX is not set/)
  assert.equal(arenaWarning({ MALLOC_ARENA_MAX: '4' }, 'linux'), undefined)
  assert.equal(arenaWarning({}, 'darwin'), undefined)
})
