import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addStatistics } from '../../../src/telemetry/client-statistics.ts'
import { SampleTable } from '../../../src/telemetry/sample-table.ts'
import type { SeriesName } from '../../../src/telemetry/series.ts'

const DOCUMENT = JSON.stringify({
  msg_cnt: 7,
  msg_size: 700,
  msg_max: 200_000,
  msg_size_max: 1_000_000,
  tx: 10,
  tx_bytes: 1_000,
  rx_bytes: 2_000,
  txmsgs: 70,
  rxmsgs: 80,
  brokers: {
    'a:9092/bootstrap': { name: 'a:9092/bootstrap', nodeid: -1, source: 'configured', state: 'UP' },
    'a:9092/2': {
      name: 'a:9092/2',
      nodeid: 2,
      source: 'learned',
      state: 'UP',
      outbuf_cnt: 1,
      waitresp_cnt: 3,
      req_timeouts: 4,
      rtt: { avg: 2_000, p99: 9_000 },
    },
    GroupCoordinator: { name: 'GroupCoordinator', nodeid: 2, source: 'logical', state: 'DOWN' },
  },
  topics: {
    events: {
      partitions: {
        '0': { fetchq_cnt: 5, fetchq_size: 50 },
        '1': { fetchq_cnt: 6, fetchq_size: 60 },
        '-1': {},
      },
    },
  },
  cgrp: { rebalance_cnt: 3 },
  eos: { txn_state: 'InTransaction', txn_stateage: 250 },
})

function read(client: 'consumer' | 'producer', json: string): (name: SeriesName) => unknown {
  const table = new SampleTable()
  addStatistics(table, client, json)
  return (name) =>
    table.samples(name).map(({ labels, value }) => [...Object.values(labels), value].join(' '))
}

test('a producer tells its queue and its transaction, times in seconds', () => {
  const told = read('producer', DOCUMENT)
  assert.deepEqual(told('millrace_kafka_queue_messages'), ['producer 7'])
  assert.deepEqual(told('millrace_kafka_transaction_state_age_seconds'), [
    'producer InTransaction 0.25',
  ])
  assert.deepEqual(told('millrace_kafka_sent_messages_total'), ['producer 70'])
  assert.deepEqual(told('millrace_kafka_queue_max_messages'), ['producer 200000'])
  assert.deepEqual(told('millrace_kafka_queue_max_bytes'), ['producer 1000000'])
})

test('a consumer tells what it fetched ahead, of all partitions together', () => {
  const told = read('consumer', DOCUMENT)
  assert.deepEqual(told('millrace_kafka_queue_messages'), ['consumer 11'])
  assert.deepEqual(told('millrace_kafka_queue_max_messages'), [])
  assert.deepEqual(told('millrace_kafka_queue_bytes'), ['consumer 110'])
  assert.deepEqual(told('millrace_kafka_rebalances_total'), ['consumer 3'])
  assert.deepEqual(told('millrace_kafka_transaction_state_age_seconds'), [])
})

test('brokers are told by id, coordinators by role, bootstrap addresses not at all', () => {
  const told = read('producer', DOCUMENT)
  assert.deepEqual(told('millrace_kafka_broker_up'), [
    'producer 2 1',
    'producer GroupCoordinator 0',
  ])
  assert.deepEqual(told('millrace_kafka_broker_rtt_seconds'), [
    'producer 2 avg 0.002',
    'producer 2 p99 0.009',
  ])
  assert.deepEqual(told('millrace_kafka_broker_inflight_requests'), ['producer 2 3'])
  assert.deepEqual(told('millrace_kafka_broker_timeouts_total'), ['producer 2 4'])
})

test('a document that leaves everything out is no error', () => {
  const told = read('producer', '{}')
  assert.deepEqual(told('millrace_kafka_queue_messages'), [])
  assert.deepEqual(told('millrace_kafka_broker_up'), [])
})
