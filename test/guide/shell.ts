import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A reader's terminal: what is exported stays set. */
export class GuideShell {
  readonly #folder: string
  readonly #env: Readonly<Record<string, string>>
  #exports = ''

  /**
   * @param folder where commands are run; `commands.sh` there is overwritten
   * @param env the whole environment, `PATH` included
   */
  constructor(folder: string, env: Readonly<Record<string, string>>) {
    this.#folder = folder
    this.#env = env
  }

  /** What was exported so far. */
  get exported(): Readonly<Record<string, string>> {
    return assignments(this.#exports.replaceAll(/^export /gm, ''))
  }

  /** @returns exit status, and what was printed on both outputs */
  async run(commands: string): Promise<{ readonly status: unknown; readonly printed: string }> {
    const script = join(this.#folder, 'commands.sh')
    await writeFile(script, `set -eu\n${this.#exports}${commands}`)
    this.#exports += [...commands.matchAll(/^export .*\n/gm)].join('')
    const child = spawn('bash', [script], {
      cwd: this.#folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        printed += text
      })
    }
    const [status]: unknown[] = await once(child, 'close')
    return { status, printed }
  }
}

/** The settings before a command, e.g. `A=1 B=2 millrace`. @throws Error when it is no such command */
export function settingsOf(command: string): Readonly<Record<string, string>> {
  const [, settings] = /^((?:\w+=\S+ )+)millrace\n$/.exec(command) ?? []
  if (settings === undefined) throw new Error(`not how a service is started: ${command}`)
  return assignments(settings)
}

/** `A=1 B=2` as what it sets. */
function assignments(text: string): Readonly<Record<string, string>> {
  const set = text.matchAll(/(\w+)=(\S+)/g)
  return Object.fromEntries([...set].map(([, name = '', value = '']) => [name, value]))
}
