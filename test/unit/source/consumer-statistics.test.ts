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
        '0': { ls_offset: 12, app_offset: 11 },
        '2': { ls_offset: 12, app_offset: 12 },
        '3': { ls_offset: 0, app_offset: -1001 },
        '1': { ls_offset: -1001 },
        '-1': { ls_offset: 3 },
      },
    },
  },
})

test('ends of logs are read, and whether they are reached; unknown ones left out', () => {
  assert.deepEqual(
    [...readStatistics(STATISTICS, 'events').logEnds],
    [
      [0, { lastStable: 12, isReached: false }],
      [2, { lastStable: 12, isReached: true }],
      [3, { lastStable: 0, isReached: false }],
    ],
  )
})

test('a bootstrap connection is not a broker', () => {
  assert.equal(readStatistics(STATISTICS, 'events').isAnyBrokerUp, false)
})

test('statistics without the topic say nothing of it', () => {
  assert.equal(readStatistics('{}', 'events').logEnds.size, 0)
})
