import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERROR_CODES } from '../../../src/domain/errors.ts'
import {
  KAFKA_ERROR,
  unauthorized,
  unauthorizedTransaction,
} from '../../../src/runtime/kafka-error.ts'
import type { KafkaError } from '../../../src/runtime/kafka-error.ts'
import { codeOf } from '../../../src/sink/producer-errors.ts'
import type { Flow } from '../../../src/sink/producer-errors.ts'

const PLAIN: KafkaError = {
  code: -1,
  message: 'as told',
  isFatal: false,
  isRetriable: false,
  isTxnRequiresAbort: false,
}
const ALL = { isFatal: true, isRetriable: true, isTxnRequiresAbort: true }

/** Row by row of the table of recoveries: what the client says, what the service does. */
const ROWS: readonly (readonly [string, Flow, Partial<KafkaError>, string, string])[] = [
  ['retriable', 'commit', { isRetriable: true }, 'TRANSACTION_RETRIABLE', 'retry'],
  ['abortable', 'send-offsets', { isTxnRequiresAbort: true }, 'TRANSACTION_ABORTABLE', 'abort'],
  [
    'a generation that is over, again and again',
    'send-offsets',
    { code: KAFKA_ERROR.illegalGeneration, isRetriable: true },
    'TRANSACTION_ABORTABLE',
    'abort',
  ],
  ['fatal', 'commit', { isFatal: true }, 'PRODUCER_FATAL', 'rebuild'],
  ['fatal whatever else it is', 'commit', ALL, 'PRODUCER_FATAL', 'rebuild'],
  [
    'abortable before retriable',
    'commit',
    { ...ALL, isFatal: false },
    'TRANSACTION_ABORTABLE',
    'abort',
  ],
  ['without a flag', 'commit', {}, 'PRODUCER_FATAL', 'rebuild'],
  ['without a flag, at begin', 'begin', {}, 'PRODUCER_FATAL', 'rebuild'],
  ['fenced', 'commit', { code: KAFKA_ERROR.fenced, ...ALL }, 'PRODUCER_FENCED', 'rebuild'],
  [
    'fenced by epoch',
    'send-offsets',
    { code: KAFKA_ERROR.invalidProducerEpoch },
    'PRODUCER_FENCED',
    'rebuild',
  ],
  ['a time-out of init', 'init', { code: KAFKA_ERROR.timedOut }, 'KAFKA_UNAVAILABLE', 'retry'],
  ...(['commit', 'abort', 'send-offsets'] as const).map(
    (flow) =>
      [
        `a time-out of ${flow}, which may have had its effect`,
        flow,
        { code: KAFKA_ERROR.timedOut, isRetriable: true },
        'COMMIT_UNCERTAIN',
        'rebuild',
      ] as const,
  ),
]

for (const [name, flow, error, code, disposition] of ROWS) {
  test(`an error that is ${name} is ${code}: ${disposition}`, () => {
    const found = codeOf(flow, { ...PLAIN, ...error })
    assert.equal(found, code)
    assert.equal(ERROR_CODES[found].disposition, disposition)
  })
}

for (const name of [
  'topicAuthorization',
  'groupAuthorization',
  'clusterAuthorization',
  'transactionalIdAuthorization',
  'saslAuthentication',
] as const) {
  test(`a refusal for want of rights ends the process: ${name}`, () => {
    const refused = unauthorized({ ...PLAIN, code: KAFKA_ERROR[name], ...ALL }, 'commit')
    assert.equal(refused?.code, 'KAFKA_UNAUTHORIZED')
    assert.equal(refused.disposition, 'exit')
  })
}

test('a transaction that ended for want of a right tells so in whatever call comes next', () => {
  const why = 'Failed to add partition(s) to transaction: Broker: … (TOPIC_AUTHORIZATION_FAILED)'
  const refused = unauthorizedTransaction(why, 'send-offsets')
  assert.equal(refused?.code, 'KAFKA_UNAUTHORIZED')
  assert.match(refused.message, /^send-offsets: Kafka refused: .*TOPIC_AUTHORIZATION_FAILED/)
  assert.equal(unauthorizedTransaction('… (INVALID_PRODUCER_EPOCH)', 'commit'), undefined)
  assert.equal(unauthorizedTransaction(undefined, 'commit'), undefined)
})
