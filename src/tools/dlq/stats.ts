import { EXIT } from '../../domain/errors.ts'
import { formatTable } from '../table.ts'
import { depthExposition } from './exposition.ts'
import type { Depth } from './exposition.ts'
import type { Filter } from './filter.ts'
import type { Queue, Queued } from './queue.ts'
import type { Workbench } from './workbench.ts'

const MINUTE_MS = 60_000
/** Steps that time is cut into, the first that gives no more than `STEPS_MAX` of them. */
const STEPS_MS = [1, 5, 15, 60, 360, 1_440, 10_080, 43_200].map((minutes) => minutes * MINUTE_MS)
const STEPS_MAX = 24
const SCHEMAS_SHOWN = 10
const BAR_LENGTH = 30

/** Letters that have something in common. */
interface Group {
  /** What they have in common: a reason, or a schema id. */
  readonly value: string
  readonly letters: number
  readonly waiting: number
  /** ISO 8601. */
  readonly first: string
  readonly last: string
}

/** What `dlq stats` tells; times are ISO 8601. */
export interface Statistics {
  readonly letters: number
  /** The depth of the queue: not replayed. */
  readonly waiting: number
  readonly replayed: number
  /** When the oldest letter that waits was turned down; its age, s. `null` when none waits. */
  readonly oldestWaiting: string | null
  readonly oldestWaitingAgeSeconds: number | null
  /** The most frequent first. */
  readonly byReason: readonly Group[]
  readonly bySchema: readonly Group[]
  readonly overTime: readonly { readonly from: string; readonly letters: number }[]
  readonly ofOtherApps: number
  readonly foreign: number
}

/** How the statistics are written. */
export type StatisticsFormat = 'text' | 'json' | 'prometheus'

/** What the queue holds. @returns the exit status */
export async function stats(
  bench: Workbench,
  { filter, format }: { readonly filter: Filter; readonly format: StatisticsFormat },
): Promise<number> {
  const statistics = await collect(await bench.queue(), filter, bench.clock.now())
  if (format === 'json') bench.print(`${JSON.stringify(statistics, undefined, 2)}\n`)
  else if (format === 'prometheus') bench.print(depthExposition(depthOf(statistics), bench.appId))
  else bench.print(textOf(statistics))
  return EXIT.ok
}

async function collect(queue: Queue, filter: Filter, nowMs: number): Promise<Statistics> {
  const byReason = new Map<string, Tally>()
  const bySchema = new Map<string, Tally>()
  const all = new Tally()
  const minutes = new Map<number, number>()
  const others = { ofOtherApps: 0, foreign: 0 }
  for await (const entry of queue.entries()) {
    const queued = queue.queued(entry)
    if (entry.kind === 'other') others.foreign += 1
    else if (entry.kind === 'letter' && queued === undefined) others.ofOtherApps += 1
    if (queued === undefined || !filter(queued.letter)) continue
    const { reason, schemaId, failedAtMs } = queued.letter
    all.add(queued)
    tallyOf(byReason, reason).add(queued)
    tallyOf(bySchema, String(schemaId ?? 'none')).add(queued)
    const minute = Math.floor(failedAtMs / MINUTE_MS)
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
  }
  const { oldestWaitingMs } = all
  return {
    letters: all.letters,
    waiting: all.waiting,
    replayed: all.letters - all.waiting,
    oldestWaiting: oldestWaitingMs === undefined ? null : iso(oldestWaitingMs),
    oldestWaitingAgeSeconds:
      oldestWaitingMs === undefined ? null : Math.max(0, (nowMs - oldestWaitingMs) / 1000),
    byReason: groupsOf(byReason),
    bySchema: groupsOf(bySchema),
    overTime: timeline(minutes),
    ...others,
  }
}

function depthOf({ byReason, oldestWaiting }: Statistics): Depth {
  return {
    waiting: new Map(byReason.map(({ value, waiting }) => [value, waiting])),
    oldestMs: oldestWaiting === null ? undefined : Date.parse(oldestWaiting),
  }
}

