import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { loadConfig } from './config/load.ts'
import type { LoadedConfig } from './config/load.ts'
import { shownVariables } from './config/shown.ts'
import { EXIT, ServiceError } from './domain/errors.ts'
import { endProcess } from './runtime/end-process.ts'
import { logFailure } from './telemetry/log-events.ts'
import { createLog } from './telemetry/log.ts'
import type { Log } from './telemetry/log.ts'
import { configCommand } from './tools/config.ts'
import { helpText } from './tools/help.ts'

const VERSION = packageVersion()

/**
 * Runs a command of `millrace`, given as typed: the service, if none is.
 *
 * @returns the exit status
 */
export async function runCommand([
  command = 'run',
  ...options
]: readonly string[]): Promise<number> {
  if (command !== 'run') endWithReader()
  if (command === 'dlq') return dlq(options)
  if (command === 'schema') return schema(options)
  if (command === 'drift') return drift(options)
  const unknown = command === 'config' ? options.filter((each) => each !== '--json') : options
  if (unknown.length > 0) return refuse(`unknown option "${unknown[0]}" of "${command}"`)
  switch (command) {
    case 'run':
      return run()
    case 'config':
      return config(options.includes('--json'))
    case '--version':
      return print(`${VERSION}\n`)
    case '--help':
    case '-h':
    case 'help':
      return print(helpText(VERSION))
    default:
      return refuse(`unknown command "${command}"`)
  }
}

/** Who reads no more, as `head` does, wants no more: that is no failure. */
function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    endProcess(EXIT.ok)
  })
}

/** The service, until a signal or a failure ends it. @returns the exit status */
async function run(): Promise<number> {
  let log = await createLog({ level: 'info', format: 'auto' })
  try {
    const loaded = load()
    const { appId, instanceId, logLevel, logFormat, shutdownGraceMs } = loaded.config
    const fields = { app: appId, instance: instanceId }
    log = await createLog({ level: logLevel, format: logFormat, fields })
    let stop = (): boolean => false
    // Before anything is loaded: the first process of a container does not even get a signal it does not handle.
    stopOnSignals(log, shutdownGraceMs, () => {
      if (stop()) return
      // Before the loop runs nothing is in flight: whatever the start waits for is left alone.
      log('STOPPED', 'stopped as asked, before it had started')
      endProcess(EXIT.ok)
    })
    log('STARTING', `Millrace ${VERSION}, node ${process.version}`, { pid: process.pid })
    for (const warning of loaded.warnings) log('CONFIG_WARNING', warning)
    const { Service } = await import('./service.ts')
    const service = new Service({
      config: loaded.config,
      configuration: shownVariables(loaded),
      version: VERSION,
      log,
    })
    stop = () => service.stop()
    await Promise.race([service.run(), uncaught()])
    log('STOPPED', 'stopped as asked')
    if (service.hasCallsLeft) endProcess(EXIT.ok)
    return EXIT.ok
  } catch (error) {
    const failed = error instanceof ServiceError ? error.exitStatus : EXIT.internal
    logFailure(log, error, failed)
    return failed
  }
}

/** The first signal asks to stop; the second, or a stop that takes too long, ends the process at once. */
function stopOnSignals(log: Log, graceMs: number, stop: () => void): void {
  const force = (why: string): void => {
    logFailure(log, new ServiceError('SHUTDOWN_TIMEOUT', why), EXIT.forced)
    endProcess(EXIT.forced)
  }
  let isStopping = false
  const onSignal = (signal: string): void => {
    if (isStopping) force(`${signal} came while stopping`)
    isStopping = true
    log('STOPPING', `${signal}: finishing what is in flight`, { graceMs })
    setTimeout(force, graceMs, `stopping took longer than ${graceMs} ms`)
    stop()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

/** Rejects with an error that nobody caught. */
function uncaught(): Promise<never> {
  return new Promise((_, reject) => {
    process.on('uncaughtException', reject)
    process.on('unhandledRejection', reject)
  })
}

async function dlq(options: readonly string[]): Promise<number> {
  const { runDlq } = await import('./dlq.ts')
  return runDlq(options, () => load().config)
}

/** A command whose refusals are told in a line. @returns its exit status, or that of the refusal */
async function told(command: () => Promise<number> | number): Promise<number> {
  try {
    return await command()
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    process.stderr.write(`${error.message}\n`)
    return error.exitStatus
  }
}

function config(json: boolean): Promise<number> {
  return told(() => print(configCommand(load(), { json })))
}

/** `millrace schema check [SUBJECT] [--message NAME] [--json]`. @returns the exit status */
async function schema([action, ...options]: readonly string[]): Promise<number> {
  if (action !== 'check') return refuse(`unknown command "schema ${action ?? ''}"`)
  return told(async () => {
    const { parseSchemaCheck } = await import('./tools/schema-check-options.ts')
    const { subject, ...asked } = parseSchemaCheck(options)
    const loaded = load().config
    // Loaded here, so that the service starts without them.
    const { registryOptions } = await import('./config/client-properties.ts')
    const { parseModelSpec } = await import('./features/spec.ts')
    const { loadModelFolder } = await import('./inference/model-folder.ts')
    const { createRegistryClient } = await import('./runtime/registry-client.ts')
    const { schemaCheck } = await import('./tools/schema-check.ts')
    const registry = registryOptions(loaded)
    if (registry === undefined) return refuse('SCHEMA_REGISTRY_URL is required for "schema check"')
    const { spec } = await loadModelFolder(loaded.modelDir, parseModelSpec)
    const { output, status: found } = await schemaCheck(createRegistryClient(registry), {
      spec,
      subject: subject ?? `${loaded.inputTopic}-value`,
      ...asked,
    })
    process.stdout.write(output)
    return found
  })
}

/** `millrace drift --from URL` and `millrace drift reference FILE…`. @returns the exit status */
function drift(options: readonly string[]): Promise<number> {
  const [action, ...rest] = options
  return told(async () => {
    if (action === 'reference') {
      const { runReference } = await import('./drift-reference.ts')
      return runReference(rest)
    }
    const { driftCommand } = await import('./tools/drift.ts')
    const { output, status: found } = await driftCommand(options, async (address, signal) => {
      const answer = await fetch(address, { signal })
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      return answer.text()
    })
    process.stdout.write(output)
    return found
  })
}

function load(): LoadedConfig {
  const readFile = (path: string): string => readFileSync(path, 'utf8')
  return loadConfig(process.env, { hostname: hostname(), readFile })
}

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.ok
}

function refuse(problem: string): number {
  process.stderr.write(`${problem}\nSee: millrace --help\n`)
  return EXIT.config
}

function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  return version
}
