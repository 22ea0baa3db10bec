import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createTopics } from '../scripts/testbed/topics.ts'
import { PARTITIONS } from './cluster.ts'
import type { Cluster } from './cluster.ts'

const TIMEOUT_MS = 180_000
const run = promisify(execFile)

/** What the client alone does, from its first commit on. */
export interface CeilingResult {
  readonly eventsPerSecond: number
  readonly cpuSecondsPerMillion: number
}

/** Works the same input off with the Kafka client alone. */
export async function runCeiling(
  { brokers }: Cluster,
  input: string,
  events: number,
): Promise<CeilingResult> {
  const prefix = `${input}-raw-${Date.now().toString(36)}`
  const topics = [`${prefix}-1`, `${prefix}-2`, `${prefix}-3`]
  await createTopics(
    brokers,
    topics.map((name) => ({ name, partitions: PARTITIONS })),
  )
  const script = join(import.meta.dirname, 'raw-loop.ts')
  const args = [script, brokers, input, String(events), ...topics]
  const { stdout } = await run(process.execPath, args, { timeout: TIMEOUT_MS })
  return JSON.parse(stdout) as CeilingResult
}
