import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readStatistics } from '../../../src/source/consumer-statistics.ts'

const STATISTICS = JSON.stringify({
  brokers: {
    'localhost:9092/bootstrap': { state: 'UP', nodeid: -1 },
    'localhost:9092/1': { state: 'DOWN', nodeid: 1 },
  },
  topics: {
    events: {
      partitions: {
        '0': { ls_offset: 12 },
        '1': { ls_offset: -1001 },
        '-1': { ls_offset: 3 },
      },
    },
  },
})

test('last stable offsets are read, unknown ones left out', () => {
  assert.deepEqual([...readStatistics(STATISTICS, 'events').lastStable], [[0, 12]])
})

test('a bootstrap connection is not a broker', () => {
  assert.equal(readStatistics(STATISTICS, 'events').isAnyBrokerUp, false)
})

test('statistics without the topic say nothing of it', () => {
  assert.equal(readStatistics('{}', 'events').lastStable.size, 0)
})
