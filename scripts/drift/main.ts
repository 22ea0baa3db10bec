/**
 * Measures what drift detection promises: see `--help`.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { markdownTable, replaceBetween } from '../docs/markdown.ts'
import { runCommand } from '../options.ts'
import { judgeMonths, leaveOut, readYear } from './flights.ts'
import type { JudgedMonth, Year } from './flights.ts'
import { engagementAlarms, power, rememberedAlarms } from './synthetic.ts'
import type { FalseAlarms } from './synthetic.ts'

const HELP = `Usage: node scripts/drift/main.ts [--windows N] [--write]

Measures false alarms over windows without drift, and what drifts are found: of made-up numbers whose
neighbours are alike, of the model engagement on a stream that never changes, and of the flights of 2013.
Everything random comes from fixed seeds. Prints Markdown; takes minutes.

  --windows N   windows without drift (default 10000)
  --write       puts the tables into docs/drift.md
`
const PAGE = resolve(import.meta.dirname, '../../docs/drift.md')
const MEMORIES = [0, 0.9, 0.99, 0.999] as const
const SHIFTS = [0, 0.1, 0.2, 0.3, 0.5, 1] as const
/** A fortieth of the windows are enough to tell a share. */
const POWER_SHARE = 40
const RECORDS = 1_215
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
const LARGE_RECORDS = 9_720
const MOVED = ['dep_delay', 'distance', 'avg_delay_3h'] as const

process.exitCode = await runCommand({
  help: HELP,
  options: { windows: 'whole', write: 'flag' },
  run: async ({ windows = 10_000, write }) => {
    const year = await readYear()
    const parts = {
      'drift-false-alarms': await falseAlarms(windows),
      'drift-power': powerTable(windows),
      'drift-flights-left-out': leftOutTable(year),
      'drift-flights-months': monthsTable(year),
    }
    for (const [name, text] of Object.entries(parts)) process.stdout.write(`${name}\n\n${text}\n\n`)
    if (!write) return 0
    const page = Object.entries(parts).reduce(
      (text, [name, part]) => replaceBetween(text, name, part),
      readFileSync(PAGE, 'utf8'),
    )
    writeFileSync(PAGE, page)
    return 0
  },
})

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`
}

async function falseAlarms(windows: number): Promise<string> {
  const of = { records: RECORDS, windows }
  const all: FalseAlarms[] = [
    // At the default, a window a day: a hundred a month would be more than each window may raise.
    ...MEMORIES.map((memory) => {
      return rememberedAlarms(memory, { ...of, stepMs: DAY_MS / RECORDS, asked: [1] })
    }),
    ...MEMORIES.map((memory) => rememberedAlarms(memory, of)),
    await engagementAlarms(of),
  ]
  const told = (rate: FalseAlarms['rates'][number] | undefined): string =>
    rate === undefined ? '–' : `${rate.found} of ${rate.expected.toFixed(1)}`
  return markdownTable(
    [
      'stream',
      'windows',
      'each',
      'at 1 a month: found of expected',
      'at 100 a month',
      'as if independent',
    ],
    all.map(({ process: name, windows: count, spanMs, rates, naive }) => [
      name,
      count.toLocaleString('en-US'),
      spanMs === DAY_MS ? 'a day' : `${Math.round(spanMs / MINUTE_MS)} min`,
      told(rates[0]),
      told(rates[1]),
      naive.toLocaleString('en-US'),
    ]),
  )
}

function powerTable(windows: number): string {
  const rows = MEMORIES.flatMap((memory) =>
    [RECORDS, LARGE_RECORDS].map((records) => [
      `memory ${memory}, ${records.toLocaleString('en-US')} events`,
      ...SHIFTS.map((shift) =>
        percent(power(memory, { records, windows: Math.ceil(windows / POWER_SHARE), shift })),
      ),
    ]),
  )
  return markdownTable(['window', ...SHIFTS.map((shift) => `${shift} σ`)], rows)
}

function leftOutTable(year: Year): string {
  const rows = ([1, 7] as const).flatMap((days) => {
    const { windows, expected, found, power: of } = leaveOut(year, days)
    const told = (asked: number): string => `${found(asked)} of ${expected(asked).toFixed(1)}`
    return MOVED.map((name, at) => [
      ...(at === 0 ? [`${windows} of ${days} d`, told(1), told(10)] : ['', '', '']),
      `\`${name}\``,
      ...SHIFTS.slice(1).map((shift) => percent(of(name, shift))),
    ])
  })
  const shifts = SHIFTS.slice(1).map((shift) => `${shift} σ`)
  return markdownTable(
    ['windows', 'at 1 a month: found of expected', 'at 10 a month', 'moved feature', ...shifts],
    rows,
  )
}

function monthsTable(year: Year): string {
  const runs = [
    { from: 1, to: 8, days: 1 },
    { from: 1, to: 8, days: 7 },
    { from: 9, to: 11, days: 1 },
    { from: 9, to: 11, days: 7 },
  ]
  const columns = runs.map((run) => judgeMonths(year, run))
  const cell = (found: JudgedMonth | undefined): string => {
    if (found === undefined) return ''
    const names = [...found.names].toSorted(([, one], [, other]) => other - one).slice(0, 4)
    const told = names.map(([name, count]) => `\`${name}\` ${count}`).join(', ')
    return `${found.drifted} of ${found.windows}${told === '' ? '' : `: ${told}`}`
  }
  return markdownTable(
    ['month', 'Jan–Aug, days', 'Jan–Aug, weeks', 'Sep–Nov, days', 'Sep–Nov, weeks'],
    Array.from({ length: 12 }, (_, at) => [
      String(at + 1),
      ...columns.map((months) => cell(months[at])),
    ]),
  )
}
