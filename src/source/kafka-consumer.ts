import { setTimeout as sleep } from 'node:timers/promises'
import type {
  KafkaConsumer,
  LibrdKafkaError,
  Message,
  TopicPartitionOffsetAndMetadata,
} from '@confluentinc/kafka-javascript'
import type { InputRecord } from '../domain/record.ts'
import { fromCallback } from '../runtime/callback.ts'
import { canKafka } from '../runtime/kafka-addon.ts'
import { KAFKA_ERROR, kafkaErrorOf } from '../runtime/kafka-error.ts'
import { kafkaRequest } from '../runtime/kafka-request.ts'
import { readStatistics } from './consumer-statistics.ts'
import {
  createGroupClient,
  giveBack,
  incremental,
  POLL_WAIT_MS,
  pollRecords,
  storedOf,
} from './group-client.ts'
import type { Assignment, ClientProperties, GroupEvents } from './group-client.ts'
import { KafkaTrouble } from './kafka-trouble.ts'
import type { CommittedOffset, LogBounds, Rebalance, Source, StartOffset } from './port.ts'
import { partitionCounts } from './partition-counts.ts'
import { ReadProgress } from './read-progress.ts'
import { seekAll, wakeLeaders } from './seek.ts'

/** librdkafka's logical offset for the beginning of the log. */
const OFFSET_BEGINNING = -2
/** Longest wait of a poll that can bring no record: what is waited for is looked at between two polls. */
const WAITING_POLL_MS = 10
/** Bound on every request to a broker outside of polling. */
const REQUEST_TIMEOUT_MS = 10_000
/** Bound on giving the partitions back when closing. */
const LEAVE_WAIT_MS = 2_000

/**
 * The input topic on librdkafka's consumer, callback API.
 *
 * Statistics must be on (`statistics.interval.ms`): the last stable offset and the state of the
 * broker connections come from them.
 */
