import process from 'node:process'
import { createInterface } from 'node:readline'
import {
  consumerProperties,
  queueProperties,
  queueProducerProperties,
} from './config/client-properties.ts'
import type { Config } from './config/schema.ts'
import { runWatch } from './dlq-watch.ts'
import { EXIT, ServiceError } from './domain/errors.ts'
import { FeatureEngine } from './features/engine.ts'
import { parseMetadata } from './features/offset-metadata.ts'
import { parseModelSpec } from './features/spec.ts'
import { loadModelFolder, type ModelFolder } from './inference/model-folder.ts'
import type { Scorer } from './inference/port.ts'
import { systemClock } from './runtime/clock.ts'
import { KafkaProducer } from './sink/kafka-producer.ts'
import type { TransactionalProducer } from './sink/port.ts'
import { KafkaSource } from './source/kafka-consumer.ts'
import { KafkaLog } from './source/kafka-log.ts'
import { createDecoder, openRegistry } from './start/codecs.ts'
import { startPredictions } from './start/predictions.ts'
import { parseCommand } from './tools/dlq/command-line.ts'
import { dlqHelp } from './tools/dlq/help.ts'
import { Judge } from './tools/dlq/judge.ts'
import type { PredictionsTarget } from './tools/dlq/predictions-target.ts'
import { Queue } from './tools/dlq/queue.ts'
import type { Place } from './tools/dlq/queue.ts'
import type { Workbench } from './tools/dlq/workbench.ts'

/**
 * A command of `millrace dlq`.
 *
 * @param load reads the configuration, once the options are known to be right
 * @returns the exit status
 */
export async function runDlq(options: readonly string[], load: () => Config): Promise<number> {
  if (options.length === 0 || options.includes('--help')) {
    process.stdout.write(dlqHelp())
    return EXIT.ok
  }
  try {
    const command = parseCommand(options)
    const bench = new KafkaWorkbench(load())
    const status = await command(bench)
    await bench.close()
    return status
  } catch (error) {
    const isKnown = error instanceof ServiceError
    process.stderr.write(isKnown ? `${error.code}: ${error.message}\n` : `${String(error)}\n`)
    return isKnown ? error.exitStatus : EXIT.internal
  }
}

/** The dead-letter commands on the real Kafka and registry. */
class KafkaWorkbench implements Workbench {
  readonly appId: string
  readonly deadLetterTopic: string
  readonly replaysMax: number
  readonly clock = systemClock
  readonly #config: Config
  readonly #log: KafkaLog
  readonly #source: KafkaSource
  #isConnected = false
  #isStopped = false
  #producer: KafkaProducer | undefined
  #scorer: Scorer | undefined
  #loading: Promise<ModelFolder> | undefined

  constructor(config: Config) {
    this.appId = config.appId
    this.deadLetterTopic = config.deadLetterTopic
    this.replaysMax = config.dlqMaxReplays
    this.#config = config
    this.#log = new KafkaLog(config.deadLetterTopic, queueProperties(config))
    // Asks as the group, and never joins it.
    this.#source = new KafkaSource({
      topic: config.inputTopic,
      properties: consumerProperties(config),
    })
    process.on('SIGINT', () => this.#stop())
    process.on('SIGTERM', () => this.#stop())
  }

  async queue(): Promise<Queue> {
    const { appId, clock } = this
    const partitions = await this.#log.partitionCount()
    return Queue.take({ log: this.#log, partitions, appId, clock })
  }

  watch(): Promise<number> {
    return runWatch(this.#config, this.#log)
  }

  async judge(): Promise<Judge> {
    const { spec } = await this.#folder()
    const count = await this.#partitions(this.#config.inputTopic)
    const partitions = Array.from({ length: count }, (_, partition) => partition)
    const committed = await this.#source.committed(partitions)
    let backlog = 0
    for (const { partition, offset } of committed) {
      const { first, end } = await this.#source.logBounds(partition)
      backlog += Math.max(0, end - (offset ?? first))
    }
    const positions = new Map(
      committed.map(({ partition, metadata }) => {
        return [partition, parseMetadata(metadata)?.position]
      }),
    )
    const engine = new FeatureEngine(spec, {
      keysMax: this.#config.stateKeysMax,
      bytesMax: this.#config.stateBytesMax,
    })
    return new Judge({
      inputTopic: this.#config.inputTopic,
      decoder: createDecoder(this.#config, spec, openRegistry(this.#config)),
      engine,
      positions,
      backlog,
    })
  }

  async predictions(of: {
    readonly judge: Judge
    readonly isDryRun: boolean
  }): Promise<PredictionsTarget> {
    const { target, scorer } = await startPredictions({
      ...of,
      config: this.#config,
      folder: await this.#folder(),
      source: this.#source,
      warn: (warning) => this.note(`${warning}\n`),
    })
    this.#scorer = scorer
    return target
  }

  async producer(): Promise<TransactionalProducer> {
    await this.#partitions(this.#config.inputTopic)
    this.#producer = new KafkaProducer({
      properties: queueProducerProperties(this.#config),
      topic: this.#config.inputTopic,
      consumer: () => this.#source.client,
      requestTimeoutMs: this.#config.transactionTimeoutMs,
    })
    await this.#producer.initTransactions()
    return this.#producer
  }

  deleteThrough({ partition, offset }: Place): Promise<void> {
    return this.#log.deleteBefore(partition, offset + 1)
  }

  lines(): AsyncIterable<string> {
    return createInterface({ input: process.stdin, crlfDelay: Infinity })
  }

  async confirm(question: string): Promise<boolean | undefined> {
    if (!process.stdin.isTTY) return undefined
    const lines = createInterface({ input: process.stdin, output: process.stderr })
    try {
      const answer = await new Promise<string>((resolve) => {
        lines.question(question, resolve)
      })
      return answer.trim().toLowerCase() === 'yes'
    } finally {
      lines.close()
    }
  }

  print(text: string): void {
    process.stdout.write(text)
  }

  note(text: string): void {
    process.stderr.write(text)
  }

  isStopped(): boolean {
    return this.#isStopped
  }

  async close(): Promise<void> {
    await this.#producer?.close()
    await this.#scorer?.close()
    await this.#log.disconnect()
    await this.#source.close()
  }

  #stop(): void {
    if (this.#isStopped) process.exit(130)
    this.#isStopped = true
  }

  /** Read once: what judges and what scores must be the same model. */
  #folder(): Promise<ModelFolder> {
    this.#loading ??= loadModelFolder(this.#config.modelDir, parseModelSpec)
    return this.#loading
  }

  async #partitions(topic: string): Promise<number> {
    if (!this.#isConnected) await this.#source.connect()
    this.#isConnected = true
    const count = (await this.#source.partitionCounts([topic])).get(topic)
    if (count !== undefined) return count
    const message = `topic that does not exist, or may not be seen: "${topic}"`
    throw new ServiceError('TOPIC_MISSING', message)
  }
}
