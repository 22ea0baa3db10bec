import type { InputRecord } from '../domain/record.ts'

/** What the group coordinator stores for a partition. */
export interface CommittedOffset {
  readonly partition: number
  /** Next offset to read; `undefined` when the group has never committed this partition. */
  readonly offset: number | undefined
  readonly metadata: string | undefined
}

/** Offsets a partition's log holds now: first available, and one past the last. */
export interface LogBounds {
  readonly first: number
  readonly end: number
}

/** Where reading of a partition begins or goes on. */
export interface StartOffset {
  readonly partition: number
  readonly offset: number
}

/**
 * The group's decision about partitions of the input topic. Consumption of the whole assignment
 * stands still until it is answered; each is answered exactly once, in order.
 */
export type Rebalance =
  | {
      readonly kind: 'assigned'
      readonly number: number
      readonly partitions: readonly number[]
      /** Takes them over. They stand still until `seek` says where they begin; the others go on. */
      answer(): void
    }
  | {
      /** `lost`: another instance may own them already, so nothing may be committed for them. */
      readonly kind: 'revoked' | 'lost'
      readonly number: number
      readonly partitions: readonly number[]
      /** What took them, where it is more than the group's decision. */
      readonly why?: string
      answer(): void
    }

/** The input topic as a member of the consumer group sees it, at the level of single Kafka calls. */
export interface Source {
  /** @throws ServiceError `KAFKA_UNAVAILABLE` when no broker answers: call again */
  connect(): Promise<void>
  /** Partition counts by topic; a topic that does not exist is absent. @throws as `connect` */
  partitionCounts(topics: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Joins the group. Each rebalance is handed over once and waits for its answer. */
  subscribe(onRebalance: (rebalance: Rebalance) => void): void
  /**
   * Up to `recordsMax` records of all assigned partitions, each partition's in offset order. Comes
   * back at once with what is there, or empty after a short wait. One call at a time.
   *
   * @throws ServiceError `CONSUMER_FATAL`, `STATE_GAP` (the offset to read is no longer in the log)
   */
  poll(recordsMax: number): Promise<readonly InputRecord[]>
  /** Waits until no open transaction could change the answer. @throws ServiceError `KAFKA_UNAVAILABLE` */
  committed(partitions: readonly number[]): Promise<readonly CommittedOffset[]>
  /** @throws ServiceError `KAFKA_UNAVAILABLE` */
  logBounds(partition: number): Promise<LogBounds>
  /** Begins or goes on reading at these offsets. Only while no poll is in flight. */
  seek(starts: readonly StartOffset[]): Promise<void>
  /** These partitions stand still until `seek`. */
  pause(partitions: readonly number[]): void
  /**
   * Stops delivery of the whole assignment, so that polls only keep the group membership alive. A record that
   * is on its way may still come.
   */
  hold(): void
  /** Undoes `hold`; what stands still for another reason goes on doing so. */
  release(): void
  /**
   * Offset after the last record that can be read, as far as the client knows: the last stable offset, and
   * once it has been reached, the offset after the last record below it, since markers of transactions and
   * aborted records may follow. `undefined` until the client's statistics after `seek`.
   */
  recordsEnd(partition: number): number | undefined
  /** What keeps the client from its brokers now; `undefined` when nothing does. */
  trouble(): string | undefined
  /** Leaves the group. Only while no poll is in flight. */
  close(): Promise<void>
}