export class KafkaSource implements Source {
  readonly #topic: string
  readonly #properties: ClientProperties
  readonly #leavesGroup: boolean
  readonly #onStatistics: ((json: string) => void) | undefined
  readonly #isPatched: boolean
  readonly #events: GroupEvents = {
    rebalanced: (client, error, partitions) => {
      if (client === this.#consumer) this.#rebalanced(client, error, partitions)
      else giveBack(client, error, partitions)
    },
    failed: (client, error) => {
      if (client === this.#consumer && !this.#isGivenUp) this.#trouble.noticeError(error)
    },
    measured: (client, json) => {
      if (client !== this.#consumer) return
      this.#noticeStatistics(json)
      this.#onStatistics?.(json)
    },
    logged: (client, line) => {
      if (client === this.#consumer) this.#trouble.connections.noticeLog(line)
    },
  }
  #consumer: KafkaConsumer
  readonly #trouble: KafkaTrouble
  readonly #progress = new ReadProgress()
  /** Assigned, but waiting for `seek`. */
  readonly #paused = new Set<number>()
  #onRebalance: ((rebalance: Rebalance) => void) | undefined
  #rebalances = 0
  /** Assigned and answered for. */
  readonly #owned = new Set<number>()
  /** A rebalance has been answered since the last poll. */
  #isAnswered = false
  /** The client is to be replaced, and the loop has yet to give up what the old one had. */
  #isGivenUp = false
  /** A client in another's place has yet to join. */
  #isReplaced = false
  #return: Promise<void> | undefined
  #retired: Promise<void> = Promise.resolve()

  constructor(options: {
    readonly topic: string
    readonly properties: ClientProperties
    /** Whether `close` gives the partitions back; without it they wait until the session is over. */
    readonly leavesGroup?: boolean
    /** Gets librdkafka's statistics, JSON, once per `statistics.interval.ms`. */
    readonly onStatistics?: (json: string) => void
    /** Whether the client can read blocks of messages; it need not. */
    readonly isPatched?: boolean
  }) {
    this.#topic = options.topic
    this.#trouble = new KafkaTrouble(options.topic)
    this.#properties = options.properties
    this.#leavesGroup = options.leavesGroup ?? false
    this.#onStatistics = options.onStatistics
    this.#isPatched = options.isPatched ?? canKafka('consumeBatch')
    this.#consumer = createGroupClient(this.#properties, this.#events)
  }

  /**
   * The client itself: the producer needs it to send offsets on behalf of this group member. Another
   * one after a `connect` that failed.
   */
  get client(): KafkaConsumer {
    return this.#consumer
  }

  async connect(): Promise<void> {
    try {
      await this.#trouble.connections.connect((done) =>
        this.#consumer.connect(
          // Asked without a topic, the client would ask for all of the cluster.
          { topic: this.#topic, allTopics: false, timeout: REQUEST_TIMEOUT_MS },
          done,
        ),
      )
    } catch (error) {
      // A client that connects once more would tell every event twice.
      this.#consumer = createGroupClient(this.#properties, this.#events)
      throw error
    }
  }

  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return partitionCounts(this.#consumer, topics, REQUEST_TIMEOUT_MS)
  }

  subscribe(onRebalance: (rebalance: Rebalance) => void): void {
    this.#onRebalance = onRebalance
    this.#consumer.subscribe([this.#topic])
  }

  async poll(recordsMax: number): Promise<readonly InputRecord[]> {
    this.#trouble.throwFatal()
    if (this.#isAway) {
      // Not before the loop has given up what the old client had.
      if (this.#isReplaced) this.#return ??= this.#comeBack()
      await sleep(POLL_WAIT_MS)
      return []
    }
    this.#wakeAfterRebalance()
    const how = { isPatched: this.#isPatched, recordsMax, firstMs: this.#pollWaitMs }
    const records = await pollRecords(this.#consumer, how, (error) =>
      this.#trouble.noticeError(error),
    )
    const why = await this.#trouble.replacement()
    if (why !== undefined) this.#giveUp(why)
    this.#trouble.throwFatal()
    this.#progress.delivered(records)
    return records
  }

  /** Short until the group has said what is ours, and while all of that waits for `seek`. */
  get #pollWaitMs(): number {
    const isStanding = this.#owned.size > 0 && this.#paused.size === this.#owned.size
    return isStanding || this.#rebalances === 0 ? WAITING_POLL_MS : POLL_WAIT_MS
  }

  /** Whether there is no client in the group, or none that may go on. */
  get #isAway(): boolean {
    return this.#isGivenUp || this.#isReplaced
  }

  async committed(partitions: readonly number[]): Promise<readonly CommittedOffset[]> {
    const answer = await kafkaRequest<TopicPartitionOffsetAndMetadata[]>(
      'reading committed offsets',
      (done) => this.#consumer.committed(this.#positions(partitions), REQUEST_TIMEOUT_MS, done),
    )
    return answer.map(storedOf)
  }

  async logBounds(partition: number): Promise<LogBounds> {
    const bounds = await kafkaRequest<{ lowOffset: number; highOffset: number }>(
      `reading the bounds of ${this.#topic}-${partition}`,
      (done) =>
        this.#consumer.queryWatermarkOffsets(this.#topic, partition, REQUEST_TIMEOUT_MS, done),
    )
    return { first: bounds.lowOffset, end: bounds.highOffset }
  }

  async seek(starts: readonly StartOffset[]): Promise<void> {
    if (starts.length === 0) return
    const ours = starts.map(({ partition }) => partition)
    const positions = this.#positions(ours)
    this.#consumer.pause(positions)
    await seekAll(this.#consumer, this.#topic, starts, REQUEST_TIMEOUT_MS)
    for (const start of starts) {
      this.#paused.delete(start.partition)
      this.#progress.sought(start)
    }
    this.#consumer.resume(positions)
    // Not waited for: the broker answers it after the fetch that it may be holding back for want of records.
    void wakeLeaders(this.#consumer, this.#topic, ours)
  }

  /**
   * The client pauses all partitions for a rebalance, also those that stay, and resumes them once it is
   * answered: by then their brokers' threads may sleep.
   */
  #wakeAfterRebalance(): void {
    if (!this.#isAnswered) return
    this.#isAnswered = false
    const going = [...this.#owned].filter((partition) => !this.#paused.has(partition))
    void wakeLeaders(this.#consumer, this.#topic, going)
  }

  pause(partitions: readonly number[]): void {
    for (const partition of partitions) this.#paused.add(partition)
    if (partitions.length > 0) this.#consumer.pause(this.#positions(partitions))
  }

  hold(): void {
    if (!this.#isAway) this.#consumer.pause(this.#consumer.assignments())
  }

  release(): void {
    if (this.#isAway) return
    const going = this.#consumer
      .assignments()
      .filter(({ partition }) => !this.#paused.has(partition))
    this.#consumer.resume(going)
  }

  recordsEnd(partition: number): number | undefined {
    return this.#progress.recordsEnd(partition)
  }

  trouble(): string | undefined {
    return this.#trouble.text
  }

  async close(): Promise<void> {
    this.#onRebalance = undefined
    await Promise.all([this.#return, this.#retired])
    if (!this.#consumer.isConnected()) return
    if (this.#leavesGroup) await this.#leave()
    await fromCallback((done) => this.#consumer.disconnect(done))
  }

  /** A static member that only disconnects never tells the group; one that unsubscribes does. */
  async #leave(): Promise<void> {
    const deadline = performance.now() + LEAVE_WAIT_MS
    this.#consumer.unsubscribe()
    while (this.#consumer.assignments().length > 0 && performance.now() < deadline) {
      await fromCallback<Message[]>((done) => this.#consumer.consume(1, done)).catch(() => [])
    }
  }

  #positions(partitions: readonly number[]): Assignment[] {
    return partitions.map((partition) => ({ topic: this.#topic, partition }))
  }

  #rebalanced(
    client: KafkaConsumer,
    error: LibrdKafkaError,
    partitions: readonly Assignment[],
  ): void {
    const number = ++this.#rebalances
    const ours = partitions.map((entry) => entry.partition)
    if (error.code === KAFKA_ERROR.assignPartitions) {
      this.#announce({
        kind: 'assigned',
        number,
        partitions: ours,
        answer: () => {
          if (client === this.#consumer) this.#takeOver(ours)
        },
      })
      return
    }
    const lost = incremental(client).assignmentLost()
    if (lost) this.#trouble.lost()
    this.#announce({
      kind: lost ? 'lost' : 'revoked',
      number,
      partitions: ours,
      answer: () => {
        // The client that asked may have been replaced since; it waits for its answer all the same.
        if (client !== this.#consumer) {
          giveBack(client, error, partitions)
          return
        }
        this.#forget(ours)
        incremental(client).incrementalUnassign(this.#positions(ours))
        this.#isAnswered = true
      },
    })
  }

  #forget(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.#progress.forget(partition)
      this.#paused.delete(partition)
      this.#owned.delete(partition)
    }
  }

  /** The client has been fenced by its own doing: all is lost, and another one joins in its place. */
  #giveUp(why: string): void {
    this.#isGivenUp = true
    const partitions = [...this.#owned]
    this.#announce({
      kind: 'lost',
      number: ++this.#rebalances,
      partitions,
      why: `the client was fenced after an outage and is replaced: ${why}`,
      answer: () => {
        this.#forget(partitions)
        const old = this.#consumer
        this.#consumer = createGroupClient(this.#properties, this.#events)
        this.#retired = fromCallback<unknown>((done) => old.disconnect(done)).then(
          () => undefined,
          () => undefined,
        )
        this.#isReplaced = true
        this.#isGivenUp = false
      },
    })
  }

  /** Joins the group with the new client, in the background: polls go on coming back. */
  async #comeBack(): Promise<void> {
    try {
      await this.connect()
      if (this.#onRebalance === undefined) return
      this.#consumer.subscribe([this.#topic])
      this.#isReplaced = false
    } catch (error) {
      this.#trouble.noticeReturn(error)
    } finally {
      this.#return = undefined
    }
  }

  /** A logical offset asks for nothing and can be out of no range; the real one comes with `seek`. */
  #takeOver(partitions: readonly number[]): void {
    const assigned = this.#positions(partitions)
    incremental(this.#consumer).incrementalAssign(
      assigned.map((each) => ({ ...each, offset: OFFSET_BEGINNING })),
    )
    for (const partition of partitions) this.#owned.add(partition)
    this.pause(partitions)
    this.#isAnswered = true
  }

  /** After the loop has gone (closing), a revocation still needs its answer, or the client hangs. */
  #announce(rebalance: Rebalance): void {
    if (this.#onRebalance !== undefined) {
      this.#onRebalance(rebalance)
      return
    }
    try {
      rebalance.answer()
    } catch (error) {
      // It may come when the client is down already: nobody waits for the answer any more.
      if (kafkaErrorOf(error).code !== KAFKA_ERROR.state) throw error
    }
  }

  #noticeStatistics(json: string): void {
    const statistics = readStatistics(json, this.#topic)
    this.#progress.measured(statistics.logEnds)
    this.#trouble.noticeBrokers(statistics.isAnyBrokerUp)
  }
}
