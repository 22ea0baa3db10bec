import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder } from '../../scripts/flights/flights.ts'
import { Part } from '../../scripts/testbed/part.ts'

const run = promisify(execFile)
const ROOT = resolve(import.meta.dirname, '../..')
/** Where Debian's package puts them; another client might not go with this daemon. */
const DAEMON = '/usr/sbin/dockerd'
const CLIENT = '/usr/bin/docker'
const START_MS = 30_000
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024
/** The images that `scripts/image/base.sh` makes. */
const BASES = ['NODE_IMAGE=millrace-test/node', 'RUNTIME_IMAGE=millrace-test/debian']

/** What is built, and how: the project's Dockerfile unless a folder with another is given. */
export interface BuildOptions {
  readonly folder?: string
  /** The stage to stop at. */
  readonly target?: string
}

/**
 * A container engine of our own. It changes no rule of the machine's firewall: containers share the machine's
 * loopback, or have a network among themselves, and ports of it on the loopback.
 */
export interface Engine {
  readonly client: string
  /** What the client is started with. */
  readonly env: Readonly<Record<string, string>>
  /** Runs the client. @returns its standard output @throws Error with what it said */
  docker(...args: readonly string[]): Promise<string>
  build(tag: string, options?: BuildOptions): Promise<void>
  stop(): Promise<void>
}

/** An engine, or why there is none. Its images stay in the cache of the machine. */
export async function startEngine(): Promise<Engine | { readonly missing: string }> {
  if (process.getuid?.() !== 0) return { missing: 'it takes root' }
  if (!existsSync(DAEMON)) return { missing: `${DAEMON} is not installed` }
  const folder = mkdtempSync(join(tmpdir(), 'millrace-engine-'))
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: process.env['HOME'] ?? '/',
    DOCKER: CLIENT,
    DOCKER_HOST: `unix://${folder}/docker.sock`,
    DOCKER_BUILDKIT: '1',
    ...(process.env['MILLRACE_CACHE'] !== undefined && {
      MILLRACE_CACHE: process.env['MILLRACE_CACHE'],
    }),
  }
  const call = async (command: string, args: readonly string[]): Promise<string> =>
    (await run(command, [...args], { cwd: ROOT, env, maxBuffer: OUTPUT_BYTES_MAX })).stdout
  const docker = (...args: readonly string[]): Promise<string> => call(CLIENT, args)
  const daemon = daemonIn(folder, () => docker('version').then(Boolean, () => false))
  const stop = async (): Promise<void> => {
    await daemon.stop()
    // The daemon leaves the network namespace of its containers mounted.
    await call('umount', [join(folder, 'exec/netns/default')]).catch(() => undefined)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await daemon.start()
  } catch (error) {
    await stop()
    return { missing: error instanceof Error ? error.message : String(error) }
  }
  const build = async (
    tag: string,
    { folder: context, target }: BuildOptions = {},
  ): Promise<void> => {
    if (context === undefined) await call('bash', ['scripts/image/base.sh'])
    const bases = context === undefined ? BASES.flatMap((base) => ['--build-arg', base]) : []
    const stage = target === undefined ? [] : ['--target', target]
    await docker('build', '--network', 'host', '--tag', tag, ...bases, ...stage, context ?? ROOT)
  }
  return { client: CLIENT, env, docker, build, stop }
}

function daemonIn(folder: string, isUp: () => Promise<boolean>): Part {
  const data = join(cacheFolder(), 'docker')
  mkdirSync(data, { recursive: true })
  return new Part({
    name: 'the container engine',
    command: DAEMON,
    args: [
      `--host=unix://${folder}/docker.sock`,
      `--data-root=${data}`,
      `--exec-root=${folder}/exec`,
      `--pidfile=${folder}/pid`,
      '--bridge=none',
      '--iptables=false',
      '--ip6tables=false',
    ],
    cwd: folder,
    logFile: join(folder, 'log'),
    isUp,
    startWaitMs: START_MS,
  })
}
