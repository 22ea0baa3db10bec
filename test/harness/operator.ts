import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import { CLASSPATH, JAVA } from '../../scripts/testbed/kafka-part.ts'
import type { Bed } from './bed.ts'

const COMMAND_TIMEOUT_MS = 60_000
/** Kafka's own tools, by the class that each of its scripts starts. */
const TOOLS = {
  'kafka-configs.sh': 'kafka.admin.ConfigCommand',
  'kafka-console-consumer.sh': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups.sh': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
} as const
const run = promisify(execFile)

/**
 * Runs a command as an operator would: in a shell that has Kafka's own tools and the variables of the service, in
 * a folder that is gone after the test.
 *
 * @returns what it printed @throws Error when it fails
 */
export async function runAsOperator(t: TestContext, bed: Bed, command: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tools-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, className] of Object.entries(TOOLS)) {
    const script = `#!/bin/sh\nexec '${JAVA}' -cp '${CLASSPATH}' ${className} "$@"\n`
    writeFileSync(join(folder, name), script, { mode: 0o755 })
  }
  const PATH = [folder, process.env['PATH'] ?? ''].join(delimiter)
  const options = { env: { ...bed.env, PATH }, cwd: folder, timeout: COMMAND_TIMEOUT_MS }
  const { stdout } = await run('sh', ['-c', command], options)
  return stdout
}
