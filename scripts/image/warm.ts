/**
 * Fills Node's compile cache (`NODE_COMPILE_CACHE`) with what a start of the service compiles: the
 * service is started without a broker, and stopped once its model is loaded.
 *
 *     node scripts/image/warm.ts MAIN-FILE MODEL-FOLDER
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const START_MS = 120_000
/** Nobody listens there. */
const NO_BROKER = '127.0.0.1:9'

const [main, model] = process.argv.slice(2)
if (main === undefined || model === undefined) throw new Error('which main file, which model?')

const service = spawn(process.execPath, [main], {
  env: {
    ...process.env,
    KAFKA_BROKERS: NO_BROKER,
    APP_ID: 'warm',
    MODEL_DIR: model,
    INPUT_FORMAT: 'json',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: '0',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
  timeout: START_MS,
})
createInterface({ input: service.stdout }).on('line', (line) => {
  if (line.includes('"code":"SELF_TEST"')) service.kill('SIGTERM')
})
const [status] = await once(service, 'close')
if (status !== 0) throw new Error(`the service ended with ${String(status)}`)
