import { parseArgs } from 'node:util'
import { ServiceError } from '../../domain/errors.ts'
import { exportLetters, importLetters } from './exchange.ts'
import { parseFilter } from './filter.ts'
import { list } from './list.ts'
import { parsePlace } from './place.ts'
import { purge } from './purge.ts'
import { replay } from './replay.ts'
import { show } from './show.ts'
import { stats } from './stats.ts'
import { TARGETS, type TargetName } from './target.ts'
import type { Workbench } from './workbench.ts'

/** Letters of a page unless asked otherwise. */
const PAGE = '20'

const WHERE = { where: { type: 'string', multiple: true } } as const
const JSON_OUT = { json: { type: 'boolean' } } as const

/** A command that is ready to run. @returns its exit status */
type Run = (bench: Workbench) => Promise<number>

/** How each command reads what stands behind its name. */
const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Run>> = {
  list: (args) => {
    const options = { ...WHERE, ...JSON_OUT, all: FLAG, limit: TEXT, after: TEXT } as const
    const { values } = parseArgs({ args: [...args], options })
    const { where, limit = PAGE, after, all = false, json = false } = values
    const page = { limit: whole('--limit', limit), after: optionalPlace(after) }
    const filter = parseFilter(where ?? [])
    return (bench) => list(bench, { ...page, filter, all, json })
  },
  show: (args) => {
    const parsed = parseArgs({ args: [...args], options: JSON_OUT, allowPositionals: true })
    const place = parsePlace(only(parsed.positionals))
    return (bench) => show(bench, { place, json: parsed.values.json ?? false })
  },
  stats: (args) => {
    const options = { ...WHERE, ...JSON_OUT, prometheus: FLAG } as const
    const { values } = parseArgs({ args: [...args], options })
    const filter = parseFilter(values.where ?? [])
    const format = values.json ? 'json' : values.prometheus ? 'prometheus' : 'text'
    return (bench) => stats(bench, { filter, format })
  },
  watch: (args) => {
    parseArgs({ args: [...args], options: {} })
    return (bench) => bench.watch()
  },
  replay: (args) => replayRun(args),
  export: (args) => {
    const { values } = parseArgs({ args: [...args], options: { ...WHERE, all: FLAG } })
    const filter = parseFilter(values.where ?? [])
    return (bench) => exportLetters(bench, { filter, all: values.all ?? false })
  },
  import: (args) => {
    const { values } = parseArgs({ args: [...args], options: JSON_OUT })
    return (bench) => importLetters(bench, { json: values.json ?? false })
  },
  purge: (args) => {
    const options = { ...JSON_OUT, yes: FLAG } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const place = parsePlace(only(positionals))
    return (bench) => purge(bench, { place, yes: values.yes ?? false, json: values.json ?? false })
  },
}

const FLAG = { type: 'boolean' } as const
const TEXT = { type: 'string' } as const

function replayRun(args: readonly string[]): Run {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...WHERE,
      ...JSON_OUT,
      'dry-run': FLAG,
      'include-late': FLAG,
      limit: TEXT,
      rate: TEXT,
      to: TEXT,
    },
  })
  const options = {
    to: target(values.to ?? 'input'),
    filter: parseFilter(values.where ?? []),
    isDryRun: values['dry-run'] ?? false,
    includeLate: values['include-late'] ?? false,
    limit: values.limit === undefined ? Infinity : whole('--limit', values.limit),
    rate: values.rate === undefined ? Infinity : whole('--rate', values.rate),
    json: values.json ?? false,
  }
  return (bench) => replay(bench, options)
}

function target(text: string): TargetName {
  const known = TARGETS.find((name) => name === text)
  if (known !== undefined) return known
  throw new ServiceError('CONFIG_INVALID', `--to must be ${TARGETS.join(' or ')}, got "${text}"`)
}

/**
 * Reads a command and its options.
 *
 * @throws ServiceError `CONFIG_INVALID` naming what is wrong
 */
export function parseCommand([name = '', ...args]: readonly string[]): Run {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) {
    const names = Object.keys(COMMANDS).join(', ')
    throw new ServiceError('CONFIG_INVALID', `millrace dlq needs one of ${names}, got "${name}"`)
  }
  try {
    return command(args)
  } catch (error) {
    if (error instanceof ServiceError || !(error instanceof Error)) throw error
    // What `parseArgs` says of options that it does not know.
    throw new ServiceError('CONFIG_INVALID', `millrace dlq ${name}: ${error.message}`, error)
  }
}

function whole(option: string, text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (value > 0) return value
  throw new ServiceError('CONFIG_INVALID', `${option} must be a whole number > 0, got "${text}"`)
}

function optionalPlace(text: string | undefined) {
  return text === undefined ? undefined : parsePlace(text)
}

function only(positionals: readonly string[]): string {
  const [first = '', ...more] = positionals
  if (more.length > 0) {
    const message = `one dead letter at a time, got "${positionals.join(' ')}"`
    throw new ServiceError('CONFIG_INVALID', message)
  }
  return first
}
