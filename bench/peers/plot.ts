import { barPanel } from '../chart/bars.ts'
import type { Bar } from '../chart/bars.ts'
import { picture } from '../chart/svg.ts'
import { spreadOf } from '../statistics.ts'
import { CONTESTANTS } from './contestants.ts'
import { byPeer, titleOf, whole } from './report.ts'
import type { Series } from './report.ts'

/** A comparison as bars, each with its spread. */
export function plotSeries(series: Series): string {
  if (series.part === 'backlog') {
    const bars = barsOf(series.rounds, (run) => run.eventsPerSecond, whole)
    return picture([barPanel(`${titleOf(series)}: events/s, more is better`, bars)])
  }
  const { rounds } = series
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  return picture([
    barPanel(
      `${titleOf(series)}: P50`,
      barsOf(rounds, (run) => run.p50, ms),
    ),
    barPanel(
      `${titleOf(series)}: P99`,
      barsOf(rounds, (run) => run.p99, ms),
    ),
  ])
}

/** Name of a comparison's plot, without an ending. */
export function plotName(series: Series): string {
  return series.part === 'backlog'
    ? `peers-backlog-${series.events}`
    : `peers-latency-${series.rate}`
}

function barsOf<Run extends { readonly peer: keyof typeof CONTESTANTS }>(
  rounds: readonly (readonly Run[])[],
  pick: (run: Run) => number,
  write: (value: number) => string,
): readonly Bar[] {
  return [...byPeer(rounds)].map(([name, runs]) => {
    const { title, isOurs } = CONTESTANTS[name]
    const spread = spreadOf(runs.map(pick))
    return { label: title, isOurs, spread, written: write(spread.median) }
  })
}
