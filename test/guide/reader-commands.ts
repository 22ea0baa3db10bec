import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { CLASSPATH, JAVA } from '../../scripts/testbed/kafka-part.ts'

const ROOT = resolve(import.meta.dirname, '../..')
/** Kafka's own tools, by the scripts that its archive starts them with; the jars are those of the broker under test. */
const KAFKA_TOOLS = {
  'kafka-topics.sh': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer.sh': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer.sh': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
} as const

/**
 * Puts what a reader has installed into a folder of its own: `millrace`, and Kafka's command-line tools.
 *
 * @param folder of the guide; the commands are in `bin` there
 * @returns what to begin `PATH` with
 */
export async function installCommands(folder: string): Promise<string> {
  const bin = join(folder, 'bin')
  await mkdir(bin)
  const commands = new Map([
    ['millrace', `'${process.execPath}' '${ROOT}/src/main.ts'`],
    ...Object.entries(KAFKA_TOOLS).map(([name, tool]): [string, string] => [
      name,
      `'${JAVA}' -Xmx256m --enable-native-access=ALL-UNNAMED -cp '${CLASSPATH}' ${tool}`,
    ]),
  ])
  for (const [name, command] of commands) {
    await writeFile(join(bin, name), `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 })
  }
  return bin
}
