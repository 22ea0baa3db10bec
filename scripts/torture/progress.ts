import type { Message } from '@confluentinc/kafka-javascript'
import { CommittedReader } from './committed-reader.ts'
import { PARTITIONS } from './records.ts'

/** What a fault did to the commits. */
export interface Recovery {
  readonly kind: string
  /** Of this run, ms. */
  readonly atMs: number
  /** From the fault to the next commit of any instance that was seen. */
  readonly nextCommitMs: number
  /** From the fault until a commit was seen on every partition; absent when the run ended before. */
  readonly everyPartitionMs?: number
}

interface Pending {
  readonly kind: string
  readonly atMs: number
  nextCommitMs: number | undefined
  readonly waitingFor: Set<number>
}

/**
 * Watches the audit topic as a read-committed reader does, past the proxy: when an audit record can be
 * read, its transaction is committed.
 */
export class Progress {
  readonly #seen = Array.from({ length: PARTITIONS }, () => 0)
  readonly #pending = new Set<Pending>()
  readonly #recoveries: Recovery[] = []
  readonly #startedAt = performance.now()
  #lastAt = performance.now()
  #longestMs = 0
  #reader: CommittedReader | undefined

  static async watch(brokers: string, topic: string): Promise<Progress> {
    const progress = new Progress()
    const onMessages = (messages: readonly Message[]): void => progress.#take(messages)
    progress.#reader = await CommittedReader.open({
      brokers,
      topic,
      partitions: PARTITIONS,
      onMessages,
    })
    return progress
  }

  /** Audit records seen, doubled ones included. */
  get answered(): number {
    return this.#seen.reduce((sum, count) => sum + count, 0)
  }

  /** Since the last commit that was seen. */
  get standstillMs(): number {
    return performance.now() - this.#lastAt
  }

  get longestStandstillMs(): number {
    return this.#longestMs
  }

  get recoveries(): readonly Recovery[] {
    return this.#recoveries
  }

  /** Since the watch began. */
  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** A fault has just happened. */
  mark(kind: string): void {
    const waitingFor = new Set(this.#seen.keys())
    this.#pending.add({ kind, atMs: performance.now(), nextCommitMs: undefined, waitingFor })
  }

  async close(): Promise<void> {
    await this.#reader?.close()
    for (const pending of this.#pending) this.#settle(pending)
  }

  #take(messages: readonly Message[]): void {
    const nowMs = performance.now()
    // Until the first commit the services start, which is no standstill.
    if (this.answered > 0) this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastAt)
    this.#lastAt = nowMs
    const partitions = new Set(messages.map(({ partition }) => partition))
    for (const { partition } of messages) this.#seen[partition] = (this.#seen[partition] ?? 0) + 1
    for (const pending of this.#pending) {
      pending.nextCommitMs ??= nowMs - pending.atMs
      for (const partition of partitions) pending.waitingFor.delete(partition)
      if (pending.waitingFor.size > 0) continue
      this.#pending.delete(pending)
      this.#settle(pending, nowMs)
    }
  }

  #settle({ kind, atMs, nextCommitMs }: Pending, everyAtMs?: number): void {
    const everyPartitionMs = everyAtMs === undefined ? undefined : Math.round(everyAtMs - atMs)
    if (nextCommitMs === undefined) return
    this.#recoveries.push({
      kind,
      atMs: Math.round(atMs - this.#startedAt),
      nextCommitMs: Math.round(nextCommitMs),
      ...(everyPartitionMs !== undefined && { everyPartitionMs }),
    })
  }
}
