import type { Flight } from '../flights/flight.ts'
import { areaUnderRoc } from '../flights/metrics.ts'
import type { ActResult } from './act.ts'
import { table, whole } from './screen.ts'

/** Scores are equal to the bit; what is left is the order in which an area is summed. */
const AUC_DIFFERENCE_MAX = 1e-9

/** One thing that must hold, and whether it does. */
export interface Check {
  readonly what: string
  readonly holds: boolean
}

/** AUC of predictions whose flights arrived. */
export function aucOf({ read }: ActResult, flights: ReadonlyMap<string, Flight>): number {
  const scores: number[] = []
  const labels: number[] = []
  for (const { eventId, score } of read.predictions) {
    const label = flights.get(eventId)?.label ?? null
    if (label === null) continue
    scores.push(score)
    labels.push(label)
  }
  return areaUnderRoc({ scores, labels })
}

/** What must hold of an act. */
export function checksOf({ name, sent, read }: ActResult): readonly Check[] {
  const answered = read.predictions.length + read.late + read.deadLetters
  const all = sent.flights + sent.damaged + sent.late
  return [
    { what: `${name}: in = predicted + late + dead letters`, holds: all === answered },
    { what: `${name}: every flight predicted`, holds: read.predictions.length === sent.flights },
    { what: `${name}: a feature row each`, holds: read.features === sent.flights },
    { what: `${name}: damaged records are dead letters`, holds: read.deadLetters === sent.damaged },
    { what: `${name}: late records are late`, holds: read.late === sent.late },
    { what: `${name}: no duplicates`, holds: read.duplicates === 0 },
    { what: `${name}: none missing`, holds: read.missing === 0 },
  ]
}

/** That the AUC is what the model's README says. */
export function aucCheck(measured: number, written: number): Check {
  const holds = Math.abs(measured - written) < AUC_DIFFERENCE_MAX
  return { what: `AUC is the README's ${written.toFixed(4)}, got ${measured.toFixed(4)}`, holds }
}

/** The closing table. */
export function closingTable(acts: readonly ActResult[]): string {
  const row = (what: string, of: (act: ActResult) => string): string[] => [what, ...acts.map(of)]
  const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : whole(value)} ms`
  return table([
    row('', ({ name }) => name),
    row('records in', ({ sent }) => whole(sent.flights + sent.damaged + sent.late)),
    row('= predicted', ({ read }) => whole(read.predictions.length)),
    row('+ late', ({ read }) => whole(read.late)),
    row('+ dead letters', ({ read }) => whole(read.deadLetters)),
    row('duplicates', ({ read }) => whole(read.duplicates)),
    row('missing', ({ read }) => whole(read.missing)),
    row('events/s', ({ eventsPerSecond }) => whole(eventsPerSecond)),
    row('record to commit, P50', ({ latency }) => ms(latency.p50)),
    row('P95', ({ latency }) => ms(latency.p95)),
    row('P99', ({ latency }) => ms(latency.p99)),
  ])
}
