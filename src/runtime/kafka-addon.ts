import { createRequire } from 'node:module'

/** What the addon says of itself where that is mended which cannot be found out. */
const MARK = 'send-offsets-leak'
/** The addon below the client. The package has no types for it, and does not pass all of it on. */
const addon: unknown = createRequire(import.meta.url)(
  '@confluentinc/kafka-javascript/librdkafka.js',
)

/** What `patches/` adds to the addon, and where it is found there. */
const ADDED = {
  consumeBatch: 'KafkaConsumer',
  describeConfigs: 'AdminClient',
  produceBatch: 'Producer',
} as const

/** The method of a consumer's handle that brings a batch in one block (`source/message-block.ts`). */
export interface BatchHandle {
  /**
   * @param waitMs longest wait for the first message
   * @param lingerMs longest wait for all others together
   * @param done gets how many messages there are, the block (`null` when there are none) and the
   *   names of their topics
   */
  // The addon's own signature.
  // oxlint-disable-next-line max-params
  consumeBatch(
    waitMs: number,
    lingerMs: number,
    recordsMax: number,
    done: (error: unknown, count: number, block: Buffer | null, topics: string[]) => void,
  ): void
}

/** The method of a producer's handle that takes a batch of records in one buffer (`sink/output-batch.ts`). */
export interface ProduceHandle {
  /**
   * @param done gets how many records were taken, in order, and the error code of the one that was not;
   *   0 when all were
   */
  // The addon's own signature.
  // oxlint-disable-next-line max-params
  produceBatch(
    topics: readonly string[],
    bytes: Buffer,
    records: Int32Array,
    count: number,
    done: (error: unknown, taken: number, code: number) => void,
  ): void
}

/** One setting of a resource of the cluster. */
export interface ConfigEntry {
  readonly name: string
  readonly value: string | null
}

/** The method of an admin client's handle that reads settings. */
export interface ConfigsHandle {
  describeConfigs(
    resources: readonly { readonly type: number; readonly name: string }[],
    options: { readonly timeout: number },
    done: (
      error: unknown,
      found: readonly { readonly error?: unknown; readonly entries: readonly ConfigEntry[] }[],
    ) => void,
  ): void
}

/** Whether the addon can do what a patch of ours adds to it. */
export function canKafka(method: keyof typeof ADDED, native: unknown = addon): boolean {
  const owner = propertyOf(native, ADDED[method])
  return typeof propertyOf(propertyOf(owner, 'prototype'), method) === 'function'
}

/** Whether the client can send batches of several partitions in one request (`sink/kafka-producer.ts`). */
export function joinsProduceRequests(native: unknown = addon): boolean {
  return propertyOf(native, 'joinsProduceRequests') === true
}

/** Whether the client aborts a transaction of which a batch was taken, but not the one before it. */
export function abortsOnGap(native: unknown = addon): boolean {
  return propertyOf(native, 'abortsOnGap') === true
}

/**
 * Sets from how many bytes on the C library maps a block of its own.
 *
 * @returns whether it was set: a stock addon cannot
 */
export function setMmapThreshold(bytes: number, native: unknown = addon): boolean {
  const set = propertyOf(native, 'setMmapThreshold')
  return typeof set === 'function' && set(bytes) === true
}

/** What librdkafka says of an error code. */
export function errorText(code: number): string {
  const text = propertyOf(addon, 'err2str')
  return typeof text === 'function' ? String(text(code)) : `error ${code}`
}

/**
 * What is wrong with the Kafka client that was loaded, for the log of the start; `undefined` when it
 * is one that our bootstrap has built.
 *
 * A stock one can be used. It never frees the offsets it is given with a commit
 * (`docs/upstream/kafka-javascript-send-offsets-leak.md`): partitions that have not advanced are never
 * sent, which keeps the leak small. Crashes (`docs/upstream/librdkafka-admin-offsets.md`,
 * `docs/upstream/librdkafka-unknown-leader.md`) are among the deaths that a successor heals. A rejoin that comes too
 * late is not told (`docs/upstream/librdkafka-lost-rejoin.md`), and nothing here can find it out. What it cannot do
 * at all is done another way, or not checked.
 */
export function clientWarning(native: unknown = addon): string | undefined {
  const lacks: string[] = []
  if (!abortsOnGap(native)) {
    lacks.push('it takes a batch for written if the next one is, so it sends one request at a time')
  }
  if (propertyOf(native, 'millracePatches') !== MARK) {
    lacks.push('it leaks 100 bytes or more for each partition of each commit: memory will grow')
    lacks.push('it crashes where the coordinator is away when a former owner is looked for')
    lacks.push('it may crash where a broker comes back and does not know each leader yet')
    lacks.push('records may be answered twice after a rejoin that came too late')
    lacks.push('it stands still for longer at a rebalance')
  }
  if (!canKafka('consumeBatch', native)) lacks.push('it reads records one by one, which is slower')
  if (!canKafka('produceBatch', native)) lacks.push('it takes records one by one, which is slower')
  if (!joinsProduceRequests(native)) {
    lacks.push('it sends a request for each partition, which takes longer')
  }
  if (!canKafka('describeConfigs', native)) {
    lacks.push('it cannot read the settings of the changelog, which are not checked')
  }
  if (lacks.length === 0) return undefined
  return `the Kafka client is not patched: ${lacks.join('; ')}; scripts/bootstrap.sh builds one that is`
}

function propertyOf(target: unknown, name: string): unknown {
  const isOwner = (typeof target === 'object' && target !== null) || typeof target === 'function'
  return isOwner ? Reflect.get(target, name) : undefined
}
