import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const ROOT = resolve(import.meta.dirname, '../..')
const WAIT_MS = 60_000

/** What a command left behind. */
export interface Ended {
  /** `null` when it was killed. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  readonly ended: Promise<Ended>
  /** Waits until it has written something like this, to whichever output. */
  said(pattern: RegExp): Promise<void>
  signal(signal: NodeJS.Signals): void
}

/** Starts `millrace` with these arguments and nothing of the test's own environment. */
export function startMillrace(
  t: Pick<TestContext, 'after'> | undefined,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = '',
): Running {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH, ...env },
    stdio: 'pipe',
    timeout: WAIT_MS,
    killSignal: 'SIGKILL',
  })
  t?.after(() => void child.kill('SIGKILL'))
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      said[name] += text
    })
  }
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const ended = once(child, 'close').then(([status]: unknown[]) => ({
    status: typeof status === 'number' ? status : null,
    ...said,
  }))
  const hears = async (pattern: RegExp): Promise<void> => {
    const deadline = performance.now() + WAIT_MS
    while (!pattern.test(said.stdout + said.stderr)) {
      const isOver = child.exitCode !== null || performance.now() > deadline
      if (isOver) throw new Error(`it never said ${pattern}: ${said.stdout}${said.stderr}`)
      await sleep(10)
    }
  }
  return { ended, said: hears, signal: (signal) => void child.kill(signal) }
}

/** Runs `millrace` to its end where nobody reads what it prints, as `head` does once it has seen enough. */
export async function millraceUnread(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Omit<Ended, 'stdout'>> {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: WAIT_MS,
    killSignal: 'SIGKILL',
  })
  child.stdout.destroy()
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [status]: unknown[] = await once(child, 'close')
  return { status: typeof status === 'number' ? status : null, stderr }
}

/** Runs `millrace` to its end. */
export function millrace(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input?: string,
): Promise<Ended> {
  return startMillrace(undefined, args, env, input).ended
}
