/** A departure out of New York in 2013, or one that was cancelled. */
export interface Flight {
  /** Scheduled local date, carrier, number, origin and scheduled local time; unique. */
  readonly id: string
  readonly origin: string
  readonly dest: string
  readonly carrier: string
  /** The real departure; of a cancelled flight the scheduled one. Ms since the epoch. */
  readonly departedAtMs: number
  /** Minutes, negative when early; null of a cancelled flight. */
  readonly depDelay: number | null
  /** Miles. */
  readonly distance: number
  /** Hour of the scheduled departure, New York time. */
  readonly scheduledHour: number
  readonly cancelled: boolean
  /** 1 when it arrived 30 minutes late or more; null when it was cancelled or never arrived there. */
  readonly label: 0 | 1 | null
}

/** Minutes behind schedule from which an arrival counts as late. */
const LATE_ARRIVAL_MINUTES = 30

/** Month of the scheduled departure, 1–12, New York time. */
export function monthOf(flight: Flight): number {
  return Number(flight.id.slice(5, 7))
}

/**
 * Reads the package's `flights.csv`, in order of departure; flights of the same minute keep the
 * file's order.
 *
 * `time_hour` is the scheduled hour in UTC, so neither daylight saving nor a departure past midnight
 * needs a special case.
 */
export function parseFlights(csv: string): Flight[] {
  const [header = '', ...lines] = csv.trimEnd().split(/\r?\n/)
  const columns = header.split(',')
  const flights = lines.map((line) => {
    const cells = line.split(',')
    return toFlight((name) => cells[columns.indexOf(name)] ?? '')
  })
  return flights.sort((a, b) => a.departedAtMs - b.departedAtMs)
}

function toFlight(cell: (name: string) => string): Flight {
  const number = (name: string): number | null => {
    const text = cell(name)
    return text === '' || text === 'NA' ? null : Number(text)
  }
  const cancelled = number('dep_time') === null
  const depDelay = cancelled ? null : number('dep_delay')
  const arrivalDelay = number('arr_delay')
  const scheduledMs = Date.parse(cell('time_hour')) + Number(cell('minute')) * 60_000
  return {
    id: idOf(cell),
    origin: cell('origin'),
    dest: cell('dest'),
    carrier: cell('carrier'),
    departedAtMs: scheduledMs + (depDelay ?? 0) * 60_000,
    depDelay,
    distance: Number(cell('distance')),
    scheduledHour: Number(cell('hour')),
    cancelled,
    label: cancelled || arrivalDelay === null ? null : isLate(arrivalDelay),
  }
}

function isLate(arrivalDelay: number): 0 | 1 {
  return arrivalDelay >= LATE_ARRIVAL_MINUTES ? 1 : 0
}

function idOf(cell: (name: string) => string): string {
  const date = `${cell('year')}-${cell('month').padStart(2, '0')}-${cell('day').padStart(2, '0')}`
  const scheduled = cell('sched_dep_time').padStart(4, '0')
  return [date, cell('carrier'), cell('flight'), cell('origin'), scheduled].join('-')
}
