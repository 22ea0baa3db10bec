import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Series } from './peers/report.ts'
import { titleOf } from './peers/report.ts'
import type { Result } from './result.ts'

const FILE = join(import.meta.dirname, 'results.json')

/** All that is kept of measurements. */
export interface Recorded {
  readonly results: readonly Result[]
  /** The comparisons with others. */
  readonly peers: readonly Series[]
}

/** Reads what is kept; nothing when there is no text. */
export function parseRecorded(text: string | undefined): Recorded {
  return text === undefined ? { results: [], peers: [] } : (JSON.parse(text) as Recorded)
}

/** What is kept with these results in it, each in place of an older one of the same id; sorted. */
export function withResults(kept: Recorded, results: readonly Result[]): Recorded {
  const others = kept.results.filter((each) => results.every(({ id }) => id !== each.id))
  return { ...kept, results: [...others, ...results].toSorted((a, b) => order(a.id, b.id)) }
}

/** What is kept with a comparison in it, in place of an older one of the same load; sorted. */
export function withSeries(kept: Recorded, series: Series): Recorded {
  const others = kept.peers.filter((each) => titleOf(each) !== titleOf(series))
  return { ...kept, peers: [...others, series].toSorted((a, b) => order(titleOf(a), titleOf(b))) }
}

/** Changes `bench/results.json`. */
export function record(change: (kept: Recorded) => Recorded): void {
  const kept = parseRecorded(existsSync(FILE) ? readFileSync(FILE, 'utf8') : undefined)
  writeFileSync(FILE, `${JSON.stringify(change(kept), undefined, 1)}\n`)
}

function order(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
