import kafka from '@confluentinc/kafka-javascript'
import type { KafkaConsumer, Producer } from '@confluentinc/kafka-javascript'
import { ServiceError } from '../domain/errors.ts'
import { fromCallback } from '../runtime/callback.ts'
import { isAnyBrokerUp, parseBrokers } from '../runtime/broker-connections.ts'
import { abortsOnGap, canKafka, errorText, joinsProduceRequests } from '../runtime/kafka-addon.ts'
import type { ProduceHandle } from '../runtime/kafka-addon.ts'
import { KAFKA_ERROR, kafkaErrorOf } from '../runtime/kafka-error.ts'
import type { OutputBatch } from './output-batch.ts'
import type { OffsetCommit, TransactionalProducer } from './port.ts'
import { hangError, hasMoved, produceError, translate } from './producer-errors.ts'
import type { Flow } from './producer-errors.ts'

/** First call against a cold cluster may have to wait for its transaction coordinator to load. */
const INIT_TIMEOUT_MS = 30_000
/** Producers whose last call has not ended; each holds a thread of libuv's pool, which has few. */
const ABANDONED_MAX = 2
/** Longest wait for records of a transaction that is to be aborted. */
const ABORT_FLUSH_MS = 100
/**
 * Batches of so many partitions go in one request. The broker answers the requests of a connection one after
 * the other, and a unit of work writes to every partition of every topic.
 */
const JOINING = { 'produce.request.max.partitions': 100 }
/**
 * A client that takes a batch for written when the next one was: it must not have a next one on its way
 * (`docs/upstream/librdkafka-transaction-gap.md`).
 */
const ONE_BY_ONE = { 'max.in.flight.requests.per.connection': 1 }
/** Attempts to send offsets with the generation of now: the client has that as soon as the group has it. */
const GENERATIONS_MAX = 5
const GENERATION_WAIT_MS = 10
/** librdkafka's log facility for why a transaction failed. */
const TRANSACTION_LOG = 'TXNERR'
const LOG_WAIT_MS = 10

/** What the producer is made from. */
export interface KafkaProducerOptions {
  readonly properties: Readonly<Record<string, string | number | boolean>>
  /** One that it writes to. Connecting asks for it: without one the client would ask for all of the cluster. */
  readonly topic: string
  /** The group member on whose behalf offsets are sent, asked for each time. */
  readonly consumer: () => KafkaConsumer
  /** Bound on sending offsets and on the decision of the coordinator. */
  readonly requestTimeoutMs: number
  readonly onStatistics?: (json: string) => void
  /** `false` takes the client for a stock one, whatever it can do. */
  readonly isPatched?: boolean
}

/** What a patched client can do (`runtime/kafka-addon.ts`). */
interface Abilities {
  readonly takeBatches: boolean
  readonly joinRequests: boolean
  readonly abortOnGap: boolean
}

const STOCK: Abilities = { takeBatches: false, joinRequests: false, abortOnGap: false }

function abilitiesOfClient(): Abilities {
  return {
    takeBatches: canKafka('produceBatch'),
    joinRequests: joinsProduceRequests(),
    abortOnGap: abortsOnGap(),
  }
}

/** The transactional producer on librdkafka, callback API. */
export class KafkaProducer implements TransactionalProducer {
  readonly #options: KafkaProducerOptions
  readonly #can: Abilities
  #producer: Producer
  /** What the client last said of why the open transaction must be aborted. */
  #whyAborted: string | undefined
  /** librdkafka has given the open transaction up (`rd_kafka_txn_set_abortable_error`). */
  #mustAbort = false
  /** The call in flight, settled once the client itself has ended it. */
  #inFlight: Promise<void> = Promise.resolve()
  #abandoned = 0
  /** Producers that are being taken down. */
  #closing = 0
  #isConnected = true

  constructor(options: KafkaProducerOptions) {
    this.#options = options
    this.#can = options.isPatched === false ? STOCK : abilitiesOfClient()
    this.#producer = this.#createClient()
  }

