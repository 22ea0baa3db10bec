import { isAnyBrokerUp } from '../runtime/broker-connections.ts'
import type { BrokerStatistics } from '../runtime/broker-connections.ts'

/** What the source needs of librdkafka's statistics (librdkafka `STATISTICS.md`). */
export interface ConsumerStatistics {
  /** By partition; partitions the client does not fetch are absent. */
  readonly logEnds: ReadonlyMap<number, LogEnd>
  readonly isAnyBrokerUp: boolean
}

/** How far a partition's log goes, and how far it has been read. */
export interface LogEnd {
  /** Last stable offset. */
  readonly lastStable: number
  /** Whether all below it, transaction markers and aborted records too, has been delivered or passed over. */
  readonly isReached: boolean
}

interface RawPartition {
  readonly ls_offset?: number
  readonly app_offset?: number
}

interface RawStatistics extends BrokerStatistics {
  readonly topics?: Readonly<
    Record<string, { readonly partitions?: Readonly<Record<string, RawPartition>> }>
  >
}

/** Reads one statistics document. Fields that are missing or negative (unknown) are left out. */
export function readStatistics(json: string, topic: string): ConsumerStatistics {
  const raw: RawStatistics = JSON.parse(json)
  const logEnds = new Map<number, LogEnd>()
  for (const [name, entry] of Object.entries(raw.topics?.[topic]?.partitions ?? {})) {
    const partition = Number(name)
    const { ls_offset: lastStable = -1, app_offset: passed = -1 } = entry
    if (partition < 0 || lastStable < 0) continue
    logEnds.set(partition, { lastStable, isReached: passed >= lastStable })
  }
  return { logEnds, isAnyBrokerUp: isAnyBrokerUp(raw) }
}
