import { JsonDecoder } from '../../src/decode/json-decoder.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { deadLetter } from '../../src/domain/outcome.ts'
import type { DeadLetterReason, Stage, TombstonePolicy } from '../../src/domain/outcome.ts'
import type { Header, InputRecord, OutputRecord } from '../../src/domain/record.ts'
import { traceHeadersOf } from '../../src/domain/trace-context.ts'
import { FeatureEngine } from '../../src/features/engine.ts'
import { deadLetterHeaders } from '../../src/sink/headers.ts'
import { JsonEncoder } from '../../src/sink/json-encoder.ts'
import { OutputPlan } from '../../src/sink/plan.ts'
import type { TransactionalProducer } from '../../src/sink/port.ts'
import type { LogReader } from '../../src/source/log-port.ts'
import { Judge } from '../../src/tools/dlq/judge.ts'
import { PredictionsTarget } from '../../src/tools/dlq/predictions-target.ts'
import { Queue } from '../../src/tools/dlq/queue.ts'
import type { Place } from '../../src/tools/dlq/queue.ts'
import type { Workbench } from '../../src/tools/dlq/workbench.ts'
import { ENGAGEMENT_SPEC, IDENTITY } from '../fixtures/specs.ts'
import { FakeClock } from './clock.ts'
import { FakeLog, FakeProducer } from './producer.ts'
import { FakeScorer } from './scorer.ts'
import type { FakeModel } from './scorer.ts'

/** Records that a fake poll brings at most, so that reading takes several. */
const POLL_RECORDS = 3
const PARTITIONS = 2
const DEAD_LETTERS = 'ml-dead-letters'
const ANSWERS = { features: 'ml-features', predictions: 'ml-predictions', audit: 'ml-audit-log' }
/** Stream time of partition 0; partition 1 has never been committed. */
const STREAM_TIME_MS = 1_357_000_000_000

/** A partition's log: an `undefined` is an offset that no record has, such as a marker's. */
interface FakePartition {
  first: number
  readonly records: (InputRecord | undefined)[]
}

/** Reads a fake topic's partitions, as they are at each call. */
export class FakeReader implements LogReader {
  /** Where reading began, in order. */
  readonly opened: Place[] = []
  readonly #partitions: readonly FakePartition[]
  readonly #positions = new Map<number, number>()

  constructor(partitions: readonly FakePartition[]) {
    this.#partitions = partitions
  }

  async bounds(partition: number) {
    const { first = 0, records = [] } = this.#partitions[partition] ?? {}
    return { first, end: records.length }
  }

  open(partition: number, from: number): void {
    this.opened.push({ partition, offset: from })
    this.#positions.set(partition, from)
  }

  async poll(_recordsMax: number, visit: (record: InputRecord) => void): Promise<number> {
    let visited = 0
    for (const [partition, position] of this.#positions) {
      const { first = 0, records = [] } = this.#partitions[partition] ?? {}
      const from = Math.max(first, position)
      const brought = records.slice(from, from + POLL_RECORDS)
      this.#positions.set(partition, from + brought.length)
      for (const record of brought) {
        if (record === undefined) continue
        visit(record)
        visited += 1
      }
    }
    return visited
  }

  position(partition: number): number {
    return this.#positions.get(partition) ?? 0
  }

  close(partition: number): void {
    this.#positions.delete(partition)
  }

  async disconnect(): Promise<void> {
    this.#positions.clear()
  }
}

/** What a dead letter of a test is. */
export interface NewLetter {
  readonly value: string | Buffer | null
  readonly partition?: number
  /** Where it was read from; defaults to the number of letters before it. */
  readonly sourceOffset?: number
  /** Defaults to that of the letter. */
  readonly sourcePartition?: number | undefined
  readonly sourceTopic?: string
  readonly timestamp?: number
  readonly key?: Buffer | null
  readonly headers?: readonly Header[]
  /** Another version may have others. */
  readonly reason?: DeadLetterReason | (string & {})
  readonly stage?: Stage
  readonly detail?: string
  readonly schemaId?: number
  readonly failedAt?: string
  readonly appId?: string
}

/** The dead-letter commands over a fake topic and producer, with all they say. */
export class FakeBench implements Workbench {
  readonly appId = 'app'
  readonly inputTopic = 'events'
  readonly deadLetterTopic = DEAD_LETTERS
  readonly replaysMax = 2
  readonly clock = new FakeClock()
  /** What was committed. */
  readonly log = new FakeLog()
  readonly deleted: Place[] = []
  input: string[] = []
  answer: boolean | undefined
  printed = ''
  noted = ''
  /** Asked before each transaction. */
  stopAfter = Infinity
  faults: ConstructorParameters<typeof FakeProducer>[1] = []
  /** What letters are judged and answered by. */
  spec: ModelSpec = ENGAGEMENT_SPEC
  tombstones: TombstonePolicy = 'dead-letter'
  model: FakeModel = ([first = Number.NaN]) => [first / 2]
  readonly #partitions: FakePartition[] = []
  #taken = 0

  constructor() {
    for (let partition = 0; partition < PARTITIONS; partition += 1) this.addPartition()
  }

  /** How many partitions the dead-letter topic has. */
  get partitions(): number {
    return this.#partitions.length
  }

  /** Adds a partition to the dead-letter topic. */
  addPartition(): void {
    this.#partitions.push({ first: 0, records: [] })
  }

