import type { Axis } from '../result.ts'
import type { Spread } from '../statistics.ts'
import { line, round, text, WIDTH } from './svg.ts'
import type { Panel } from './svg.ts'
import { linearTicks, shortNumber } from './ticks.ts'

const LEFT = 64
const RIGHT = 36
const TOP = 40
const HEIGHT = 150
const BELOW = 48
/** Of names on the axis, so that they do not run into each other, px. */
const NAME_APART = 44
/** Of the first and the last point from the ends of the axis, px. */
const INSET = 14

/** A point of a curve. */
export interface CurvePoint {
  readonly x: number
  /** How it is named on the axis. */
  readonly name: string
  readonly spread: Spread
}

/** An axis, and the places that it reaches over: those of all panels of a picture, so that they compare. */
export interface DrawnAxis extends Axis {
  readonly places: readonly number[]
}

/** A figure along an axis: a line through the medians, each with its spread; the figure's axis begins at 0. */
export function curvePanel(title: string, axis: DrawnAxis, points: readonly CurvePoint[]): Panel {
  const ticks = linearTicks(Math.max(...points.map(({ spread }) => spread.most)))
  const top = ticks.at(-1) ?? 1
  const across = acrossOf(axis)
  const up = (value: number): number => TOP + HEIGHT * (1 - value / top)
  const path = points
    .map(
      ({ x, spread }, index) =>
        `${index === 0 ? 'M' : 'L'}${round(across(x))} ${round(up(spread.median))}`,
    )
    .join('')
  const drawn = [
    text(title, { x: 8, y: 22, kind: 'title' }),
    ...ticks.flatMap((tick) => [
      line(tick === 0 ? 'axis' : 'grid', [LEFT, up(tick)], [WIDTH - RIGHT, up(tick)]),
      text(shortNumber(tick), { x: LEFT - 8, y: up(tick) + 4, kind: 'small', anchor: 'end' }),
    ]),
    `<path class="line" d="${path}"/>\n`,
    ...points.flatMap(({ x, spread }) => [
      line('spread', [across(x), up(spread.least)], [across(x), up(spread.most)]),
      `<circle class="dot" cx="${round(across(x))}" cy="${round(up(spread.median))}" r="3.5"/>\n`,
    ]),
    ...namesOf(points, across),
    text(axis.label, {
      x: (LEFT + WIDTH - RIGHT) / 2,
      y: TOP + HEIGHT + 36,
      kind: 'small',
      anchor: 'middle',
    }),
  ]
  return { height: TOP + HEIGHT + BELOW, drawn: drawn.join('') }
}

/** Names of the points below the axis, left out where they would run into the one before. */
function namesOf(points: readonly CurvePoint[], across: (x: number) => number): readonly string[] {
  let last = -Infinity
  return points.flatMap(({ x, name }) => {
    const place = across(x)
    if (place - last < NAME_APART) return []
    last = place
    return [text(name, { x: place, y: TOP + HEIGHT + 18, kind: 'small', anchor: 'middle' })]
  })
}

function acrossOf({ isLog, places }: DrawnAxis): (x: number) => number {
  const scale = isLog ? Math.log10 : (x: number): number => x
  const scaled = places.map(scale)
  const least = Math.min(...scaled)
  const wide = Math.max(...scaled) - least
  const room = WIDTH - LEFT - RIGHT - 2 * INSET
  return (x) => LEFT + INSET + ((scale(x) - least) / (wide > 0 ? wide : 1)) * room
}
