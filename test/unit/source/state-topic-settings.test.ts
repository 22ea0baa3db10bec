import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSettings, stateTopicSettings } from '../../../src/source/state-topic-settings.ts'

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

/** The settings of a changelog as the service creates it, but for these. */
function settingsBut(changed: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries({ ...stateTopicSettings(2 * HOUR_MS), ...changed }))
}

test('a changelog as the service creates it is as it should be', () => {
  assert.deepEqual(checkSettings('s', settingsBut({}), 2 * HOUR_MS), [])
  const otherOrder = settingsBut({ 'cleanup.policy': 'delete, compact' })
  assert.deepEqual(checkSettings('s', otherOrder, 2 * HOUR_MS), [])
})

test('settings that can lose state are refused with setting, value, bound and repair', () => {
  const cases = [
    [{ 'cleanup.policy': 'delete' }, /cleanup\.policy must be .*compact.*, got "delete"/],
    [{ 'retention.ms': '7199999' }, /retention\.ms must be at least the 7200000 ms .* got 7199999/],
    [{ 'retention.bytes': '1000000' }, /retention\.bytes must be -1, .* got 1000000/],
  ] as const
  for (const [changed, message] of cases) {
    assert.throws(() => checkSettings('s', settingsBut(changed), 2 * HOUR_MS), {
      code: 'TOPIC_SETTINGS',
      message,
    })
  }
})

test('one command repairs all that is refused', () => {
  const wrong = settingsBut({ 'cleanup.policy': 'delete', 'retention.ms': '1' })
  assert.throws(() => checkSettings('s', wrong, 2 * HOUR_MS), {
    message:
      /--entity-name s --add-config 'cleanup\.policy=\[compact,delete\],retention\.ms=93600000'$/,
  })
})

test('what costs no state is told, and nothing is refused for it', () => {
  const harmless = [
    ['cleanup.policy', 'compact'],
    ['retention.ms', '-1'],
    ['retention.ms', '7200000'],
    ['segment.bytes', '1073741824'],
    ['message.timestamp.type', 'CreateTime'],
  ] as const
  for (const [setting, value] of harmless) {
    const told = checkSettings('s', settingsBut({ [setting]: value }), 2 * HOUR_MS)
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', new RegExp(`^${setting} of "s" is ${value};`))
  }
})

test('without deletion no retention can lose anything', () => {
  const kept = settingsBut({ 'cleanup.policy': 'compact', 'retention.ms': '1' })
  assert.equal(checkSettings('s', kept, 2 * HOUR_MS).length, 2)
})
