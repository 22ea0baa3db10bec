import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeaderStyle } from '../../../src/domain/header-style.ts'
import { deadLetter } from '../../../src/domain/outcome.ts'
import { FOREIGN_STYLES, foreignHeaders } from '../../../src/sink/foreign-headers.ts'
import type { ForeignStyle } from '../../../src/sink/foreign-headers.ts'
import { deadLetterHeaders } from '../../../src/sink/headers.ts'
import { inputRecord } from '../../fixtures/records.ts'

const IDENTITY = { appId: 'app', instanceId: 'app-0', modelName: 'm', modelVersion: '1.0.0' }
const FAILURE = {
  record: inputRecord({ offset: 2 ** 33 + 1, timestamp: -1 }),
  letter: deadLetter('undecodable', 'decode', 'ends too early'),
  ...IDENTITY,
}
const TRACE = 'undecodable: ends too early\n\tat millrace.decode(m 1.0.0)\n'

function written(style: HeaderStyle): [string, string][] {
  return foreignHeaders(style, FAILURE).flatMap((header) =>
    Object.entries(header).map(([name, value]): [string, string] => [
      name,
      Buffer.isBuffer(value) ? value.toString('hex') : value,
    ]),
  )
}

test('the streams style has the six headers of Kafka Streams, all text', () => {
  assert.deepEqual(written('streams'), [
    ['__streams.errors.exception', 'undecodable'],
    ['__streams.errors.message', 'ends too early'],
    ['__streams.errors.stacktrace', TRACE],
    ['__streams.errors.topic', 'events'],
    ['__streams.errors.partition', '3'],
    ['__streams.errors.offset', '8589934593'],
  ])
})

test('the connect style has the ten headers of Kafka Connect, all text', () => {
  assert.deepEqual(written('connect'), [
    ['__connect.errors.topic', 'events'],
    ['__connect.errors.partition', '3'],
    ['__connect.errors.offset', '8589934593'],
    ['__connect.errors.connector.name', 'app'],
    ['__connect.errors.task.id', 'app-0'],
    ['__connect.errors.stage', 'VALUE_CONVERTER'],
    ['__connect.errors.class.name', 'millrace.decode'],
    ['__connect.errors.exception.class.name', 'undecodable'],
    ['__connect.errors.exception.message', 'ends too early'],
    ['__connect.errors.exception.stacktrace', TRACE],
  ])
})

test('the spring style has numbers as big-endian bytes, as ByteBuffer puts them', () => {
  assert.deepEqual(written('spring'), [
    ['kafka_dlt-exception-fqcn', 'undecodable'],
    ['kafka_dlt-exception-message', 'ends too early'],
    ['kafka_dlt-exception-stacktrace', TRACE],
    ['kafka_dlt-original-topic', 'events'],
    ['kafka_dlt-original-partition', '00000003'],
    ['kafka_dlt-original-offset', '0000000200000001'],
    ['kafka_dlt-original-timestamp', 'ffffffffffffffff'],
    ['kafka_dlt-original-consumer-group', 'app'],
  ])
})

test('our own headers come with every style, those of the style after them', () => {
  const provenance = { ...FAILURE, schemaId: 7, identity: IDENTITY, failedAt: 'now' }
  const own = deadLetterHeaders(provenance, FAILURE.letter, 'millrace')
  assert.deepEqual(foreignHeaders('millrace', FAILURE), [])
  for (const style of ['streams', 'connect', 'spring'] as const) {
    assert.deepEqual(deadLetterHeaders(provenance, FAILURE.letter, style), [
      ...own,
      ...foreignHeaders(style, FAILURE),
    ])
  }
})

test('every style names its source at a commit, and no header twice', () => {
  const styles: readonly ForeignStyle[] = Object.values(FOREIGN_STYLES)
  for (const { commit, path, headers } of styles) {
    assert.match(commit, /^[0-9a-f]{40}$/)
    assert.match(path, /^[a-z].*\.java$/)
    assert.equal(new Set(headers.map(({ name }) => name)).size, headers.length)
  }
})
