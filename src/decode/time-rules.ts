import type { Rule } from './field-rules.ts'
import { parseIsoTime } from './iso-time.ts'

/** The largest time a JavaScript `Date` can hold, ms since the epoch. */
const TIME_MS_MAX = 8.64e15

/** One rule per unit an event time may be given in; all yield whole ms since the epoch, ≥ 0. */
export const TIME_RULES: Readonly<Record<'ms' | 's' | 'iso8601', Rule<number>>> = {
  ms: { parse: parseMs, rule: 'a whole number of ms from 0 to 8640000000000000' },
  s: { parse: parseSeconds, rule: 'a number of seconds from 0 to 8640000000000' },
  iso8601: {
    parse: parseText,
    rule: 'an ISO 8601 time from 1970 on with an offset (2013-01-31T23:59:59.999Z)',
  },
}

function parseMs(given: unknown): number | undefined {
  const timeMs = typeof given === 'bigint' ? Number(given) : given
  if (typeof timeMs !== 'number' || !Number.isInteger(timeMs)) return undefined
  return timeMs >= 0 && timeMs <= TIME_MS_MAX ? timeMs + 0 : undefined
}

/** A fraction of a second is rounded to the nearest ms. */
function parseSeconds(given: unknown): number | undefined {
  const seconds = typeof given === 'bigint' ? Number(given) : given
  if (typeof seconds !== 'number' || seconds < 0) return undefined
  return parseMs(Math.round(seconds * 1000))
}

function parseText(given: unknown): number | undefined {
  return typeof given === 'string' ? parseMs(parseIsoTime(given)) : undefined
}
