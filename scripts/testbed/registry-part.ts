import { join } from 'node:path'
import { JAVA, REGISTRY_FOLDER, SHORT_LIVED_JAVA } from './kafka-part.ts'
import { Part } from './part.ts'

const START_WAIT_MS = 60_000
/** It insists on a second server, by default on the same port for all that run on a machine. */
const MANAGEMENT = ['-Dquarkus.management.host=127.0.0.1', '-Dquarkus.management.port=0']

/** The registry's base URL, as Confluent's clients take it. */
export function registryUrlOf(port: number): string {
  return `http://127.0.0.1:${port}/apis/ccompat/v7`
}

/** A schema registry that keeps everything in memory: stopped, it has forgotten. */
export function registryPart(folder: string, port: number): Part {
  const java = [
    ...SHORT_LIVED_JAVA,
    '-Xmx256m',
    '-Dquarkus.http.host=127.0.0.1',
    `-Dquarkus.http.port=${port}`,
  ]
  return new Part({
    name: 'the schema registry',
    command: JAVA,
    args: [...java, ...MANAGEMENT, '-jar', 'quarkus-run.jar'],
    cwd: REGISTRY_FOLDER,
    logFile: join(folder, 'registry.log'),
    isUp: () => answers(`${registryUrlOf(port)}/subjects`),
    startWaitMs: START_WAIT_MS,
  })
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
