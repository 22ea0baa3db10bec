import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DASHBOARD_ROWS, dashboardFile } from '../../../scripts/monitoring/dashboard.ts'
import { seriesEntries } from '../../../src/telemetry/series.ts'

interface PanelJson {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly gridPos: {
    readonly x: number
    readonly y: number
    readonly w: number
    readonly h: number
  }
  readonly targets?: readonly {
    readonly refId: string
    readonly expr: string
    readonly exemplar?: boolean
  }[]
}

const { panels } = JSON.parse(dashboardFile()) as { panels: readonly PanelJson[] }

test('every panel is on the page once, in its row, with a number of its own', () => {
  const declared = DASHBOARD_ROWS.flatMap((row) => [
    row.title,
    ...row.panels.map(({ title }) => title),
  ])
  assert.deepEqual(
    panels.map(({ title }) => title),
    declared,
  )
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
})

test('no two panels cover each other, and none leaves the 24 columns', () => {
  const taken = new Map<string, string>()
  for (const { title, gridPos } of panels) {
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      assert.ok(x < 24, title)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.equal(taken.get(`${x},${y}`), undefined, `${title} at ${x}, ${y}`)
        taken.set(`${x},${y}`, title)
      }
    }
  }
})

test('every query keeps to what the variables choose', () => {
  for (const { title, targets = [] } of panels) {
    for (const { expr } of targets) {
      const series = expr.match(/\bmillrace_\w+/g) ?? []
      const chosen = expr.match(/\{namespace=~"\$namespace",job=~"\$job",instance=~"\$instance"/g)
      assert.equal(chosen?.length, series.length, `${title}: ${expr}`)
    }
  }
})

test('every line of a latency that leads to traces asks for exemplars, and nothing else does', () => {
  const isTraced = (expr: string): boolean =>
    seriesEntries().some(([name, { hasExemplars }]) => hasExemplars === true && expr.includes(name))
  for (const { type, title, targets = [] } of panels) {
    for (const { expr, exemplar = false } of targets) {
      assert.equal(exemplar, type === 'timeseries' && isTraced(expr), `${title}: ${expr}`)
    }
  }
})
