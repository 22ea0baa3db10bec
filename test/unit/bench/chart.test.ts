import assert from 'node:assert/strict'
import { test } from 'node:test'
import { curvePanel } from '../../../bench/chart/curve.ts'
import { picture, text } from '../../../bench/chart/svg.ts'
import { linearTicks, shortNumber } from '../../../bench/chart/ticks.ts'

test('ticks are round numbers from 0 to one that nothing is above', () => {
  assert.deepEqual(linearTicks(97_000), [0, 25_000, 50_000, 75_000, 100_000])
  assert.deepEqual(linearTicks(0.3), [0, 0.1, 0.2, 0.3])
  assert.deepEqual(linearTicks(8), [0, 2, 4, 6, 8])
  assert.deepEqual(linearTicks(0), [0, 1])
})

test('thousands are written short', () => {
  assert.deepEqual([0, 12.5, 999, 1_500, 2e6, 3.25e9].map(shortNumber), [
    '0',
    '12.5',
    '999',
    '1.5k',
    '2M',
    '3.25G',
  ])
})

const POINTS = [1, 10, 100].map((x) => ({
  x,
  name: String(x),
  spread: { median: x, least: x / 2, most: x },
}))
const axisOf = (isLog: boolean, places: readonly number[] = [1, 10, 100]) => ({
  label: 'keys',
  isLog,
  places,
})
const centres = (svg: string): number[] =>
  [...svg.matchAll(/<circle class="dot" cx="([\d.]+)"/g)].map(([, x]) => Number(x))

test('on a logarithmic axis the same factor is the same distance, on a linear one it is not', () => {
  const log = centres(curvePanel('t', axisOf(true), POINTS).drawn)
  assert.deepEqual(log, [78, 394, 710])
  const linear = centres(curvePanel('t', axisOf(false), POINTS).drawn)
  assert.deepEqual(linear, [78, 135.5, 710])
})

test('a point stands where it stands in the other panels, though it be the only one here', () => {
  const [, middle] = POINTS
  assert.ok(middle !== undefined)
  assert.deepEqual(centres(curvePanel('t', axisOf(true), [middle]).drawn), [394])
})

test('a curve begins at 0, so that heights compare', () => {
  const { drawn } = curvePanel('t', axisOf(true), POINTS)
  const heights = [...drawn.matchAll(/<circle class="dot" cx="[\d.]+" cy="([\d.]+)"/g)]
  assert.deepEqual(
    heights.map(([, y]) => Number(y)),
    [188.5, 175, 40],
  )
})

test('a single point is drawn in its place, not nowhere', () => {
  const [only] = POINTS
  assert.ok(only !== undefined)
  assert.deepEqual(centres(curvePanel('t', axisOf(true, [1]), [only]).drawn), [78])
})

test('names on the axis that would run into each other are left out', () => {
  const crowded = [1, 2, 3, 500].map((x) => ({ ...POINTS[0], x, name: `n${x}` }))
  const points = crowded.map((each) => ({ ...each, spread: { median: 1, least: 1, most: 1 } }))
  const { drawn } = curvePanel('t', axisOf(false, [1, 500]), points)
  assert.deepEqual(
    [...drawn.matchAll(/>(n\d+)</g)].map(([, name]) => name),
    ['n1', 'n500'],
  )
})

test('a picture is as high as its panels, and can be read on a dark page', () => {
  const svg = picture([
    { height: 100, drawn: text('a < b & c', { x: 1, y: 2 }) },
    { height: 50, drawn: '' },
  ])
  assert.match(svg, /viewBox="0 0 760 150"/)
  assert.match(svg, /translate\(0 100\)/)
  assert.match(svg, /a &lt; b &amp; c/)
  assert.match(svg, /prefers-color-scheme:dark/)
})
