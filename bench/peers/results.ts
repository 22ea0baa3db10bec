import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { titleOf } from './report.ts'
import type { Series } from './report.ts'

const FILE = join(import.meta.dirname, '../results.json')

/** Keeps a series in `bench/results.json`, in place of an older one of the same load. */
export function recordSeries(series: Series): void {
  const kept = existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Series[]) : []
  const others = kept.filter((each) => titleOf(each) !== titleOf(series))
  const all = [...others, series].toSorted((a, b) => titleOf(a).localeCompare(titleOf(b)))
  writeFileSync(FILE, `${JSON.stringify(all, undefined, 1)}\n`)
}