/** Counts letters. */
class Tally {
  letters = 0
  waiting = 0
  firstMs = Infinity
  lastMs = -Infinity
  oldestWaitingMs: number | undefined

  add({ letter: { failedAtMs }, isReplayed }: Queued): void {
    this.letters += 1
    this.firstMs = Math.min(this.firstMs, failedAtMs)
    this.lastMs = Math.max(this.lastMs, failedAtMs)
    if (isReplayed) return
    this.waiting += 1
    this.oldestWaitingMs = Math.min(this.oldestWaitingMs ?? Infinity, failedAtMs)
  }
}

function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  const tally = tallies.get(name) ?? new Tally()
  tallies.set(name, tally)
  return tally
}

function groupsOf(tallies: ReadonlyMap<string, Tally>): Group[] {
  const sorted = [...tallies].toSorted(([, a], [, b]) => b.letters - a.letters)
  return sorted.map(([value, { letters, waiting, firstMs, lastMs }]) => {
    return { value, letters, waiting, first: iso(firstMs), last: iso(lastMs) }
  })
}

/** Letters per step of time, without gaps, from the first to the last. */
function timeline(minutes: ReadonlyMap<number, number>): { from: string; letters: number }[] {
  if (minutes.size === 0) return []
  let firstMs = Infinity
  let lastMs = -Infinity
  for (const minute of minutes.keys()) {
    firstMs = Math.min(firstMs, minute * MINUTE_MS)
    lastMs = Math.max(lastMs, minute * MINUTE_MS)
  }
  const stepOf = (ms: number, stepMs: number): number => Math.floor(ms / stepMs)
  const stepMs =
    STEPS_MS.find((step) => stepOf(lastMs, step) - stepOf(firstMs, step) < STEPS_MAX) ??
    Math.ceil((lastMs - firstMs) / (STEPS_MAX - 1))
  const first = stepOf(firstMs, stepMs)
  const counts = Array.from({ length: stepOf(lastMs, stepMs) - first + 1 }, () => 0)
  for (const [minute, count] of minutes) {
    const step = stepOf(minute * MINUTE_MS, stepMs) - first
    counts[step] = (counts[step] ?? 0) + count
  }
  return counts.map((letters, step) => ({ from: iso((first + step) * stepMs), letters }))
}

function textOf(found: Statistics): string {
  const { letters, waiting, replayed, oldestWaiting, overTime, ofOtherApps, foreign } = found
  const oldest = oldestWaiting === null ? '' : `; the oldest has waited since ${oldestWaiting}`
  const parts = [`${letters} dead letters: ${waiting} wait, ${replayed} were replayed${oldest}\n`]
  if (letters > 0) {
    parts.push(groupTable('REASON', found.byReason))
    parts.push(groupTable('SCHEMA', found.bySchema.slice(0, SCHEMAS_SHOWN)))
    const most = Math.max(...overTime.map((step) => step.letters))
    const rows = overTime.map((step) => [step.from, String(step.letters), bar(step.letters, most)])
    parts.push(formatTable([['FROM', 'LETTERS', ''], ...rows]))
  }
  if (ofOtherApps > 0) parts.push(`left out: ${ofOtherApps} of other applications\n`)
  if (foreign > 0) parts.push(`left out: ${foreign} records that Millrace did not write\n`)
  return parts.join('\n')
}

function groupTable(name: string, groups: readonly Group[]): string {
  const most = Math.max(...groups.map(({ letters }) => letters))
  const rows = groups.map(({ value, letters, waiting, first, last }) => {
    return [value, String(letters), String(waiting), first, last, bar(letters, most)]
  })
  return formatTable([[name, 'LETTERS', 'WAIT', 'FIRST', 'LAST', ''], ...rows])
}

function bar(count: number, most: number): string {
  return '█'.repeat(count === 0 ? 0 : Math.max(1, Math.round((count / most) * BAR_LENGTH)))
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
