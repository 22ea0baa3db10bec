import type { TestContext } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwn } from '../../scripts/testbed/testbed.ts'
import { BreakingProxy } from '../../scripts/torture/proxy.ts'
import { createBed } from './bed.ts'
import type { Bed } from './bed.ts'
import { FLIGHT_PARTITIONS } from './flights.ts'

/** A broker of the test's own, to which the service comes through a proxy, and the test does not. */
export interface Detour {
  readonly bed: Bed
  /** `bed.env`, by way of the proxy. */
  readonly env: Readonly<Record<string, string>>
  readonly proxy: BreakingProxy
  /** The way is there again after `proxy.close()`. */
  reopen(): Promise<BreakingProxy>
}

/** Topics for flights on a broker with a detour; all of it ends with the test. */
export async function startDetour(t: TestContext): Promise<Detour> {
  const [port = 0, advertisedPort = 0] = await freePorts(2)
  const testbed = await startOwn({ port, advertisedPort })
  t.after(() => testbed.stop())
  const open = async (): Promise<BreakingProxy> => {
    const proxy = await BreakingProxy.listen(advertisedPort, port)
    t.after(() => proxy.close())
    return proxy
  }
  const proxy = await open()
  const bed = await createBed({
    partitions: FLIGHT_PARTITIONS,
    model: 'flight-delay',
    addresses: testbed,
  })
  const env = { ...bed.env, KAFKA_BROKERS: `127.0.0.1:${advertisedPort}` }
  return { bed, env, proxy, reopen: open }
}
