import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stateTopicSettings } from '../../../src/source/state-topic.ts'

const HOUR_MS = 3_600_000

test('a changelog is compacted, and kept a day longer than its tiles can be seen', () => {
  const settings = stateTopicSettings(2 * HOUR_MS)
  assert.equal(settings['cleanup.policy'], 'compact,delete')
  assert.equal(settings['retention.ms'], String(26 * HOUR_MS))
  assert.equal(settings['message.timestamp.type'], 'LogAppendTime')
})

test('segments close often enough to be cleaned within the retention', () => {
  for (const reachMs of [1_000, HOUR_MS, 720 * HOUR_MS]) {
    const settings = stateTopicSettings(reachMs)
    assert.ok(Number(settings['segment.ms']) <= Number(settings['retention.ms']) / 4)
  }
})
