import { execFile, spawnSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Engine } from './engine.ts'

const run = promisify(execFile)
const ROOT = resolve(import.meta.dirname, '../..')
const LOCAL = join(ROOT, '.millrace')
const COMPOSE = join(LOCAL, 'bin/docker-compose')
const STAND_INS = join(ROOT, 'test/image/stand-ins/compose.yaml')
const WAIT_MS = 90_000

/** What is looked at of a service of the compose file, as Docker Compose understands it. */
export interface ComposeService {
  readonly image: string
  readonly build?: object
  readonly user?: string
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly stop_grace_period?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck?: object
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly ports?: readonly { readonly host_ip: string }[]
  readonly volumes?: readonly { readonly source: string; readonly target: string }[]
}

/** The services of `docker-compose.yml` with these profiles. @throws Error with what Docker Compose says */
export function composeServices(
  profiles: readonly string[] = [],
): Readonly<Record<string, ComposeService>> {
  const chosen = profiles.flatMap((profile) => ['--profile', profile])
  const { status, stdout, stderr, error } = spawnSync(
    COMPOSE,
    [...chosen, 'config', '--format', 'json'],
    // Nothing of the machine's own environment may change it.
    { cwd: ROOT, encoding: 'utf8', env: { PATH: process.env['PATH'] } },
  )
  if (error !== undefined)
    throw new Error('docker-compose cannot be run; `make tools`', { cause: error })
  if (status !== 0) throw new Error(stderr)
  return (JSON.parse(stdout) as { services: Record<string, ComposeService> }).services
}

/** A container, as the engine tells of it. */
export interface ContainerState {
  readonly State: {
    readonly StartedAt: string
    readonly FinishedAt: string
    readonly ExitCode: number
  }
  readonly Config: { readonly User: string }
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean
    readonly CapDrop: readonly string[] | null
  }
}

/** `docker-compose.yml` run for real, with stand-ins for the images that cannot be fetched. */
export class Stack {
  readonly #engine: Engine
  readonly #project: string
  readonly #env: Readonly<Record<string, string>>

  /** It is taken down when the test ends. */
  constructor(t: TestContext, engine: Engine, variables: Readonly<Record<string, string>>) {
    this.#engine = engine
    this.#project = `millrace-test-${process.pid}`
    const anyPort = ['KAFKA_PORT', 'REGISTRY_PORT', 'MILLRACE_PORTS', 'PROMETHEUS_PORT']
    this.#env = {
      ...engine.env,
      ...Object.fromEntries(anyPort.map((name) => [name, '0'])),
      STAND_IN_JAVA: resolve(realpathSync(join(LOCAL, 'bin/java')), '../..'),
      STAND_IN_KAFKA: realpathSync(join(LOCAL, 'kafka')),
      STAND_IN_REGISTRY: realpathSync(join(LOCAL, 'registry')),
      STAND_IN_PROMETHEUS: realpathSync(join(LOCAL, 'bin/prometheus')),
      ...variables,
    }
    t.after(() => this.down())
  }

  /** Runs Docker Compose. @returns its standard output @throws Error with what it said */
  async compose(...args: readonly string[]): Promise<string> {
    const files = ['--file', 'docker-compose.yml', '--file', STAND_INS]
    const all = ['--project-name', this.#project, ...files, ...args]
    return (await run(COMPOSE, all, { cwd: ROOT, env: this.#env })).stdout.trim()
  }

  /** What is answered at a port of a service. @throws Error unless the answer is a good one */
  async ask<Answer>(service: string, port: number, path: string): Promise<Answer> {
    const at = await this.compose('port', service, String(port))
    const answer = await fetch(`http://${at}${path}`)
    if (!answer.ok) throw new Error(`${service} answers ${answer.status} to ${path}`)
    return (await answer.json()) as Answer
  }

  /** Asks again and again until something holds. @throws Error when it does not in time */
  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + WAIT_MS
    while (!(await holds().catch(() => false))) {
      if (performance.now() > deadline) throw new Error(`never seen: ${what}`)
      await sleep(500)
    }
  }

  /** Takes all of it down. @returns what is left of its containers, networks and volumes, a name a line */
  async down(): Promise<string> {
    await this.compose('--profile', '*', 'down', '--volumes', '--timeout', '5')
    const filter = ['--quiet', '--filter', `label=com.docker.compose.project=${this.#project}`]
    const { docker } = this.#engine
    const left = [docker('ps', '--all', ...filter)]
    for (const kind of ['network', 'volume']) left.push(docker(kind, 'ls', ...filter))
    return (await Promise.all(left)).join('').trim()
  }

  /** The containers of a service. */
  async containers(service: string): Promise<readonly ContainerState[]> {
    const ids = await this.compose('ps', '--all', '--quiet', service)
    const { docker } = this.#engine
    return JSON.parse(await docker('inspect', ...ids.split('\n'))) as ContainerState[]
  }
}
