import { join } from 'node:path'
import { createBed } from '../../test/harness/bed.ts'
import type { Bed } from '../../test/harness/bed.ts'
import { freePorts } from '../testbed/ports.ts'
import { startOwn } from '../testbed/testbed.ts'
import type { Cleanup } from '../torture/cleanup.ts'
import { Instance } from '../torture/instance.ts'
import { Progress } from '../torture/progress.ts'
import { PARTITIONS } from '../torture/records.ts'

/** As short as it goes: a commit follows the other. */
const SETTINGS = {
  COMMIT_INTERVAL_MS: '1',
  SESSION_TIMEOUT_MS: '6000',
  LOG_FORMAT: 'json',
} as const

/** What a soak is made of. */
export interface Parts {
  readonly bed: Bed
  /** The instance that is measured, and stays. */
  readonly watched: Instance
  /** The one that comes and goes. */
  readonly guest: Instance
  readonly progress: Progress
  readonly url: string
}

/** Starts all but the services. What it starts, the cleanup ends. */
export async function prepare(
  logFolder: string,
  failures: string[],
  cleanup: Cleanup,
): Promise<Parts> {
  const testbed = await startOwn()
  cleanup.add(() => testbed.stop())
  const [port = 0] = await freePorts(1)
  const bed = await createBed({ partitions: PARTITIONS, addresses: testbed })
  const progress = await Progress.watch(testbed.brokers, bed.topics.audit)
  cleanup.add(() => progress.close())
  const instance = (id: string, env: Readonly<Record<string, string>>): Instance => {
    const made = new Instance({
      id,
      env: { ...bed.env, ...SETTINGS, ...env },
      logFile: join(logFolder, `instance-${id}.log`),
      onOwnEnd: (status) => failures.push(`instance ${id} ended by itself: ${status}`),
    })
    cleanup.add(() => made.kill())
    return made
  }
  const watched = instance('a', { HTTP_PORT: String(port) })
  return { bed, watched, guest: instance('b', {}), progress, url: `http://127.0.0.1:${port}` }
}
