import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startOwn } from './testbed.ts'

const STATE = join(import.meta.dirname, '../../.millrace/testbed.json')
const STOP_WAIT_MS = 15_000

interface Running {
  readonly pids: readonly number[]
  readonly folder: string
  readonly brokers: string
  readonly registryUrl: string
}

const [command] = process.argv.slice(2)
if (command === 'up') await up()
else if (command === 'down') await down()
else {
  process.stderr.write('Usage: node scripts/testbed/cli.ts up|down\n')
  process.exitCode = 2
}

async function up(): Promise<void> {
  const known = readState()
  if (known !== undefined && known.pids.every(isAlive)) {
    print(known)
    return
  }
  const testbed = await startOwn()
  const parts = [testbed.broker(), testbed.registry()]
  const pids = parts.flatMap((part) => (part.pid === undefined ? [] : [part.pid]))
  const { brokers, registryUrl, folder = '' } = testbed
  const running: Running = { pids, folder, brokers, registryUrl }
  writeFileSync(STATE, `${JSON.stringify(running, undefined, 2)}\n`)
  for (const part of parts) part.leave()
  print(running)
}

async function down(): Promise<void> {
  const known = readState()
  if (known === undefined) {
    process.stdout.write('nothing is running\n')
    return
  }
  for (const pid of known.pids) if (isAlive(pid)) process.kill(pid, 'SIGTERM')
  const deadline = performance.now() + STOP_WAIT_MS
  while (known.pids.some(isAlive)) {
    if (performance.now() > deadline) {
      for (const pid of known.pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    }
    await sleep(50)
  }
  rmSync(known.folder, { recursive: true, force: true })
  rmSync(STATE)
  process.stdout.write('stopped\n')
}

function readState(): Running | undefined {
  if (!existsSync(STATE)) return undefined
  const running: Running = JSON.parse(readFileSync(STATE, 'utf8'))
  return running
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function print({ brokers, registryUrl, folder }: Running): void {
  process.stdout.write(
    `export KAFKA_BROKERS=${brokers}\nexport SCHEMA_REGISTRY_URL=${registryUrl}\n` +
      `# logs in ${folder}; make down stops both\n`,
  )
}
