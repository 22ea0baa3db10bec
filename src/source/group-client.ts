import kafka from '@confluentinc/kafka-javascript'
import type {
  KafkaConsumer,
  LibrdKafkaError,
  Message,
  TopicPartitionOffsetAndMetadata,
} from '@confluentinc/kafka-javascript'
import type { InputRecord } from '../domain/record.ts'
import { fromCallback } from '../runtime/callback.ts'
import type { BatchHandle } from '../runtime/kafka-addon.ts'
import type { ClientLogLine } from '../runtime/kafka-connection.ts'
import { KAFKA_ERROR } from '../runtime/kafka-error.ts'
import { BlockRecord, consumeBlock } from './message-block.ts'
import type { CommittedOffset } from './port.ts'

/** librdkafka properties, as `config/client-properties.ts` makes them. */
export type ClientProperties = Readonly<Record<string, string | number | boolean>>

/** A partition as the client names it. */
export interface Assignment {
  readonly topic: string
  readonly partition: number
}

/** Longest wait for the first record of a poll: bounds how late a rebalance or shutdown is noticed. */
export const POLL_WAIT_MS = 50
/** Longest wait for records behind the first one. */
const LINGER_MS = 1

/** What a client of a group tells of itself, each with the client, which may have been replaced since. */
export interface GroupEvents {
  rebalanced(client: KafkaConsumer, error: LibrdKafkaError, partitions: readonly Assignment[]): void
  failed(client: KafkaConsumer, error: unknown): void
  /** librdkafka's statistics, JSON. */
  measured(client: KafkaConsumer, json: string): void
  /** A line of librdkafka's log. */
  logged(client: KafkaConsumer, line: ClientLogLine): void
}

/** A consumer that answers rebalances itself. @throws what librdkafka says of properties it does not take */
export function createGroupClient(
  properties: ClientProperties,
  events: GroupEvents,
): KafkaConsumer {
  const client: KafkaConsumer = new kafka.RdKafka.KafkaConsumer(
    {
      ...properties,
      rebalance_cb: (error: LibrdKafkaError, partitions: Assignment[]) =>
        events.rebalanced(client, error, partitions),
    },
    // An offset that left the log must be seen, never silently jumped over.
    { 'auto.offset.reset': 'error' },
  )
  client.setDefaultConsumeTimeout(POLL_WAIT_MS)
  // Otherwise the time-out is paid per message, and a trickle would hold a poll back.
  incremental(client).setDefaultIsTimeoutOnlyForFirstMessage(true)
  client.on('event.error', (error) => events.failed(client, error))
  client.on('event.log', (line: ClientLogLine) => events.logged(client, line))
  client.on('event.stats', ({ message }: { message: string }) => events.measured(client, message))
  return client
}

/**
 * What has come: with a patched client one block for all records, whose bytes nobody copies; else a message an
 * object.
 *
 * @param how the longest wait for the first record counts with a patched client only
 * @param onProblem gets what comes in a record's place, and what the client says instead of records
 */
export async function pollRecords(
  client: KafkaConsumer,
  how: { readonly isPatched: boolean; readonly recordsMax: number; readonly firstMs: number },
  onProblem: (problem: unknown) => void,
): Promise<readonly InputRecord[]> {
  try {
    if (how.isPatched) return await pollBlock(client, how, onProblem)
    const messages = await fromCallback<Message[]>((done) => client.consume(how.recordsMax, done))
    return messages as readonly InputRecord[]
  } catch (error) {
    onProblem(error)
    return []
  }
}

async function pollBlock(
  client: KafkaConsumer,
  { recordsMax, firstMs }: { readonly recordsMax: number; readonly firstMs: number },
  onProblem: (problem: unknown) => void,
): Promise<readonly InputRecord[]> {
  const wait = { firstMs, lingerMs: LINGER_MS }
  const block = await consumeBlock(incremental(client).getClient(), recordsMax, wait)
  const records: InputRecord[] = []
  for (let index = 0; index < block.count; index++) {
    if (block.error(index) === 0) records.push(new BlockRecord(block, index))
    else onProblem(block.problem(index))
  }
  return records
}

/** What a client that is no longer ours still asks. */
export function giveBack(
  consumer: KafkaConsumer,
  error: LibrdKafkaError,
  partitions: readonly Assignment[],
): void {
  if (error.code === KAFKA_ERROR.assignPartitions) return
  try {
    incremental(consumer).incrementalUnassign([...partitions])
  } catch {
    // It may be down already.
  }
}

/** A fatal error: the client can do nothing more. */
export function isFatal(code: number): boolean {
  return (
    code === KAFKA_ERROR.fatal ||
    code === KAFKA_ERROR.fenced ||
    code === KAFKA_ERROR.fencedInstanceId
  )
}

/** An error after which the group has another idea of this member than the client. */
export function isOver(code: number): boolean {
  return isFatal(code) || code === KAFKA_ERROR.maxPollExceeded
}

/** Methods that the client has but its type declarations leave out. */
interface IncrementalConsumer {
  incrementalAssign(partitions: (Assignment & { offset: number })[]): void
  incrementalUnassign(partitions: Assignment[]): void
  assignmentLost(): boolean
  setDefaultIsTimeoutOnlyForFirstMessage(isOnly: boolean): void
  /** The addon's own object, which has what a patch adds to it. */
  getClient(): BatchHandle
}

/** The client with the methods that its type declarations leave out. */
export function incremental(consumer: KafkaConsumer): IncrementalConsumer {
  return consumer as unknown as IncrementalConsumer
}

/** A committed offset as the client tells it. */
export function storedOf(entry: TopicPartitionOffsetAndMetadata): CommittedOffset {
  return {
    partition: entry.partition,
    offset: entry.offset !== undefined && entry.offset >= 0 ? entry.offset : undefined,
    metadata: entry.metadata ?? undefined,
  }
}
