/** What a statistics document says of the connections (librdkafka `STATISTICS.md`). */
export interface BrokerStatistics {
  readonly brokers?: Readonly<Record<string, { readonly state?: string; readonly nodeid?: number }>>
}

/** Reads a statistics document, as far as it is about connections. */
export function parseBrokers(json: string): BrokerStatistics {
  const parsed: BrokerStatistics = JSON.parse(json)
  return parsed
}

/** Whether a client has a connection to any broker by its statistics. */
export function isAnyBrokerUp({ brokers = {} }: BrokerStatistics): boolean {
  // Bootstrap entries (node id −1) stay UP or DOWN on their own; only real brokers count.
  return Object.values(brokers).some(({ state, nodeid = -1 }) => state === 'UP' && nodeid >= 0)
}
