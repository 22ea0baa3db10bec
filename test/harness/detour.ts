import type { TestContext } from 'node:test'
import { freePorts } from '../../scripts/testbed/ports.ts'
import { startOwnBroker } from '../../scripts/testbed/own-broker.ts'
import { BreakingProxy } from '../../scripts/torture/proxy.ts'
import { startAnsweringProxy } from './answering-proxy.ts'
import type { Sides } from './answering-proxy.ts'
import { createBed, testbedAddresses } from './bed.ts'
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
  const { bed, env, port, target } = await startBroker(t)
  const open = async (): Promise<BreakingProxy> => {
    const proxy = await BreakingProxy.listen(port, target)
    t.after(() => proxy.close())
    return proxy
  }
  return { bed, env, proxy: await open(), reopen: open }
}

/**
 * The same, where the test decides on each request of the service.
 *
 * @param onRequest as of `startAnsweringProxy`
 */
export async function startAnsweringDetour(
  t: TestContext,
  onRequest: (request: Buffer, sides: Sides) => void,
): Promise<Pick<Detour, 'bed' | 'env'>> {
  const { bed, env, ...ports } = await startBroker(t)
  await startAnsweringProxy(t, ports, onRequest)
  return { bed, env }
}

/** A broker that sends its clients to `port`, where nothing listens yet, for what is passed on to `target`. */
async function startBroker(t: TestContext) {
  const [target = 0, port = 0] = await freePorts(2)
  const broker = await startOwnBroker({ port: target, advertisedPort: port })
  t.after(() => broker.stop())
  const bed = await createBed({
    partitions: FLIGHT_PARTITIONS,
    model: 'flight-delay',
    // The registry can be the others': subjects have the names of the test's own topics.
    addresses: { ...testbedAddresses(), brokers: broker.brokers },
  })
  return { bed, env: { ...bed.env, KAFKA_BROKERS: `127.0.0.1:${port}` }, port, target }
}