  /** Reaches the cluster, which fences nobody yet. `initTransactions` does so where it was not called. */
  async connect(): Promise<void> {
    if (!this.#producer.isConnected()) await this.#connect()
  }

  async initTransactions(): Promise<void> {
    await this.connect()
    await this.#call('init', (done) => this.#producer.initTransactions(INIT_TIMEOUT_MS, done))
  }

  async beginTransaction(): Promise<void> {
    this.#whyAborted = undefined
    await this.#call('begin', (done) => this.#producer.beginTransaction(done))
  }

  async produce(batch: OutputBatch, from: number): Promise<number> {
    return this.#can.takeBatches
      ? this.#produceAtOnce(batch, from)
      : this.#produceSingly(batch, from)
  }

  /** With a patched client: one call, which a thread of the pool works off. */
  #produceAtOnce(batch: OutputBatch, from: number): Promise<number> {
    const handle: ProduceHandle = handleOf(this.#producer)
    const { topics, bytes, count } = batch
    return new Promise((resolve, reject) => {
      handle.produceBatch(
        topics,
        bytes,
        batch.recordsFrom(from),
        count - from,
        (_, taken, code) => {
          const queued = from + taken
          if (code === 0 || code === KAFKA_ERROR.queueFull) resolve(queued)
          else {
            const error = { code, message: errorText(code) }
            reject(produceError(batch.at(queued), error, this.#whyAborted))
          }
        },
      )
    })
  }

  #produceSingly(batch: OutputBatch, from: number): number {
    for (let index = from; index < batch.count; index += 1) {
      const { topic, partition, key, value, headers, timestamp } = batch.at(index)
      const copied = headers && [...headers]
      try {
        // No `opaque`, not even null: the binding would keep it for a delivery report nobody asked for.
        this.#producer.produce(topic, partition, value, key, timestamp ?? null, undefined, copied)
      } catch (error) {
        if (kafkaErrorOf(error).code === KAFKA_ERROR.queueFull) return index
        throw produceError(batch.at(index), error, this.#whyAborted)
      }
    }
    return batch.count
  }

  /**
   * A member rejoins its group behind our back, and the generation that the client has put down at the
   * beginning of the call may be over at its end. The member is the same and owns what it owned: none of it goes to
   * another before the loop has answered. A patched client lets the same be said with the new generation
   * (`docs/upstream/librdkafka-moved-generation.md`); with a stock one the unit is taken back.
   */
  async sendOffsets(offsets: readonly OffsetCommit[]): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#sendOffsets(offsets)
        return
      } catch (error) {
        if (!hasMoved(error) || attempt === GENERATIONS_MAX) throw error
      }
      await new Promise((resolve) => setTimeout(resolve, GENERATION_WAIT_MS))
    }
  }

