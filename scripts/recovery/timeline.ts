import type { Message } from '@confluentinc/kafka-javascript'
import { CommittedReader } from '../torture/committed-reader.ts'

/** Time without a commit of a partition. */
export interface Gap {
  readonly partition: number
  /** Wall-clock ms of the last commit before it. */
  readonly fromMs: number
  /** Wall-clock ms of the next one. */
  readonly untilMs: number
}

/** When commits of each partition came to be seen by a read-committed reader of the audit topic. */
export class Timeline {
  readonly #seenAtMs: number[][]
  #reader: CommittedReader | undefined
  #answered = 0

  private constructor(partitions: number) {
    this.#seenAtMs = Array.from({ length: partitions }, () => [])
  }

  static async watch(brokers: string, topic: string, partitions: number): Promise<Timeline> {
    const timeline = new Timeline(partitions)
    const onMessages = (messages: readonly Message[]): void => timeline.#take(messages)
    timeline.#reader = await CommittedReader.open({ brokers, topic, partitions, onMessages })
    return timeline
  }

  /** Audit records seen. */
  get answered(): number {
    return this.#answered
  }

  /** Whether every partition has had a commit since then, wall-clock ms. */
  isGoingSince(atMs: number): boolean {
    return this.#seenAtMs.every((seen) => (seen.at(-1) ?? 0) > atMs)
  }

  /** The first commit of a partition after this, both wall-clock ms. */
  firstAfter(atMs: number, partition: number): number | undefined {
    return this.#seenAtMs[partition]?.find((each) => each > atMs)
  }

  /** The longest gap of each partition among those that end within a time. */
  longestGaps(fromMs: number, untilMs: number): Gap[] {
    return this.#seenAtMs.flatMap((seen, partition) => {
      let longest: Gap | undefined
      for (let at = 1; at < seen.length; at++) {
        const gap = { partition, fromMs: seen[at - 1] ?? 0, untilMs: seen[at] ?? 0 }
        if (gap.untilMs < fromMs || gap.untilMs > untilMs) continue
        if (longest === undefined || lengthOf(gap) > lengthOf(longest)) longest = gap
      }
      return longest ?? []
    })
  }

  async close(): Promise<void> {
    await this.#reader?.close()
  }

  #take(messages: readonly Message[]): void {
    const nowMs = Date.now()
    this.#answered += messages.length
    for (const partition of new Set(messages.map((each) => each.partition))) {
      this.#seenAtMs[partition]?.push(nowMs)
    }
  }
}

/** How long it is, ms. */
export function lengthOf({ fromMs, untilMs }: Gap): number {
  return untilMs - fromMs
}
