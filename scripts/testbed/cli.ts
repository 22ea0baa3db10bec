/**
 * Leaves a broker and a registry running, or stops them. `eval "$(make -s up)"` sets their addresses
 * for demo, tests and bench.
 *
 *     node scripts/testbed/cli.ts up|down
 */
import { findRunning, leaveRunning, stopRunning } from './running.ts'
import { startOwn } from './testbed.ts'

const [command] = process.argv.slice(2)
if (command === 'up') await up()
else if (command === 'down') {
  process.stdout.write((await stopRunning()) ? 'stopped\n' : 'nothing is running\n')
} else {
  process.stderr.write('Usage: node scripts/testbed/cli.ts up|down\n')
  process.exitCode = 2
}

async function up(): Promise<void> {
  const { brokers, registryUrl } = findRunning() ?? leaveRunning(await startOwn())
  process.stdout.write(
    `export KAFKA_BROKERS=${brokers}\nexport SCHEMA_REGISTRY_URL=${registryUrl}\n# make down stops both\n`,
  )
}
