import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench, Context } from '../bench.ts'
import { namesOf } from '../options.ts'
import { format } from '../progress.ts'
import { Cases } from '../result.ts'
import type { Measured } from '../result.ts'
import { CURVES } from './curves.ts'
import type { Curve, CurveName, Point } from './curves.ts'
import { measurePoint } from './point.ts'
import type { PointSetup } from './point.ts'

const NAMES = Object.keys(CURVES) as CurveName[]
const ROUNDS = 3
const EVENTS = 300_000
const EVENTS_QUICK = 100_000
const POINTS_QUICK = 3
/** Scores are added in another order from run to run. */
const SUM_TOLERANCE = 1e-9
const OPTIONS = { curve: 'text', events: 'whole' } as const
const FIGURES = {
  rate: { title: 'events/s, whole service', digits: 0 },
  cpu: { title: 'CPU-s per million events', digits: 1 },
  brokerCpu: { title: "broker's CPU-s per million", digits: 1 },
  peak: { title: 'peak memory, MiB', digits: 0 },
  p50: { title: 'P50 at 2,000/s, ms', digits: 1 },
  p99: { title: 'P99 at 2,000/s, ms', digits: 1 },
  ns: { title: 'engine alone, CPU ns per event', digits: 0 },
  perKey: { title: 'engine alone, bytes per key', digits: 0 },
  resident: { title: 'engine alone, resident bytes per key', digits: 0 },
  perTile: { title: 'engine alone, bytes per tile', digits: 0 },
  row: { title: 'scoring alone, CPU µs per row', digits: 2 },
} as const
const DRAWN = ['rate', 'cpu', 'p50', 'peak', 'ns', 'perKey', 'row'] as const

/** How cost grows with what a user chooses. */
export const growthBench: Bench<typeof OPTIONS> = {
  summary: 'how cost grows: keys, tiles, features, partitions, trees and more, a curve each',
  help: `Curves: what one thing costs as it grows, all else as in the benchmark. Of the whole service on the broker
and, where it can be told apart, of the feature engine or the scoring alone. Points of a curve take turns,
round by round. At every point each event has its one prediction, or its fate; the sum of the scores is the
same in every round, and at every point where the work is the same. All of it takes about 40 minutes.

  --curve NAMES   comma-separated                         (default all of them)
${NAMES.map((name) => `                    ${name.padEnd(12)}${CURVES[name].title}, ${rangeOf(CURVES[name])}`).join('\n')}
  --events N      events of a point of the whole service  (default ${EVENTS}; ${EVENTS_QUICK} with --quick)
`,
  options: OPTIONS,
  run: async (context) => {
    const names = namesOf('--curve', context.options.curve, NAMES)
    const plans = names.map((name) => planOf(name, context.isQuick))
    const rounds = context.rounds ?? (context.isQuick ? 1 : ROUNDS)
    const pace = new Pace(rounds * plans.reduce((sum, { points }) => sum + points.length, 0))
    const folder = mkdtempSync(join(tmpdir(), 'millrace-growth-'))
    try {
      const results: Measured[] = []
      for (const plan of plans) {
        results.push(await measureCurve(context, { plan, rounds, pace, folder }))
      }
      return results
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

interface Plan {
  readonly name: CurveName
  readonly curve: Curve
  readonly points: readonly Point[]
}

function planOf(name: CurveName, isQuick: boolean): Plan {
  const curve: Curve = CURVES[name]
  return { name, curve, points: isQuick ? spreadOut(curve.points, POINTS_QUICK) : curve.points }
}

/** So many of the items, the first and the last among them, as evenly spread as can be. */
export function spreadOut<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items
  const step = (items.length - 1) / (count - 1)
  return Array.from({ length: count }, (_, index) => items[Math.round(index * step)]).filter(
    (item) => item !== undefined,
  )
}

function rangeOf({ axis, points }: Curve): string {
  const [first, last] = [points[0], points.at(-1)]
  return `${format(first?.x ?? 0)} to ${format(last?.x ?? 0)} ${axis.label}`
}

/** Tells how long all points will take, from those that are done. */
class Pace {
  readonly #all: number
  readonly #startedAt = performance.now()
  #done = 0

  constructor(all: number) {
    this.#all = all
  }

  next(): string {
    this.#done += 1
    const perPoint = (performance.now() - this.#startedAt) / this.#done
    const minutes = (perPoint * (this.#all - this.#done)) / 60_000
    return `point ${this.#done} of ${this.#all}, about ${minutes.toFixed(1)} min left`
  }
}

async function measureCurve(
  context: Context<typeof OPTIONS>,
  run: {
    readonly plan: Plan
    readonly rounds: number
    readonly pace: Pace
    readonly folder: string
  },
): Promise<Measured> {
  const { screen, isQuick, options } = context
  const { name, curve, points } = run.plan
  const { events = isQuick ? EVENTS_QUICK : EVENTS } = options
  const setup: PointSetup = {
    name,
    events,
    isQuick,
    screen,
    folder: run.folder,
    cluster: () => context.cluster(),
  }
  const cases = new Cases()
  const scores = new Map<number, number[]>()
  for (let round = 1; round <= run.rounds; round++) {
    for (const point of points) {
      const { scoreSum, ...figures } = await measurePoint(setup, point)
      cases.add(format(point.x), figures, point.x)
      if (scoreSum !== undefined) scores.set(point.x, [...(scores.get(point.x) ?? []), scoreSum])
      screen.step(
        `${name} ${format(point.x)}, round ${round}: ${told(figures)}; ${run.pace.next()}`,
      )
    }
  }
  return {
    id: `growth-${name}`,
    title: curve.title,
    how: curve.how,
    figures: FIGURES,
    drawn: DRAWN,
    axis: curve.axis,
    cases: cases.all(),
    problems: disagreements(scores, curve.isSameWork),
  }
}

function told(figures: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(figures)
    .flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} ${Number(value.toPrecision(4))}`],
    )
    .join(', ')
}

/** Points whose sums of scores differ between rounds or, where the work is the same, from each other. */
export function disagreements(
  scores: ReadonlyMap<number, readonly number[]>,
  isSameWork: boolean,
): readonly string[] {
  const [first = []] = scores.values()
  return [...scores].flatMap(([x, sums]) => {
    const wanted = (isSameWork ? first : sums)[0] ?? Number.NaN
    const wrong = sums.find((sum) => !(Math.abs(sum / wanted - 1) < SUM_TOLERANCE))
    return wrong === undefined ? [] : [`at ${x} the scores come to ${wrong}, must be ${wanted}`]
  })
}
