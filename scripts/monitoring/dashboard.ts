import type { Panel, Query, Row } from './dashboard/panel.ts'
import { STATE_ROWS } from './dashboard/state-rows.ts'
import { WORK_ROWS } from './dashboard/work-rows.ts'
import { checked } from './known-series.ts'

/** Rows of the dashboard, top to bottom. */
export const DASHBOARD_ROWS: readonly Row[] = [...WORK_ROWS, ...STATE_ROWS]

const COLUMNS = 24
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
const HEIGHTS = { stat: 4, timeseries: 8, heatmap: 8, table: 6 } as const

interface Placed {
  readonly y: number
  readonly panels: readonly object[]
}

/** The dashboard as Grafana imports it. @throws Error when a query reads what the service does not tell */
export function dashboardFile(): string {
  const placed = DASHBOARD_ROWS.reduce<Placed>(placeRow, { y: 0, panels: [] })
  const dashboard = {
    uid: 'millrace',
    title: 'Millrace',
    description: 'Written by `npm run docs` from scripts/monitoring.',
    tags: ['millrace', 'kafka'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    templating: { list: [datasource(), ...['namespace', 'job', 'instance'].map(variable)] },
    annotations: { list: [] },
    links: [],
    panels: placed.panels.map((panel, at) => ({ id: at + 1, ...panel })),
  }
  return `${JSON.stringify(dashboard, undefined, 2)}\n`
}

/** A heading over the whole width, and the panels from left to right below it. */
function placeRow({ y, panels }: Placed, row: Row): Placed {
  const heading = {
    type: 'row',
    title: row.title,
    collapsed: false,
    gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    panels: [],
  }
  const result: object[] = [heading]
  let at = { x: 0, y: y + 1 }
  let bottom = y + 1
  for (const panel of row.panels) {
    if (at.x + panel.width > COLUMNS) at = { x: 0, y: bottom }
    const height = HEIGHTS[panel.kind]
    result.push(panelOf(panel, { ...at, w: panel.width, h: height }))
    bottom = Math.max(bottom, at.y + height)
    at = { ...at, x: at.x + panel.width }
  }
  return { y: bottom, panels: [...panels, ...result] }
}

function panelOf(panel: Panel, gridPos: object): object {
  const { title, description, kind, unit, queries } = panel
  return {
    type: kind,
    title,
    description,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: {
      defaults: { unit, min: minimumOf(panel), custom: customOf(panel) },
      overrides: [],
    },
    options: optionsOf(panel),
    targets: queries.map((query, at) => target(query, at, kind)),
  }
}

/** What cannot be negative is drawn from zero. */
function minimumOf({ title, kind }: Panel): number | undefined {
  return kind === 'timeseries' && !title.startsWith('Stream time') ? 0 : undefined
}

function customOf({ kind }: Panel): object {
  if (kind !== 'timeseries') return {}
  return { lineWidth: 1, fillOpacity: 10, showPoints: 'never', spanNulls: false }
}

function optionsOf({ kind }: Panel): object {
  switch (kind) {
    case 'stat':
      return {
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
        colorMode: 'none',
        graphMode: 'area',
      }
    case 'heatmap':
      return {
        calculate: false,
        color: { mode: 'scheme', scheme: 'Oranges', steps: 64 },
        yAxis: { axisPlacement: 'left' },
        cellGap: 1,
      }
    case 'table':
      return { showHeader: true }
    default:
      return {
        legend: { displayMode: 'list', placement: 'bottom', showLegend: true },
        tooltip: { mode: 'multi', sort: 'desc' },
      }
  }
}

function target({ expr, legend = '', exemplar }: Query, at: number, kind: Panel['kind']): object {
  return {
    refId: String.fromCharCode('A'.charCodeAt(0) + at),
    datasource: DATASOURCE,
    editorMode: 'code',
    expr: checked(expr),
    exemplar,
    legendFormat: legend,
    range: kind !== 'table',
    instant: kind === 'table',
    format: kind === 'heatmap' || kind === 'table' ? kind : 'time_series',
  }
}

function datasource(): object {
  return { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }
}

/** All of them unless chosen; those without the label too, such as a namespace outside of Kubernetes. */
function variable(label: string): object {
  const query = `label_values(${checked('millrace_build_info')}, ${label})`
  return {
    name: label,
    type: 'query',
    datasource: DATASOURCE,
    query: { query, refId: label },
    refresh: 2,
    includeAll: true,
    allValue: '.*',
    multi: true,
    sort: 1,
    current: { text: 'All', value: '$__all' },
  }
}
