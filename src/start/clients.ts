import { consumerProperties, producerProperties } from '../config/client-properties.ts'
import type { Config } from '../config/schema.ts'
import { ServiceError } from '../domain/errors.ts'
import { KafkaProducer } from '../sink/kafka-producer.ts'
import { KafkaSource } from '../source/kafka-consumer.ts'
import type { Metrics } from '../telemetry/metrics.ts'

/**
 * Longest wait for a call of a transaction, ms, however long the transaction may stay open. Nothing is polled
 * meanwhile: twice this, after which a call counts as hanging, is less than liveness waits for the loop.
 */
const CALL_MAX_MS = 25_000

/** The two clients of the loop: the producer names the consumer whenever it commits offsets. */
export interface Clients {
  readonly source: KafkaSource
  readonly producer: KafkaProducer
}

/** @throws ServiceError `CONFIG_INVALID` when librdkafka refuses a property that was passed through */
export function createClients(config: Config, metrics: Metrics): Clients {
  try {
    const source = new KafkaSource({
      topic: config.inputTopic,
      properties: consumerProperties(config),
      leavesGroup: config.leaveGroupOnStop,
      onStatistics: (json) => metrics.statistics('consumer', json),
    })
    const producer = new KafkaProducer({
      properties: producerProperties(config),
      topic: config.featuresTopic,
      consumer: () => source.client,
      requestTimeoutMs: Math.min(config.transactionTimeoutMs, CALL_MAX_MS),
      onStatistics: (json) => metrics.statistics('producer', json),
    })
    return { source, producer }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const { kafkaConsumerProperties: consumer, kafkaProducerProperties: producer } = config
    const passed = Object.keys({ ...consumer, ...producer }).join(', ') || 'none'
    const message = `the Kafka client refuses its settings: ${why}; passed through: ${passed}`
    throw new ServiceError('CONFIG_INVALID', message)
  }
}
