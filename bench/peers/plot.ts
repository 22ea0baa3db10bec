import { CONTESTANTS } from './contestants.ts'
import { byPeer, spreadOf, titleOf, whole } from './report.ts'
import type { Series, Spread } from './report.ts'

const WIDTH = 760
const LABELS = 260
const VALUES = 130
const BAR = 18
const STEP = 26
const TITLE = 34
const STYLE =
  'text{font:13px sans-serif;fill:#333}.t{font-weight:bold}.ours{fill:#2a6fb0}.theirs{fill:#b8bfc6}' +
  '.whisker{stroke:#333;stroke-width:1.5}'

/** One bar: a figure of a peer. */
interface Bar {
  readonly label: string
  readonly isOurs: boolean
  readonly spread: Spread
  /** How the figure is written. */
  readonly text: string
}

/** The series as bars, each with its spread: an SVG that needs nothing else. */
export function plot(all: readonly Series[]): string {
  const panels = all.flatMap(panelsOf)
  let top = 0
  const parts = panels.map(({ title, bars }) => {
    const drawn = panel(title, bars, top)
    top += TITLE + bars.length * STEP
    return drawn
  })
  const size = `width="${WIDTH}" height="${top + BAR}" viewBox="0 0 ${WIDTH} ${top + BAR}"`
  const background = `<rect width="${WIDTH}" height="${top + BAR}" fill="#fff"/>`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n<style>${STYLE}</style>\n${background}\n${parts.join('')}</svg>\n`
}

function panelsOf(series: Series): readonly { title: string; bars: readonly Bar[] }[] {
  if (series.part === 'backlog') {
    const bars = barsOf(series.rounds, (run) => run.eventsPerSecond, whole)
    return [{ title: `${titleOf(series)}: events/s, more is better`, bars }]
  }
  const { rounds } = series
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  return [
    { title: `${titleOf(series)}: P50`, bars: barsOf(rounds, (run) => run.p50, ms) },
    { title: `${titleOf(series)}: P99`, bars: barsOf(rounds, (run) => run.p99, ms) },
  ]
}

function barsOf<Run extends { readonly peer: keyof typeof CONTESTANTS }>(
  rounds: readonly (readonly Run[])[],
  pick: (run: Run) => number,
  write: (value: number) => string,
): readonly Bar[] {
  return [...byPeer(rounds)].map(([name, runs]) => {
    const { title, isOurs } = CONTESTANTS[name]
    const spread = spreadOf(runs.map(pick))
    return { label: title, isOurs, spread, text: write(spread.median) }
  })
}

function panel(title: string, bars: readonly Bar[], top: number): string {
  const most = Math.max(...bars.map(({ spread }) => spread.most))
  const across = (value: number): number =>
    Math.round(LABELS + (value / most) * (WIDTH - LABELS - VALUES))
  const drawn = bars.map(({ label, isOurs, spread, text }, index) => {
    const y = top + TITLE + index * STEP
    const middle = y + BAR / 2
    const width = across(spread.median) - LABELS
    const [from, to] = [across(spread.least), across(spread.most)]
    return [
      `<text x="${LABELS - 8}" y="${y + 14}" text-anchor="end">${label}</text>`,
      `<rect class="${isOurs ? 'ours' : 'theirs'}" x="${LABELS}" y="${y}" width="${width}" height="${BAR}"/>`,
      `<line class="whisker" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${to + 8}" y="${y + 14}">${text}</text>\n`,
    ].join('\n')
  })
  return `<text class="t" x="8" y="${top + 22}">${title}</text>\n${drawn.join('')}`
}
