import type { SampleTable } from './sample-table.ts'

/** The two Kafka clients of a service. */
export type KafkaClient = 'consumer' | 'producer'

/** What is read of librdkafka's statistics (librdkafka `STATISTICS.md`). All of it may be missing. */
interface RawStatistics {
  readonly msg_cnt?: number
  readonly msg_size?: number
  readonly msg_max?: number
  readonly msg_size_max?: number
  readonly tx?: number
  readonly tx_bytes?: number
  readonly rx_bytes?: number
  readonly txmsgs?: number
  readonly rxmsgs?: number
  readonly brokers?: Readonly<Record<string, RawBroker>>
  readonly topics?: Readonly<Record<string, RawTopic>>
  readonly cgrp?: { readonly rebalance_cnt?: number }
  readonly eos?: { readonly txn_state?: string; readonly txn_stateage?: number }
}

interface RawTopic {
  readonly partitions?: Readonly<Record<string, { fetchq_cnt?: number; fetchq_size?: number }>>
}

interface RawBroker {
  readonly name?: string
  readonly nodeid?: number
  readonly source?: string
  readonly state?: string
  readonly outbuf_cnt?: number
  readonly waitresp_cnt?: number
  readonly req_timeouts?: number
  readonly rtt?: { readonly avg?: number; readonly p99?: number }
}

/** Puts one statistics document into an empty table. Series grow with the brokers, not the topics. */
export function addStatistics(table: SampleTable, client: KafkaClient, json: string): void {
  const raw: RawStatistics = JSON.parse(json)
  const queue = client === 'consumer' ? fetchedAhead(raw) : raw
  table.set('millrace_kafka_queue_messages', { client }, queue.msg_cnt)
  table.set('millrace_kafka_queue_bytes', { client }, queue.msg_size)
  if (client === 'producer') {
    table.set('millrace_kafka_queue_max_messages', { client }, raw.msg_max)
    table.set('millrace_kafka_queue_max_bytes', { client }, raw.msg_size_max)
  }
  table.set('millrace_kafka_sent_messages_total', { client }, raw.txmsgs)
  table.set('millrace_kafka_received_messages_total', { client }, raw.rxmsgs)
  table.set('millrace_kafka_sent_bytes_total', { client }, raw.tx_bytes)
  table.set('millrace_kafka_received_bytes_total', { client }, raw.rx_bytes)
  table.set('millrace_kafka_requests_total', { client }, raw.tx)
  table.set('millrace_kafka_rebalances_total', { client }, raw.cgrp?.rebalance_cnt)
  for (const broker of Object.values(raw.brokers ?? {})) addBroker(table, client, broker)
  const { txn_state: state, txn_stateage: ageMs } = raw.eos ?? {}
  if (client === 'producer' && state !== undefined && ageMs !== undefined) {
    const name = 'millrace_kafka_transaction_state_age_seconds'
    table.set(name, { client, state }, ageMs / 1_000)
  }
}

function addBroker(table: SampleTable, client: KafkaClient, raw: RawBroker): void {
  const broker = brokerLabel(raw)
  if (broker === undefined) return
  const labels = { client, broker }
  table.set('millrace_kafka_broker_up', labels, raw.state === 'UP' ? 1 : 0)
  table.set('millrace_kafka_broker_outbuf_requests', labels, raw.outbuf_cnt)
  table.set('millrace_kafka_broker_inflight_requests', labels, raw.waitresp_cnt)
  table.set('millrace_kafka_broker_timeouts_total', labels, raw.req_timeouts)
  for (const statistic of ['avg', 'p99'] as const) {
    const us = raw.rtt?.[statistic]
    const rtt = us === undefined ? undefined : us / 1_000_000
    table.set('millrace_kafka_broker_rtt_seconds', { ...labels, statistic }, rtt)
  }
}

/**
 * A coordinator's connection carries the id of the broker it goes to, so it is told by its role;
 * bootstrap addresses (id −1) are given up once the brokers are known.
 */
function brokerLabel({ name, nodeid, source }: RawBroker): string | undefined {
  if (source === 'logical') return name
  return nodeid === undefined || nodeid < 0 ? undefined : String(nodeid)
}

/** A consumer counts what it fetched ahead by partition. */
function fetchedAhead(raw: RawStatistics): Pick<RawStatistics, 'msg_cnt' | 'msg_size'> {
  let messages = 0
  let bytes = 0
  for (const topic of Object.values(raw.topics ?? {})) {
    for (const partition of Object.values(topic.partitions ?? {})) {
      messages += partition.fetchq_cnt ?? 0
      bytes += partition.fetchq_size ?? 0
    }
  }
  return { msg_cnt: messages, msg_size: bytes }
}
