const ZERO = 48
const NINE = 57
const DASH = 45
const COLON = 58
const DOT = 46
const PLUS = 43

/** Shortest and longest accepted text: `1970-01-01T00:00Z`, `…T00:00:00.123456789+00:00`. */
const LENGTH_MIN = 17
const LENGTH_MAX = 35

/**
 * Ms since the epoch of an ISO 8601 time with date, `T`, hours, minutes and an offset (`Z`, `+02:00`
 * or `+0200`); seconds and a fraction are optional, digits below a millisecond are cut off.
 * NaN for anything else: no offset, a day the month does not have, hour 24, a leap second.
 * Strict, since `Date.parse` takes `2013-02-30` for the second of March. Allocates nothing.
 */
export function parseIsoTime(text: string): number {
  if (text.length < LENGTH_MIN || text.length > LENGTH_MAX) return Number.NaN
  const dayMs = parseDay(text)
  const hour = pair(text, 11)
  const minute = pair(text, 14)
  const shapeHolds = text.charCodeAt(10) === 84 && text.charCodeAt(13) === COLON
  if (!shapeHolds || hour < 0 || hour > 23 || minute < 0 || minute > 59) return Number.NaN
  let at = 16
  let second = 0
  let ms = 0
  if (text.charCodeAt(at) === COLON) {
    second = pair(text, at + 1)
    if (second < 0 || second > 59) return Number.NaN
    at += 3
    if (text.charCodeAt(at) === DOT) {
      const end = skipDigits(text, at + 1)
      if (end === at + 1 || end > at + 10) return Number.NaN
      ms = fractionMs(text, at + 1, end)
      at = end
    }
  }
  return dayMs + (hour * 60 + minute) * 60_000 + second * 1000 + ms - offsetMs(text, at)
}

function parseDay(text: string): number {
  const century = pair(text, 0)
  const year = pair(text, 2)
  const month = pair(text, 5)
  const day = pair(text, 8)
  if (century < 19 || year < 0 || month < 1 || month > 12 || day < 1) return Number.NaN
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH) return Number.NaN
  const fullYear = century * 100 + year
  return day > daysIn(fullYear, month) ? Number.NaN : Date.UTC(fullYear, month - 1, day)
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Shift from UTC that the text ends with, ms; NaN when it does not end right after it. */
function offsetMs(text: string, at: number): number {
  const sign = text.charCodeAt(at)
  if (sign === 90) return text.length === at + 1 ? 0 : Number.NaN
  if (sign !== PLUS && sign !== DASH) return Number.NaN
  const minutesAt = text.charCodeAt(at + 3) === COLON ? at + 4 : at + 3
  const hours = pair(text, at + 1)
  const minutes = pair(text, minutesAt)
  const isWhole = text.length === minutesAt + 2
  if (!isWhole || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN
  return (hours * 60 + minutes) * (sign === PLUS ? 60_000 : -60_000)
}

/** The two-digit number at `at`; −1 when there is none. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at)
  const ones = text.charCodeAt(at + 1)
  if (!(tens >= ZERO && tens <= NINE && ones >= ZERO && ones <= NINE)) return -1
  return (tens - ZERO) * 10 + (ones - ZERO)
}

function skipDigits(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) >= ZERO && text.charCodeAt(at) <= NINE) at += 1
  return at
}

function fractionMs(text: string, from: number, to: number): number {
  let ms = 0
  for (let place = 0; place < 3; place += 1) {
    ms = ms * 10 + (from + place < to ? text.charCodeAt(from + place) - ZERO : 0)
  }
  return ms
}
