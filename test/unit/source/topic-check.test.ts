import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/domain/errors.ts'
import type { Source } from '../../../src/source/port.ts'
import { requireTopics, tooSmall } from '../../../src/source/topic-check.ts'

function sourceWith(counts: Readonly<Record<string, number>>): Pick<Source, 'partitionCounts'> {
  return {
    partitionCounts: async (topics) =>
      new Map(
        topics.flatMap((topic) => {
          const count = counts[topic]
          return count === undefined ? [] : [[topic, count] as const]
        }),
      ),
  }
}

test('outputs with as many partitions as the input, or more, will do', async () => {
  await requireTopics(sourceWith({ in: 3, a: 3, b: 4 }), 'in', ['a', 'b'])
})

test('every topic that is missing is named', async () => {
  await assert.rejects(
    requireTopics(sourceWith({ a: 3 }), 'in', ['a', 'b']),
    (error: unknown) =>
      error instanceof ServiceError &&
      error.code === 'TOPIC_MISSING' &&
      error.message.endsWith('"in", "b"'),
  )
})

test('every output with fewer partitions than the input is named, with both numbers', async () => {
  await assert.rejects(
    requireTopics(sourceWith({ in: 3, a: 2, b: 3, c: 1 }), 'in', ['a', 'b', 'c']),
    (error: unknown) =>
      error instanceof ServiceError &&
      error.code === 'TOPIC_PARTITIONS' &&
      error.message.endsWith('the 3 partitions of "in": "a" has 2, "c" has 1'),
  )
})

function sizes(bytes: Readonly<Record<string, string>>) {
  return new Map(
    Object.entries(bytes).map(([topic, value]) => [topic, new Map([['max.message.bytes', value]])]),
  )
}

test('a topic that takes what the input holds only without the headers is named, with the command that helps', () => {
  const settings = sizes({ in: '1048588', dead: '1048588', late: '1064972' })
  const [line = '', ...more] = tooSmall(settings, 'in', ['dead', 'late'])
  assert.deepEqual(more, [])
  assert.match(line, /^"dead" takes records of 1048588 bytes; .* need 1064972 /)
  assert.match(line, /: kafka-configs\.sh --bootstrap-server \$KAFKA_BROKERS --alter /)
  assert.match(line, /--entity-name dead --add-config max\.message\.bytes=1064972$/)
})

test('a topic whose settings may not be read is not looked at', () => {
  assert.deepEqual(tooSmall(sizes({ in: '1048588' }), 'in', ['dead']), [])
})
