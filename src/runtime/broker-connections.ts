/** What a statistics document says of the connections (librdkafka `STATISTICS.md`). */
export interface BrokerStatistics {
  readonly brokers?: Readonly<Record<string, { readonly state?: string; readonly nodeid?: number }>>
}

/** Reads a statistics document, as far as it is about connections. */
export function parseBrokers(json: string): BrokerStatistics {
  const parsed: BrokerStatistics = JSON.parse(json)
  return parsed
}

/** Of a broker that nothing has been asked of since its last connection: librdkafka connects on demand. */
const IDLE = 'INIT'

/**
 * Whether a client has a connection to any broker by its statistics.
 *
 * Entries of the bootstrap list and of coordinators (node id −1) count only where no broker is asked for anything:
 * after an outage an idle producer has no other. A bootstrap address may be up while no broker behind it is.
 */
export function isAnyBrokerUp({ brokers = {} }: BrokerStatistics): boolean {
  const all = Object.values(brokers)
  const real = all.filter(({ nodeid = -1 }) => nodeid >= 0)
  if (real.some(({ state }) => state === 'UP')) return true
  const isAllIdle = real.length > 0 && real.every(({ state }) => state === IDLE)
  return isAllIdle && all.some(({ state }) => state === 'UP')
}
