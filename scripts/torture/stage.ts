import { createBed } from '../../test/harness/bed.ts'
import type { Bed } from '../../test/harness/bed.ts'
import { freePorts } from '../testbed/ports.ts'
import { startOwn } from '../testbed/testbed.ts'
import type { Cleanup } from './cleanup.ts'
import { Faults } from './faults.ts'
import { Fleet } from './fleet.ts'
import { Progress } from './progress.ts'
import { BreakingProxy } from './proxy.ts'
import { PARTITIONS } from './records.ts'

/** Small units, so that faults hit the middle of something; time-outs as short as the broker takes. */
const SETTINGS = {
  BATCH_MAX_RECORDS: '100',
  COMMIT_MAX_RECORDS: '300',
  COMMIT_INTERVAL_MS: '20',
  SESSION_TIMEOUT_MS: '6000',
  TRANSACTION_TIMEOUT_MS: '4000',
  LOG_FORMAT: 'json',
} as const

/** What a run is made of. */
export interface Parts {
  readonly bed: Bed
  readonly fleet: Fleet
  readonly progress: Progress
  readonly faults: Faults
}

/** Starts all but the services. What it starts, the cleanup ends. */
export async function prepare(
  onStep: (text: string) => void,
  run: {
    readonly cleanup: Cleanup
    readonly failures: readonly string[]
    readonly logs: string[]
    readonly counts: Map<string, number>
  },
): Promise<Parts> {
  const { cleanup, failures, logs, counts } = run
  const [brokerPort = 0, proxyPort = 0] = await freePorts(2)
  const testbed = await startOwn({ port: brokerPort, advertisedPort: proxyPort })
  logs.push(testbed.folder ?? '')
  cleanup.add(() => testbed.stop(failures.length > 0))
  // A frozen part ends no other way.
  cleanup.add(() => testbed.registry().signal('SIGCONT'))
  const proxy = await BreakingProxy.listen(proxyPort, brokerPort)
  cleanup.add(() => proxy.close())
  onStep(`broker ${testbed.brokers}, proxy before it on ${proxyPort}, logs in ${logs.join(', ')}`)
  const bed = await createBed({ partitions: PARTITIONS, addresses: testbed })
  const env: Readonly<Record<string, string>> = {
    ...bed.env,
    ...SETTINGS,
    KAFKA_BROKERS: `127.0.0.1:${proxyPort}`,
  }
  const progress = await Progress.watch(testbed.brokers, bed.topics.audit)
  cleanup.add(() => progress.close())
  const fleet = new Fleet(env, logs[0] ?? '')
  cleanup.add(() => fleet.kill())
  const onFault = (kind: string): void => {
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    onStep(`${kind} at ${(progress.elapsedMs / 1_000).toFixed(2)} s`)
    progress.mark(kind)
  }
  const appId = env['APP_ID'] ?? ''
  return { bed, fleet, progress, faults: new Faults({ fleet, testbed, proxy, appId, onFault }) }
}