  /** Deletes the dead-letter topic and makes it anew, empty. */
  makeAnew(): void {
    // What was committed lay on the old one.
    this.reader()
    for (const partition of this.#partitions) {
      partition.first = 0
      partition.records.length = 0
    }
  }

  /** A reader of the dead-letter topic, which has all that was committed. */
  reader(): FakeReader {
    const committed = this.log.records.slice(this.#taken)
    this.#taken = this.log.records.length
    for (const record of committed) if (record.topic === DEAD_LETTERS) this.#append(record)
    return new FakeReader(this.#partitions)
  }

  /** Puts a letter on the topic, as the service writes it. */
  put(letter: NewLetter): void {
    const { partition = 0, value, key = Buffer.from('k'), failedAt } = letter
    const records = this.#partitions[partition]?.records ?? []
    const record = {
      topic: letter.sourceTopic ?? 'events',
      partition: letter.sourcePartition ?? partition,
      offset: letter.sourceOffset ?? records.length,
      timestamp: letter.timestamp ?? STREAM_TIME_MS,
      key,
      value: typeof value === 'string' ? Buffer.from(value) : value,
      ...(letter.headers !== undefined && { headers: letter.headers }),
    }
    const identity = {
      appId: letter.appId ?? 'app',
      instanceId: 'a',
      modelName: 'm',
      modelVersion: '1',
    }
    const { reason = 'undecodable', stage = 'decode', detail = 'why', schemaId } = letter
    const provenance = { record, schemaId, identity, failedAt: failedAt ?? '2026-01-05T12:00:00Z' }
    const why = deadLetter(reason as DeadLetterReason, stage, detail)
    const headers = deadLetterHeaders(provenance, why, 'spring')
    this.#append({ topic: DEAD_LETTERS, partition, key, value: record.value, headers })
  }

  /** Puts an offset without a record on the topic, as a transaction marker is. */
  putGap(partition: number): void {
    this.#partitions[partition]?.records.push(undefined)
  }

  /** Puts any record on the topic. */
  putRecord(record: Omit<OutputRecord, 'topic'>): void {
    this.#append({ topic: DEAD_LETTERS, ...record })
  }

  /** Values written to the input topic, in order. */
  get replayed(): string[] {
    const written = this.log.records.filter(({ topic }) => topic === this.inputTopic)
    return written.map(({ value }) => String(value))
  }

  /** Committed records of a topic, their headers as text. */
  written(topic: keyof typeof ANSWERS) {
    const records = this.log.records.filter((record) => record.topic === ANSWERS[topic])
    return records.map(({ partition, key, value, headers = [] }) => ({
      partition,
      key: String(key),
      value: JSON.parse(String(value)) as Readonly<Record<string, unknown>>,
      headers: headers.map((header) =>
        Object.fromEntries(Object.entries(header).map(([name, each]) => [name, String(each)])),
      ),
    }))
  }

  async queue(): Promise<Queue> {
    const { appId, clock, partitions } = this
    return Queue.take({ log: this.reader(), partitions, appId, clock })
  }

  async watch(): Promise<number> {
    throw new Error('it serves, which a test of its own is for')
  }

  async judge(): Promise<Judge> {
    const position = { streamTimeMs: STREAM_TIME_MS, replayFrom: 0, replayStreamTimeMs: undefined }
    return new Judge({
      inputTopic: this.inputTopic,
      decoder: new JsonDecoder(this.spec.event, this.tombstones),
      engine: new FeatureEngine(this.spec, { keysMax: 10, bytesMax: 1e9 }),
      positions: new Map([
        [0, position],
        [1, undefined],
      ]),
      backlog: 0,
    })
  }

  async predictions({ judge, isDryRun }: { judge: Judge; isDryRun: boolean }) {
    const { spec, clock } = this
    const scorer = new FakeScorer(spec.features.length, this.model)
    const plan = new OutputPlan({
      topics: { ...ANSWERS, late: 'ml-late-events', deadLetters: DEAD_LETTERS },
      encoder: new JsonEncoder({ spec, identity: IDENTITY }),
      identity: { appId: 'app', instanceId: 'a', modelName: 'm', modelVersion: '1' },
      headerStyle: 'millrace',
      passOn: ({ headers }) => traceHeadersOf(headers)?.headers,
    })
    return new PredictionsTarget({ judge, spec, scorer, plan: isDryRun ? undefined : plan, clock })
  }

  async producer(): Promise<TransactionalProducer> {
    const producer = new FakeProducer(this.log, this.faults)
    await producer.initTransactions()
    return producer
  }

  async deleteThrough(place: Place): Promise<void> {
    this.deleted.push(place)
    const partition = this.#partitions[place.partition]
    if (partition === undefined) return
    const { first, records } = partition
    partition.first = Math.max(first, Math.min(place.offset + 1, records.length))
  }

  async *lines(): AsyncGenerator<string> {
    yield* this.input
  }

  async confirm(): Promise<boolean | undefined> {
    return this.answer
  }

  print(text: string): void {
    this.printed += text
  }

  note(text: string): void {
    this.noted += text
  }

  isStopped(): boolean {
    return this.replayed.length >= this.stopAfter
  }

  #append({ partition, key, value, headers = [] }: OutputRecord): void {
    const records = this.#partitions[partition]?.records ?? []
    const bytes = headers.map((header) =>
      Object.fromEntries(Object.entries(header).map(([name, each]) => [name, Buffer.from(each)])),
    )
    const at = { topic: DEAD_LETTERS, partition, offset: records.length, timestamp: 0 }
    records.push({ ...at, key, value, headers: bytes })
  }
}
