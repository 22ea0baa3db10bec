import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaPart, SHORT_LIVED_JAVA } from './kafka-part.ts'
import type { DetourPorts } from './kafka-part.ts'
import type { Part } from './part.ts'
import { freePorts } from './ports.ts'

/** A real broker without a registry, for who needs none or has one. */
export interface OwnBroker {
  /** `host:port` */
  readonly brokers: string
  readonly part: Part
  /** Of its data and log. */
  readonly folder: string
  /** Ends it and removes the folder, unless logs are to be kept. */
  stop(keepLogs?: boolean): Promise<void>
}

/** A temporary folder for a testbed. */
export function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-testbed-'))
}

/** Starts a broker that is soon up, for one test; with a detour it has two listeners. */
export function startOwnBroker(detour?: DetourPorts): Promise<OwnBroker> {
  return startBroker(newFolder(), detour, SHORT_LIVED_JAVA)
}

/** Starts a broker on free ports, its data in the folder. The rest is as for `kafkaPart`. */
export async function startBroker(
  folder: string,
  detour?: DetourPorts,
  java?: readonly string[],
): Promise<OwnBroker> {
  const [port = 0, controllerPort = 0] = await freePorts(2)
  const part = await kafkaPart(folder, { port, controllerPort, detour }, java)
  const stop = async (keepLogs = false): Promise<void> => {
    await part.stop()
    if (!keepLogs) rmSync(folder, { recursive: true, force: true })
  }
  try {
    await part.start()
  } catch (error) {
    await stop(true)
    throw error
  }
  return { brokers: `127.0.0.1:${port}`, part, folder, stop }
}
