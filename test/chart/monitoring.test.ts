import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { at, only, render } from '../harness/chart.ts'

const RULES = resolve(import.meta.dirname, '../../helm/millrace/files/alerts.yaml')

test('what scrapes and shuts in selects the watch of the dead letters, and what counts instances does not', () => {
  const manifests = render('dead-letter-watch')
  const byService = render('dead-letter-watch', [
    'monitoring.podMonitor.enabled=false',
    'monitoring.serviceMonitor.enabled=true',
  ])
  const watch = only(manifests, 'Deployment')
  const labels = at(watch, 'spec.template.metadata.labels') as Record<string, string>
  const service = manifests.find(
    (each) => each.kind === 'Service' && at(each, 'metadata.name') === at(watch, 'metadata.name'),
  )
  const ofService = at(service, 'metadata.labels') as Record<string, string>
  assert.ok(selects(at(only(manifests, 'PodMonitor'), 'spec.selector'), labels))
  assert.ok(selects(at(only(byService, 'ServiceMonitor'), 'spec.selector'), ofService))
  assert.ok(selects(at(only(manifests, 'NetworkPolicy'), 'spec.podSelector'), labels))
  assert.ok(selects({ matchLabels: at(service, 'spec.selector') }, labels))
  assert.ok(!selects(at(only(manifests, 'StatefulSet'), 'spec.selector'), labels))
  assert.ok(!selects(at(only(manifests, 'PodDisruptionBudget'), 'spec.selector'), labels))
  const instances = at(only(manifests, 'StatefulSet'), 'spec.template.metadata.labels')
  for (const kind of ['PodMonitor', 'PodDisruptionBudget'])
    assert.ok(selects(at(only(manifests, kind), 'spec.selector'), instances as never), kind)
})

/** Whether a label selector takes something with these labels. */
function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector as {
    matchLabels?: Record<string, string>
    matchExpressions?: { key: string; operator: string; values: string[] }[]
  }
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(
      ({ key, operator, values }) => operator === 'In' && values.includes(labels[key] ?? ''),
    )
  )
}

test('rules and dashboard are rendered, the dashboard under the name of its release', () => {
  const manifests = render('production')
  assert.ok(Array.isArray(at(only(manifests, 'PrometheusRule'), 'spec.groups')))
  const dashboard = manifests.find(
    (each) => at(each, 'metadata.name') === 'release-millrace-dashboard',
  )
  assert.equal(
    typeof JSON.parse(String(at(dashboard, 'data')?.['release-millrace.json' as never])),
    'object',
  )
})

test('the rules are those of the file, but for what the values change', () => {
  const file: unknown = parse(readFileSync(RULES, 'utf8'))
  const rule = only(render('dead-letter-watch'), 'PrometheusRule')
  assert.deepEqual(at(rule, 'spec'), file)
  const changed = JSON.stringify(only(render('production'), 'PrometheusRule'))
  assert.doesNotMatch(changed, /MillraceLateRatio/)
  assert.doesNotMatch(changed, /"runbook_url":"docs/)
})
