import { isAnyBrokerUp } from '../runtime/broker-connections.ts'
import type { BrokerStatistics } from '../runtime/broker-connections.ts'

/** What the source needs of librdkafka's statistics (librdkafka `STATISTICS.md`). */
export interface ConsumerStatistics {
  /** Last stable offset by partition; partitions the client does not fetch are absent. */
  readonly lastStable: ReadonlyMap<number, number>
  readonly isAnyBrokerUp: boolean
}

interface RawStatistics extends BrokerStatistics {
  readonly topics?: Readonly<
    Record<string, { readonly partitions?: Readonly<Record<string, { ls_offset?: number }>> }>
  >
}

/** Reads one statistics document. Fields that are missing or negative (unknown) are left out. */
export function readStatistics(json: string, topic: string): ConsumerStatistics {
  const raw: RawStatistics = JSON.parse(json)
  const lastStable = new Map<number, number>()
  for (const [name, entry] of Object.entries(raw.topics?.[topic]?.partitions ?? {})) {
    const partition = Number(name)
    if (partition >= 0 && entry.ls_offset !== undefined && entry.ls_offset >= 0) {
      lastStable.set(partition, entry.ls_offset)
    }
  }
  return { lastStable, isAnyBrokerUp: isAnyBrokerUp(raw) }
}
