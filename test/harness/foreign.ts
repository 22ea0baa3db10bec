import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cacheFolder } from '../../scripts/flights/flights.ts'
import { JAVA } from '../../scripts/testbed/kafka-part.ts'

const REQUIREMENTS = join(import.meta.dirname, 'foreign-requirements.txt')
const KAFKA_CLASSES = join(resolve(import.meta.dirname, '../..'), '.millrace', 'kafka', '*')
const WAIT_MS = 120_000

/** A topic for Confluent's Python client, with the schema it is given. */
export interface ForeignTopic {
  readonly topic: string
  readonly format: string
  readonly schema: string
  /** Full name of the record. */
  readonly record: string
}

/** What Confluent's Python client is to do, in this order. */
export interface ForeignTask {
  readonly brokers: string
  readonly registry: string
  readonly write: readonly (ForeignTopic & { readonly events: readonly object[] })[]
  readonly read: readonly ForeignTopic[]
}

/** Runs Confluent's Python client. @returns the values of each topic read, by topic */
export async function runPythonClient(
  task: ForeignTask,
): Promise<readonly (readonly Readonly<Record<string, unknown>>[])[]> {
  const script = join(import.meta.dirname, 'foreign.py')
  const output = await run(pythonWithClient(), [script], JSON.stringify(task))
  return JSON.parse(output)
}

/** What Kafka's own console consumer prints of a topic, a line a record. */
export async function runConsoleConsumer(
  brokers: string,
  topic: string,
  records: number,
): Promise<readonly string[]> {
  const consumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
  const from = ['--bootstrap-server', brokers, '--topic', topic, '--from-beginning']
  const until = ['--max-messages', String(records), '--timeout-ms', '30000']
  const committed = ['--isolation-level', 'read_committed']
  const output = await run(JAVA, ['-cp', KAFKA_CLASSES, consumer, ...from, ...until, ...committed])
  return output.trimEnd().split('\n')
}

/** What kcat prints of a topic's values, a line a record; `undefined` when it is not installed. */
export async function runKcat(
  brokers: string,
  topic: string,
): Promise<readonly string[] | undefined> {
  const options = [
    '-b',
    brokers,
    '-t',
    topic,
    '-C',
    '-e',
    '-q',
    '-X',
    'isolation.level=read_committed',
  ]
  try {
    return (await run('kcat', options)).trimEnd().split('\n')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Python with the client; set up once a machine. */
function pythonWithClient(): string {
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12)
  const folder = join(cacheFolder(), `foreign-${version}`)
  const python = join(folder, 'bin', 'python')
  if (existsSync(join(folder, 'complete'))) return python
  mkdirSync(cacheFolder(), { recursive: true })
  execFileSync('python3', ['-m', 'venv', '--clear', folder], { stdio: 'inherit' })
  const install = ['-m', 'pip', 'install', '--quiet', '-r', REQUIREMENTS]
  execFileSync(python, install, { stdio: 'inherit' })
  mkdirSync(join(folder, 'complete'))
  return python
}

function run(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((done, reject) => {
    const options = { timeout: WAIT_MS, maxBuffer: 64 * 1024 * 1024 }
    const child = execFile(command, [...args], options, (error, stdout, stderr) => {
      if (error === null) done(stdout)
      else reject(Object.assign(error, { message: `${error.message}\n${stderr}` }))
    })
    child.stdin?.end(input)
  })
}
