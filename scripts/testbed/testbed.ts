import type { DetourPorts } from './kafka-part.ts'
import { newFolder, startBroker } from './own-broker.ts'
import { freePorts } from './ports.ts'
import { registryPart, registryUrlOf } from './registry-part.ts'
import { createTopics } from './topics.ts'
import type { TopicPlan } from './topics.ts'
import type { Part } from './part.ts'

/** A real broker and a real schema registry. */
export interface Testbed {
  /** `host:port` */
  readonly brokers: string
  readonly registryUrl: string
  /** Whether it was started here, and so can be stopped and broken. */
  readonly isOwn: boolean
  createTopics(topics: readonly TopicPlan[]): Promise<void>
  /** The broker as a process. @throws Error when it is not our own */
  broker(): Part
  /** The registry as a process. @throws Error when it is not our own */
  registry(): Part
  /** Folder of the parts' data and logs; absent when they are not our own. */
  readonly folder?: string
  /** Stops what was started here; `keepLogs` leaves the folder. */
  stop(keepLogs?: boolean): Promise<void>
}

/**
 * The testbed named by `KAFKA_BROKERS` and `SCHEMA_REGISTRY_URL`, or, unless both are set, one
 * started on free ports in a temporary folder.
 */
export async function startTestbed(env: NodeJS.ProcessEnv = process.env): Promise<Testbed> {
  const brokers = env['KAFKA_BROKERS']
  const registryUrl = env['SCHEMA_REGISTRY_URL']
  if (brokers && registryUrl) return givenTestbed(brokers, registryUrl)
  return startOwn()
}

function givenTestbed(brokers: string, registryUrl: string): Testbed {
  const refuse = (): never => {
    throw new Error('this testbed was given by KAFKA_BROKERS: it cannot be stopped here')
  }
  return {
    brokers,
    registryUrl,
    isOwn: false,
    createTopics: (topics) => createTopics(brokers, topics),
    broker: refuse,
    registry: refuse,
    stop: async () => undefined,
  }
}

/** Starts a testbed of its own, whatever the environment says; with a detour, its broker has two listeners. */
export async function startOwn(detour?: DetourPorts): Promise<Testbed> {
  const folder = newFolder()
  const [registryPort = 0] = await freePorts(1)
  const registry = registryPart(folder, registryPort)
  const [started, up] = await Promise.allSettled([startBroker(folder, detour), registry.start()])
  if (started.status === 'rejected') {
    await registry.stop()
    throw started.reason
  }
  if (up.status === 'rejected') {
    await started.value.stop(true)
    throw up.reason
  }
  const { brokers, part: broker, stop } = started.value
  return {
    brokers,
    registryUrl: registryUrlOf(registryPort),
    isOwn: true,
    createTopics: (topics) => createTopics(brokers, topics),
    broker: () => broker,
    registry: () => registry,
    folder,
    stop: async (keepLogs) => {
      await registry.stop()
      await stop(keepLogs)
    },
  }
}
