import { markdownTable } from '../scripts/docs/markdown.ts'
import { barPanel } from './chart/bars.ts'
import { curvePanel } from './chart/curve.ts'
import { picture } from './chart/svg.ts'
import type { Case, Figure, Result } from './result.ts'
import { spreadOf } from './statistics.ts'

/** What an empty cell holds. */
const NONE = '–'

/** A result's cases and figures, as rows of cells; the first row is the head. */
export function rowsOf({ axis, figures, cases }: Result): readonly (readonly string[])[] {
  const shown = Object.entries(figures).filter(([name]) =>
    cases.some((each) => name in each.values),
  )
  const head = [axis?.label ?? '', ...shown.map(([, { title }]) => title)]
  return [
    head,
    ...cases.map((each) => [
      each.label,
      ...shown.map(([name, figure]) => written(each.values[name] ?? [], figure)),
    ]),
  ]
}

/** A result's figures as a Markdown table. */
export function markdownOf(result: Result): string {
  const [head = [], ...body] = rowsOf(result)
  return markdownTable(head, body)
}

/** A result's figures as a table for a terminal. */
export function tableOf(result: Result): string {
  const rows = rowsOf(result)
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  return `${result.title}\n${lines.map((each) => `  ${each}\n`).join('')}`
}

/** A result's plot: a panel per drawn figure, as bars, or along the axis. */
export function plotOf(result: Result): string {
  const { axis, figures, cases, drawn, title } = result
  const places = cases.map(({ x = 0 }) => x)
  const panels = drawn.flatMap((name) => {
    const figure = figures[name]
    const having = cases.filter((each) => (each.values[name]?.length ?? 0) > 0)
    if (figure === undefined || having.length === 0) return []
    const head = `${title}: ${figure.title}`
    return [
      axis === undefined
        ? barPanel(head, having.map(barOf(name, figure)))
        : curvePanel(head, { ...axis, places }, having.map(pointOf(name))),
    ]
  })
  return picture(panels)
}

function barOf(name: string, figure: Figure) {
  return ({ label, values }: Case) => {
    const spread = spreadOf(values[name] ?? [])
    return {
      label,
      isOurs: label.startsWith('Millrace'),
      spread,
      written: number(spread.median, figure),
    }
  }
}

function pointOf(name: string) {
  return ({ label, x = 0, values }: Case) => ({
    x,
    name: label,
    spread: spreadOf(values[name] ?? []),
  })
}

/** The median, and the spread where there was more than one round. */
function written(values: readonly number[], figure: Figure): string {
  if (values.length === 0) return NONE
  const { median, least, most } = spreadOf(values)
  if (values.length === 1) return number(median, figure)
  return `${number(median, figure)} (${number(least, figure)} to ${number(most, figure)})`
}

function number(value: number, { digits }: Figure): string {
  if (!Number.isFinite(value)) return NONE
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}
