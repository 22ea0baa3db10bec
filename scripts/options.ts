import { parseArgs } from 'node:util'
import { suggestion } from '../src/domain/nearest.ts'

/** What an option takes: nothing, any text, a whole number from 0 on, or a number above 0. */
export type OptionKind = 'flag' | 'text' | 'whole' | 'number'

/** The options of a command, by name, without dashes. */
export type KnownOptions = Readonly<Record<string, OptionKind>>

/** What was typed; options that were not are `undefined`, flags false. */
export type OptionValues<Known extends KnownOptions> = {
  readonly [Name in keyof Known]: Known[Name] extends 'flag'
    ? boolean
    : (Known[Name] extends 'text' ? string : number) | undefined
}

/** What was typed cannot be run; the message says what would be right. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A command of `scripts/`. */
export interface Command<Known extends KnownOptions> {
  /** What `--help` prints. */
  readonly help: string
  readonly options: Known
  /** @returns the exit status. @throws UsageError for what only it can tell */
  run(values: OptionValues<Known>): Promise<number>
}

/** Reads the command line and runs the command. @returns its exit status; 2 for wrong usage */
export async function runCommand<const Known extends KnownOptions>(
  command: Command<Known>,
  args: readonly string[] = process.argv.slice(2),
): Promise<number> {
  try {
    const values = readOptions(command.options, args)
    if (values !== undefined) return await command.run(values)
    process.stdout.write(command.help)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\n--help tells all options\n`)
    return 2
  }
}

/** Reads a command line; `undefined` when help was asked for. @throws UsageError */
export function readOptions<const Known extends KnownOptions>(
  known: Known,
  args: readonly string[],
): OptionValues<Known> | undefined {
  const names = [...Object.keys(known), 'help']
  const kinds = new Map<string, OptionKind>([...Object.entries(known), ['help', 'flag']])
  const options = Object.fromEntries(
    names.map((name) => [
      name,
      { type: kinds.get(name) === 'flag' ? 'boolean' : 'string' } as const,
    ]),
  )
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    tokens: true,
  })
  const typed = new Map<string, string | undefined>()
  for (const token of tokens) {
    if (token.kind !== 'option') throw new UsageError(`no arguments are taken, got ${told(token)}`)
    const { name, rawName, value } = token
    const kind = kinds.get(name)
    if (kind === undefined) throw new UsageError(`no option ${rawName}${suggestion(name, names)}`)
    if (kind === 'flag' && value !== undefined) {
      throw new UsageError(`${rawName} takes no value, got ${value}`)
    }
    if (kind !== 'flag' && value === undefined) throw new UsageError(`${rawName} needs a value`)
    typed.set(name, value)
  }
  if (typed.has('help')) return undefined
  const entries = Object.entries(known).map(([name, kind]) => [name, valueOf(name, kind, typed)])
  return Object.fromEntries(entries) as OptionValues<Known>
}

function told(token: { readonly kind: string; readonly value?: string }): string {
  return token.value ?? '--'
}

function valueOf(
  name: string,
  kind: OptionKind,
  typed: ReadonlyMap<string, string | undefined>,
): boolean | string | number | undefined {
  if (kind === 'flag') return typed.has(name)
  const text = typed.get(name)
  if (text === undefined || kind === 'text') return text
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (kind === 'whole' && !(Number.isSafeInteger(value) && value >= 0)) {
    throw new UsageError(`--${name} must be a whole number >= 0, got ${text}`)
  }
  if (kind === 'number' && !(Number.isFinite(value) && value > 0)) {
    throw new UsageError(`--${name} must be a number > 0, got ${text}`)
  }
  return value
}
