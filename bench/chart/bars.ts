import type { Spread } from '../statistics.ts'
import { line, round, text, WIDTH } from './svg.ts'
import type { Panel } from './svg.ts'

const LABELS = 260
const VALUES = 130
const BAR = 18
const STEP = 26
const TITLE = 34

/** One bar. */
export interface Bar {
  readonly label: string
  /** Whether it is Millrace's own: it stands out. */
  readonly isOurs: boolean
  readonly spread: Spread
  /** How the figure is written. */
  readonly written: string
}

/** A figure of several contestants as bars, each with its spread. */
export function barPanel(title: string, bars: readonly Bar[]): Panel {
  const most = Math.max(...bars.map(({ spread }) => spread.most))
  const across = (value: number): number =>
    LABELS + (value / (most > 0 ? most : 1)) * (WIDTH - LABELS - VALUES)
  const drawn = bars.map(({ label, isOurs, spread, written }, index) => {
    const y = TITLE + index * STEP
    const middle = y + BAR / 2
    const [from, to] = [across(spread.least), across(spread.most)]
    const kind = isOurs ? 'ours' : 'theirs'
    const width = round(across(spread.median) - LABELS)
    return [
      text(label, { x: LABELS - 8, y: y + 14, anchor: 'end' }),
      `<rect class="${kind}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}"/>\n`,
      line('spread', [from, middle], [to, middle]),
      text(written, { x: to + 8, y: y + 14 }),
    ].join('')
  })
  const head = text(title, { x: 8, y: 22, kind: 'title' })
  return { height: TITLE + bars.length * STEP + 8, drawn: head + drawn.join('') }
}
