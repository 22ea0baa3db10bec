import { join, resolve } from 'node:path'
import { JAVA } from '../../scripts/testbed/kafka-part.ts'
import type { ProcessOptions } from '../process.ts'
import type { Tools } from './setup.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** Where one run reads and writes, all of it used once but the input. */
export interface RunPlan {
  readonly brokers: string
  readonly registryUrl: string
  /** Registry id of the input's schema. */
  readonly schemaId: number
  /** Consumer group, and part of every other name that the peer gives. */
  readonly app: string
  readonly input: string
  readonly features: string
  readonly predictions: string
  readonly audit: string
  /** A folder of this run's own. */
  readonly folder: string
  readonly tools: Tools
}

/** One way to do the work. */
interface Contestant {
  /** What stands in the report. */
  readonly title: string
  readonly commitMs: number
  /** How it is started. */
  program(
    run: RunPlan,
    commitMs: number,
  ): Pick<ProcessOptions, 'command' | 'args' | 'env' | 'endsWith'>
  /** When it saw its first record, ms since 1970, if this line of its output says so. */
  firstRecordAt(line: string): number | undefined
  /** Schemas from the registry, and our own form of audit. */
  readonly isOurs: boolean
  /** Writes bytes without meaning: only their number can be checked. */
  readonly isCeiling: boolean
}

const COMMIT_MS = 100
const BATCH = 256
const MARK = 'FIRST_CONSUMED '

const THEIRS = {
  commitMs: COMMIT_MS,
  firstRecordAt: (line: string) =>
    line.startsWith(MARK) ? Number(line.slice(MARK.length)) : undefined,
  isOurs: false,
  isCeiling: false,
} as const

/** All that can be compared, by the name that is typed. */
export const CONTESTANTS = {
  millrace: {
    title: 'Millrace',
    commitMs: COMMIT_MS,
    program: millrace,
    firstRecordAt: assignedAt,
    isOurs: true,
    isCeiling: false,
  },
  streams: { ...THEIRS, title: 'Kafka Streams', program: java('StreamsPeer', { BATCH: '0' }) },
  'streams-10ms': {
    ...THEIRS,
    title: 'Kafka Streams, commits every 10 ms',
    commitMs: 10,
    program: java('StreamsPeer', { BATCH: '0' }),
  },
  'streams-batch': {
    ...THEIRS,
    title: 'Kafka Streams, micro-batched',
    program: java('StreamsPeer', { BATCH: String(BATCH) }),
  },
  plain: {
    ...THEIRS,
    title: 'Java clients, hand-written',
    program: java('PlainPeer', { WORK: 'full' }),
  },
  ceiling: {
    ...THEIRS,
    title: 'Java clients, no work',
    program: java('PlainPeer', { WORK: 'raw', COMPRESSION: 'none' }),
    isCeiling: true,
  },
  python: { ...THEIRS, title: 'Python, hand-written', program: python('peer.py') },
  quix: { ...THEIRS, title: 'Quix Streams', program: python('quix.py') },
} as const satisfies Readonly<Record<string, Contestant>>

export type ContestantName = keyof typeof CONTESTANTS

function java(main: string, settings: Readonly<Record<string, string>>): Contestant['program'] {
  return (run, commitMs) => ({
    command: JAVA,
    args: [
      '-Xmx1g',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      run.tools.classpath,
      `peers.${main}`,
    ],
    env: { COMPRESSION: 'lz4', ...settings, ...theirSettings(run, commitMs) },
    // A JVM that a signal ends in good order says so with 128 and the signal's number.
    endsWith: 143,
  })
}

function python(script: string): Contestant['program'] {
  return (run, commitMs) => ({
    command: run.tools.python,
    args: ['-u', join(ROOT, 'bench/peers/python', script)],
    env: theirSettings(run, commitMs),
  })
}

function theirSettings(run: RunPlan, commitMs: number): Record<string, string> {
  return {
    BROKERS: run.brokers,
    APP_ID: run.app,
    EVENT_SCHEMA_ID: String(run.schemaId),
    INPUT: run.input,
    FEATURES: run.features,
    PREDICTIONS: run.predictions,
    AUDIT: run.audit,
    CHANGELOG: `${run.app}-changelog`,
    MODEL: join(run.tools.modelFolder, 'model.onnx'),
    STATE_DIR: join(run.folder, 'state'),
    COMMIT_MS: String(commitMs),
  }
}

/** The service with its own defaults. */
function millrace(run: RunPlan, commitMs: number): ReturnType<Contestant['program']> {
  return {
    args: [join(ROOT, 'src/main.ts')],
    env: {
      KAFKA_BROKERS: run.brokers,
      SCHEMA_REGISTRY_URL: run.registryUrl,
      SCHEMA_AUTO_REGISTER: 'true',
      APP_ID: run.app,
      INSTANCE_ID: 'peer',
      MODEL_DIR: run.tools.modelFolder,
      INPUT_TOPIC: run.input,
      FEATURES_TOPIC: run.features,
      PREDICTIONS_TOPIC: run.predictions,
      AUDIT_TOPIC: run.audit,
      LATE_TOPIC: `${run.app}-late`,
      DEAD_LETTER_TOPIC: `${run.app}-dead-letters`,
      COMMIT_INTERVAL_MS: String(commitMs),
      LOG_FORMAT: 'json',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
    },
  }
}

/** It has its partitions: a moment before the first record, so the clock runs against us. */
function assignedAt(line: string): number | undefined {
  if (!line.includes('"ASSIGNED"')) return undefined
  const { time } = JSON.parse(line) as { time: string }
  return Date.parse(time)
}
