import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnFencing } from '../../../src/source/own-fencing.ts'

test('without an outage or a loss before it, a fencing is of another process', () => {
  assert.equal(new OwnFencing().takes(1_000_000), false)
})

test('after an outage a fencing is the client’s own, once', () => {
  const fencing = new OwnFencing()
  fencing.outage(5_000)
  assert.equal(fencing.takes(5_100), true)
  assert.equal(fencing.takes(5_200), false)
  fencing.outage(10_000)
  assert.equal(fencing.takes(69_999), true)
  fencing.outage(100_000)
  assert.equal(fencing.takes(160_000), false, 'too long ago')
})

test('a loss together with the fencing is of another process; one before it is the client’s own', () => {
  const fencing = new OwnFencing()
  fencing.lost(5_000)
  assert.equal(fencing.takes(5_999), false)
  fencing.lost(10_000)
  assert.equal(fencing.takes(11_000), true)
  assert.equal(fencing.takes(12_000), false)
})