  async #sendOffsets(offsets: readonly OffsetCommit[]): Promise<void> {
    await this.#call('send-offsets', (done) =>
      this.#producer.sendOffsetsToTransaction(
        [...offsets],
        this.#options.consumer(),
        this.#options.requestTimeoutMs,
        done,
      ),
    )
  }

  async commitTransaction(): Promise<void> {
    const { requestTimeoutMs } = this.#options
    await this.#call('commit', (done) => this.#producer.commitTransaction(requestTimeoutMs, done))
  }

  async abortTransaction(): Promise<void> {
    const { requestTimeoutMs } = this.#options
    if (this.#mustAbort) {
      // librdkafka has dropped what was queued, and with it the sequence of a later transaction.
      throw new ServiceError('PRODUCER_FATAL', 'abort: the client is done with')
    }
    await this.#flush()
    await this.#call('abort', (done) => this.#producer.abortTransaction(requestTimeoutMs, done))
  }

  /**
   * What is taken out of the client's queue leaves a gap in the sequence numbers, and the next transaction
   * fails over it. A client that still has records then is done with: the successor's `initTransactions`
   * aborts as well.
   *
   * @throws ServiceError `PRODUCER_FATAL` when records are left
   */
  async #flush(): Promise<void> {
    try {
      await fromCallback((done) =>
        this.#producer.flush(ABORT_FLUSH_MS, (error) => done(error, undefined)),
      )
    } catch (error) {
      const message = `abort: records are left unsent: ${kafkaErrorOf(error).message}`
      throw new ServiceError('PRODUCER_FATAL', message, error)
    }
  }

  async renew(): Promise<void> {
    this.#abandon(this.#producer, this.#inFlight)
    if (this.#abandoned > ABANDONED_MAX) {
      const message = `${this.#abandoned} producers have calls that do not end, bound ${ABANDONED_MAX}`
      throw new ServiceError('PRODUCER_STUCK', message)
    }
    this.#producer = this.#createClient()
    this.#inFlight = Promise.resolve()
    this.#mustAbort = false
    await this.initTransactions()
  }

  /**
   * What keeps the client from its brokers now; `undefined` when nothing does. It tells while the consumer
   * cannot, which is heard only when it is polled: a commit under way holds polling up.
   */
  trouble(): string | undefined {
    return this.#isConnected ? undefined : 'no broker reachable: no connection is up'
  }

  /** Whether calls are left that have not ended: `process.exit` would wait for them. */
  get hasCallsLeft(): boolean {
    return this.#abandoned > 0 || this.#closing > 0
  }

  /**
   * Lets go of a client as soon as its call has ended. Not before: a client that is taken down under a
   * waiting call never ends either of them.
   */
  #abandon(producer: Producer, inFlight: Promise<void>): void {
    this.#abandoned += 1
    void inFlight.then(() => {
      this.#abandoned -= 1
      if (!producer.isConnected()) return
      this.#closing += 1
      producer.disconnect(1_000, () => {
        this.#closing -= 1
      })
    })
  }

  async close(): Promise<void> {
    if (!this.#producer.isConnected()) return
    await fromCallback((done) => this.#producer.disconnect(1_000, done))
  }

  /** @throws what librdkafka says of properties it does not take */
  #createClient(): Producer {
    const joining = this.#can.joinRequests ? JOINING : {}
    const safely = this.#can.abortOnGap ? {} : ONE_BY_ONE
    const { properties } = this.#options
    const producer = new kafka.RdKafka.Producer({ ...joining, ...properties, ...safely })
    producer.on('event.log', (line: { fac: string; message: string }) => {
      if (line.fac === TRANSACTION_LOG) this.#whyAborted = line.message
    })
    producer.on('event.stats', (event: { message: string }) => {
      this.#isConnected = isAnyBrokerUp(parseBrokers(event.message))
      this.#options.onStatistics?.(event.message)
    })
    return producer
  }

  async #connect(): Promise<void> {
    try {
      await fromCallback((done) =>
        this.#producer.connect(
          { topic: this.#options.topic, allTopics: false, timeout: 10_000 },
          done,
        ),
      )
    } catch (error) {
      // A client that connects once more would tell every event twice.
      this.#producer = this.#createClient()
      throw translate('init', error)
    }
    // Serves statistics and logs on the client's own thread instead of ours.
    this.#producer.setPollInBackground(true)
  }

  async #call(flow: Flow, start: (done: (error: unknown) => void) => void): Promise<void> {
    const watchdogMs = flow === 'init' ? INIT_TIMEOUT_MS * 2 : this.#options.requestTimeoutMs * 2
    let timer: NodeJS.Timeout | undefined
    const hung = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(hangError(flow, watchdogMs)), watchdogMs)
    })
    const call = fromCallback<void>((done) => start((error) => done(error, undefined)))
    this.#inFlight = call.catch(() => undefined)
    try {
      await Promise.race([call, hung])
    } catch (error) {
      if (error instanceof ServiceError) throw error
      // The client tells the cause in its log only, which comes on another path.
      await new Promise((resolve) => setTimeout(resolve, LOG_WAIT_MS))
      const translated = translate(flow, error, this.#whyAborted)
      if (kafkaErrorOf(error).isTxnRequiresAbort) this.#mustAbort = true
      throw translated
    } finally {
      clearTimeout(timer)
    }
  }
}

/**
 * Aborts what the producer with this transactional id has open, and ends that producer.
 *
 * @throws ServiceError `KAFKA_UNAVAILABLE`, `KAFKA_UNAUTHORIZED`
 */
export async function fenceProducer({
  properties,
  topic,
}: Pick<KafkaProducerOptions, 'properties' | 'topic'>): Promise<void> {
  const producer = new KafkaProducer({
    properties: { ...properties, 'statistics.interval.ms': 0 },
    topic,
    consumer: () => {
      throw new ServiceError('INVARIANT_BROKEN', 'a producer that only fences sends no offsets')
    },
    requestTimeoutMs: INIT_TIMEOUT_MS,
  })
  try {
    await producer.initTransactions()
  } finally {
    await producer.close()
  }
}

/** The addon's own object, which has what a patch adds to it; the type declarations leave it out. */
function handleOf(producer: Producer): ProduceHandle {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it has, where it is patched
  return (producer as unknown as { getClient(): ProduceHandle }).getClient()
}
