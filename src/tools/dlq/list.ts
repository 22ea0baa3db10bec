import { EXIT } from '../../domain/errors.ts'
import { formatTable } from '../table.ts'
import type { Filter } from './filter.ts'
import { nameOf } from './place.ts'
import type { Place, Queued } from './queue.ts'
import { summaryOf } from './summary.ts'
import type { Workbench } from './workbench.ts'

/** Longest part of a key or detail in a table. */
const KEY_MAX = 20
const DETAIL_MAX = 60

/** What is listed. */
export interface ListOptions {
  readonly filter: Filter
  readonly limit: number
  /** The last letter of the page before. */
  readonly after: Place | undefined
  /** Those that were replayed, too. */
  readonly all: boolean
  readonly json: boolean
}

/** One page of the queue, in order of partition and offset. @returns the exit status */
export async function list(bench: Workbench, options: ListOptions): Promise<number> {
  const { filter, limit, after, all, json } = options
  const queue = await bench.queue()
  const from = after === undefined ? undefined : { ...after, offset: after.offset + 1 }
  const page: Queued[] = []
  let hasMore = false
  for await (const batch of queue.letters(from)) {
    const chosen = batch.filter(({ letter, isReplayed }) => (all || !isReplayed) && filter(letter))
    page.push(...chosen.slice(0, limit - page.length))
    hasMore = chosen.length > 0 && page.length >= limit && page.at(-1) !== chosen.at(-1)
    if (hasMore) break
  }
  const last = page.at(-1)
  const next = hasMore && last !== undefined ? nameOf(last.letter) : undefined
  if (json) bench.print(`${JSON.stringify({ letters: page.map(summaryOf), next: next ?? null })}\n`)
  else bench.print(pageText(page, next))
  return EXIT.ok
}

function pageText(page: readonly Queued[], next: string | undefined): string {
  if (page.length === 0) return 'no dead letters\n'
  const rows = page.map(({ letter, isReplayed }) => [
    nameOf(letter),
    new Date(letter.failedAtMs).toISOString(),
    isReplayed ? 'replayed' : 'waits',
    letter.reason,
    String(letter.schemaId ?? '-'),
    letter.record.key === null ? '-' : shorten(String(letter.record.key), KEY_MAX),
    shorten(letter.detail, DETAIL_MAX),
  ])
  const table = formatTable([
    ['LETTER', 'AT', 'STATE', 'REASON', 'SCHEMA', 'KEY', 'DETAIL'],
    ...rows,
  ])
  return next === undefined ? table : `${table}\nmore: --after ${next}\n`
}

function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`
}
