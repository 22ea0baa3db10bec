import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import { LOG_CODES } from './log-codes.ts'
import type { LogCode, LogLevel } from './log-codes.ts'

export type LogFields = Readonly<Record<string, unknown>>

/** Writes one line about a rare event. The code decides the level. */
export type Log = (code: LogCode, message: string, fields?: LogFields) => void

/** How lines are written. */
export interface LogOptions {
  /** Least severe level that is written. */
  readonly level: LogLevel | 'silent'
  /** `auto`: for eyes on a terminal, JSON anywhere else. */
  readonly format: 'auto' | 'json' | 'pretty'
  /** On every line, e.g. the application and instance id. */
  readonly fields?: LogFields
  /** Standard output by default. */
  readonly destination?: DestinationStream
}

/**
 * A log on standard output: JSON, a line an event, with `level`, `time` (ISO 8601), `code`, `msg`.
 *
 * Lines are written before the call returns, so the last one before an exit is not lost. Where
 * pino-pretty is not installed (it is no runtime dependency), `pretty` is JSON too.
 */
export async function createLog(options: LogOptions): Promise<Log> {
  const isPretty =
    options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY)
  const pretty = isPretty && options.destination === undefined ? await prettyStream() : undefined
  const standardOutput = (): DestinationStream => pino.destination({ dest: 1, sync: true })
  const destination = pretty ?? options.destination ?? standardOutput()
  const settings = {
    level: options.level,
    base: { ...options.fields },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return writeTo(pino(settings, destination))
}

function writeTo(logger: Logger): Log {
  return (code, message, fields) => {
    logger[LOG_CODES[code].level]({ code, ...fields }, message)
  }
}

/** @returns a stream for eyes; `undefined` when pino-pretty is not installed */
async function prettyStream(): Promise<DestinationStream | undefined> {
  try {
    const { PinoPretty } = await import('pino-pretty')
    return PinoPretty({
      sync: true,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'app,instance,code',
      singleLine: true,
      messageFormat: '{code} {msg}',
    })
  } catch (error) {
    if (isMissingModule(error)) return undefined
    throw error
  }
}

function isMissingModule(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}
