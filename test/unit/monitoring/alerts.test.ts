import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { ALERT_GROUPS, alertEntries, runbookOf } from '../../../scripts/monitoring/alerts.ts'
import type { AlertName } from '../../../scripts/monitoring/alerts.ts'
import { namesOf } from '../../../scripts/monitoring/promql.ts'
import type { Alert } from '../../../scripts/monitoring/rule.ts'
import { rulesFile } from '../../../scripts/monitoring/rules-file.ts'
import type { AlertCase, Firing, Situation } from './alert-case.ts'
import { DEAD_LETTER_CASES } from './cases/dead-letters.ts'
import { DRIFT_CASES } from './cases/drift.ts'
import { KAFKA_CASES } from './cases/kafka.ts'
import { LATENCY_CASES } from './cases/latency.ts'
import { OUTCOME_CASES } from './cases/outcomes.ts'
import { PROGRESS_CASES } from './cases/progress.ts'
import { STATE_CASES } from './cases/state.ts'
import { SURROUNDINGS_CASES } from './cases/surroundings.ts'
import { HEALTHY_FLEET } from './healthy-fleet.ts'
import { checkRules, testRules } from './promtool.ts'
import type { RuleSuite, RuleTest } from './promtool.ts'

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
}

interface Group {
  readonly rules: readonly Rule[]
}

const RULES = rulesFile()
const CASES: Readonly<Record<AlertName, AlertCase>> = {
  ...PROGRESS_CASES,
  ...LATENCY_CASES,
  ...OUTCOME_CASES,
  ...DEAD_LETTER_CASES,
  ...DRIFT_CASES,
  ...STATE_CASES,
  ...KAFKA_CASES,
  ...SURROUNDINGS_CASES,
}
const ALERTS = new Map<string, Alert>(ALERT_GROUPS.flatMap(alertEntries))

function ruleTest(name: string, situation: Situation, alerts: readonly Firing[]): RuleTest {
  const { when, series, atMinutes } = situation
  const { severity, summary } = ALERTS.get(name) ?? {}
  return {
    name: `${name}: ${when}`,
    interval: '1m',
    input_series: Object.entries(series).map(([of, values]) => ({ series: of, values })),
    alert_rule_test: [
      {
        eval_time: `${atMinutes}m`,
        alertname: name,
        exp_alerts: alerts.map(({ labels, description }) => ({
          exp_labels: { severity, ...labels },
          exp_annotations: { summary, description, runbook_url: runbookOf(name) },
        })),
      },
    ],
  }
}

/** What the alert needs of the rules and no more: promtool evaluates all that it is given. */
function rulesOf(name: string): string {
  const { groups } = parse(RULES) as { groups: Group[] }
  const all = groups.flatMap(({ rules }) => rules)
  const needed = new Set<string>([name])
  // Rules read only what is recorded before them.
  for (const rule of all.toReversed()) {
    if (needed.has(nameOf(rule))) for (const each of namesOf(rule.expr).metrics) needed.add(each)
  }
  return stringify({
    groups: [{ name: 'rules', rules: all.filter((rule) => needed.has(nameOf(rule))) }],
  })
}

/** An alert of this name that always or never fires. */
function brokenRule(name: string, condition: 'always' | 'never'): string {
  const expr = condition === 'always' ? 'vector(1)' : 'vector(1) > 2'
  return stringify({ groups: [{ name: 'rules', rules: [{ alert: name, expr }] }] })
}

function nameOf({ alert, record }: Rule): string {
  return alert ?? record ?? ''
}

function firing(rulesFor: (name: string) => string): readonly RuleSuite[] {
  return Object.entries(CASES).map(([name, { fires }]) => ({
    rules: rulesFor(name),
    tests: [ruleTest(name, fires, fires.alerts)],
  }))
}

function quiet(rulesFor: (name: string) => string): readonly RuleSuite[] {
  return Object.entries(CASES).map(([name, { quiet: situations }]) => ({
    rules: rulesFor(name),
    tests: situations.map((situation) => ruleTest(name, situation, [])),
  }))
}

function minutesOf(duration: string): number {
  const [, count = '', unit] = /^(\d+)([mh])$/.exec(duration) ?? []
  return Number(count) * (unit === 'h' ? 60 : 1)
}

/** Names of the alerts that promtool complains of. */
function failedIn(said: string): ReadonlySet<string> {
  return new Set([...said.matchAll(/alertname:? ?"?(\w+)/g)].map(([, name = '']) => name))
}

test('Prometheus takes the rules', () => {
  const { isGood, said } = checkRules(RULES)
  assert.ok(isGood, said)
  assert.ok(!checkRules(RULES.replace('sum by', 'sum bye')).isGood)
})

test('each alert fires when it should, with its figures and its runbook', () => {
  const { isGood, said } = testRules(firing(rulesOf))
  assert.ok(isGood, said)
})

test('each alert is quiet about what only looks like it', () => {
  const { isGood, said } = testRules(quiet(rulesOf))
  assert.ok(isGood, said)
})

test('each alert waits as long as it says', () => {
  const suites = Object.entries(CASES).map(([name, { fires }]) => {
    const waitMinutes = minutesOf(ALERTS.get(name)?.for ?? '')
    const pending = `ALERTS{alertname="${name}",alertstate="pending"}`
    const { alert_rule_test: _, ...setting } = ruleTest(name, fires, fires.alerts)
    const expected = {
      expr: `max(count_over_time(${pending}[1d]))`,
      eval_time: `${fires.atMinutes}m`,
      exp_samples: waitMinutes === 0 ? [] : [{ labels: '{}', value: waitMinutes }],
    }
    return { rules: rulesOf(name), tests: [{ ...setting, promql_expr_test: [expected] }] }
  })
  const { isGood, said } = testRules(suites)
  assert.ok(isGood, said)
})

test('an alert that never or always fires is found, whichever it is', () => {
  const never = testRules(firing((name) => brokenRule(name, 'never')))
  const always = testRules(quiet((name) => brokenRule(name, 'always')))
  const names = new Set(ALERTS.keys())
  assert.deepEqual(failedIn(never.said), names)
  assert.deepEqual(failedIn(always.said), names)
})

test('a healthy fleet raises no alert in seven hours', () => {
  const { isGood, said } = testRules([{ rules: RULES, tests: [HEALTHY_FLEET] }])
  assert.ok(isGood, said)
})

test('the file has every alert once, in words that group: figures are in the description only', () => {
  const { groups } = parse(RULES) as { groups: Group[] }
  const names = groups.flatMap(({ rules }) => rules.flatMap(({ alert }) => alert ?? []))
  assert.deepEqual(names, [...ALERTS.keys()])
  for (const [name, { summary, description }] of ALERTS) {
    assert.doesNotMatch(summary, /\{\{/, name)
    assert.match(description, /\{\{ \$labels\./, name)
  }
})
