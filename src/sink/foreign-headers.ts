import { Buffer } from 'node:buffer'
import type { HeaderStyle } from '../domain/header-style.ts'
import type { DeadLetter, Stage } from '../domain/outcome.ts'
import type { Header, InputRecord } from '../domain/record.ts'

/** A record that was turned down, why, and by whom. */
export interface Failure {
  readonly record: InputRecord
  readonly letter: DeadLetter
  readonly appId: string
  readonly instanceId: string
  readonly modelName: string
  readonly modelVersion: string
}

/** How the bytes of a header are to be read. */
type Encoding = 'text' | 'int32' | 'int64'

/** One header that another system writes on its dead letters. */
export interface ForeignHeader {
  readonly name: string
  readonly encoding: Encoding
  /** What stands in it here. */
  readonly says: string
  readonly value: (failure: Failure) => string | number
}

/** A system whose dead letters are written alike. */
export interface ForeignStyle {
  readonly system: string
  /** The system's own source. */
  readonly repository: string
  /** The commit at which names, order and encodings were compared with it. */
  readonly commit: string
  /** The file that writes them. */
  readonly path: string
  readonly headers: readonly ForeignHeader[]
}

/** Connect's names of the steps of its pipeline (`org.apache.kafka.connect.runtime.errors.Stage`). */
const CONNECT_STAGES = {
  decode: 'VALUE_CONVERTER',
  features: 'TRANSFORMATION',
  inference: 'TASK_PUT',
} as const satisfies Record<Stage, string>

const KAFKA = 'https://github.com/apache/kafka'
const SPRING = 'https://github.com/spring-projects/spring-kafka'

const topic = ({ record }: Failure): string => record.topic
const partition = ({ record }: Failure): number => record.partition
const offset = ({ record }: Failure): number => record.offset
const reason = ({ letter }: Failure): string => letter.reason
const detail = ({ letter }: Failure): string => letter.detail

/** What other systems write on their dead letters, in their order and encodings. */
export const FOREIGN_STYLES = {
  streams: {
    system: 'Kafka Streams (KIP-1034, since 4.2)',
    repository: KAFKA,
    commit: '08de8e9ce6067a827a88ca90de38b6f30cb6288e',
    path: 'streams/src/main/java/org/apache/kafka/streams/errors/internals/ExceptionHandlerUtils.java',
    headers: [
      text('__streams.errors.exception', 'the reason, where Streams has a Java class', reason),
      text('__streams.errors.message', 'the detail', detail),
      text('__streams.errors.stacktrace', 'reason, detail, stage and model, as one frame', trace),
      text('__streams.errors.topic', 'topic it was read from', topic),
      text('__streams.errors.partition', 'partition, decimal', partition),
      text('__streams.errors.offset', 'offset, decimal', offset),
    ],
  },
  connect: {
    system: 'Kafka Connect',
    repository: KAFKA,
    commit: '477186ef4a52e75002ca8346c254065029b6af8e',
    path: 'connect/runtime/src/main/java/org/apache/kafka/connect/runtime/errors/DeadLetterQueueReporter.java',
    headers: [
      text('__connect.errors.topic', 'topic it was read from', topic),
      text('__connect.errors.partition', 'partition, decimal', partition),
      text('__connect.errors.offset', 'offset, decimal', offset),
      text('__connect.errors.connector.name', 'the `APP_ID`', ({ appId }) => appId),
      text(
        '__connect.errors.task.id',
        'the `INSTANCE_ID`, where Connect has a number',
        ({ instanceId }) => instanceId,
      ),
      text(
        '__connect.errors.stage',
        'decode: `VALUE_CONVERTER`, features: `TRANSFORMATION`, inference: `TASK_PUT`',
        ({ letter }) => CONNECT_STAGES[letter.stage],
      ),
      text(
        '__connect.errors.class.name',
        '`millrace.` and the stage, where Connect has a Java class',
        ({ letter }) => `millrace.${letter.stage}`,
      ),
      text(
        '__connect.errors.exception.class.name',
        'the reason, where Connect has a Java class',
        reason,
      ),
      text('__connect.errors.exception.message', 'the detail', detail),
      text(
        '__connect.errors.exception.stacktrace',
        'reason, detail, stage and model, as one frame',
        trace,
      ),
    ],
  },
  spring: {
    system: 'Spring for Apache Kafka',
    repository: SPRING,
    commit: 'e991de8f16781ecefa48c5f52fbac8a0e5217a87',
    path: 'spring-kafka/src/main/java/org/springframework/kafka/listener/DeadLetterPublishingRecoverer.java',
    headers: [
      text('kafka_dlt-exception-fqcn', 'the reason, where Spring has a Java class', reason),
      text('kafka_dlt-exception-message', 'the detail', detail),
      text(
        'kafka_dlt-exception-stacktrace',
        'reason, detail, stage and model, as one frame',
        trace,
      ),
      text('kafka_dlt-original-topic', 'topic it was read from', topic),
      {
        name: 'kafka_dlt-original-partition',
        encoding: 'int32',
        says: 'partition',
        value: partition,
      },
      { name: 'kafka_dlt-original-offset', encoding: 'int64', says: 'offset', value: offset },
      {
        name: 'kafka_dlt-original-timestamp',
        encoding: 'int64',
        says: 'its record timestamp, ms; −1 when it had none',
        value: ({ record }) => record.timestamp,
      },
      text('kafka_dlt-original-consumer-group', 'the `APP_ID`', ({ appId }) => appId),
    ],
  },
} as const satisfies Readonly<Record<Exclude<HeaderStyle, 'millrace'>, ForeignStyle>>

/** The headers of a style, to be added after our own; none for `millrace`. */
export function foreignHeaders(style: HeaderStyle, failure: Failure): readonly Header[] {
  if (style === 'millrace') return []
  const { headers }: ForeignStyle = FOREIGN_STYLES[style]
  return headers.map(({ name, encoding, value }) => ({ [name]: encode(encoding, value(failure)) }))
}

function text(name: string, says: string, value: ForeignHeader['value']): ForeignHeader {
  return { name, encoding: 'text', says, value }
}

/** Shaped as the first lines of a Java stack trace, since tools show and split it as one. */
function trace({ letter, modelName, modelVersion }: Failure): string {
  const { reason: name, detail: message, stage } = letter
  return `${name}: ${message}\n\tat millrace.${stage}(${modelName} ${modelVersion})\n`
}

function encode(encoding: Encoding, value: string | number): string | Buffer {
  if (encoding === 'text') return String(value)
  const bytes = Buffer.alloc(encoding === 'int32' ? 4 : 8)
  if (encoding === 'int32') bytes.writeInt32BE(Number(value))
  else bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
