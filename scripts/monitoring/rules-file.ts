import { stringify } from 'yaml'
import { ALERT_GROUPS, alertEntries, runbookOf } from './alerts.ts'
import { DRIFT_RULES } from './drift-rules.ts'
import { checked } from './known-series.ts'
import { RECORDING_RULES } from './recording-rules.ts'
import type { RecordingRule } from './rule.ts'

const HEAD = `# Recording rules and alerts for Prometheus, as chart and compose file load them.
# Written by \`npm run docs\` from scripts/monitoring; the runbook is docs/operations.md.
`

/** The rule file of Prometheus. @throws Error when a query reads what the service does not tell */
export function rulesFile(): string {
  const recorded = ({ record, expr }: RecordingRule): object => ({ record, expr: checked(expr) })
  const groups = [
    { name: 'millrace-recording', rules: RECORDING_RULES.map(recorded) },
    // They read a day of many series, which takes a while and changes slowly.
    { name: 'millrace-drift-recording', interval: '2m', rules: DRIFT_RULES.map(recorded) },
    ...ALERT_GROUPS.map((group) => ({ name: group.name, rules: alertEntries(group).map(ruleOf) })),
  ]
  return HEAD + stringify({ groups }, { lineWidth: 0 })
}

function ruleOf([name, alert]: ReturnType<typeof alertEntries>[number]): object {
  const { expr, severity, summary, description } = alert
  return {
    alert: name,
    expr: checked(expr),
    for: alert.for,
    labels: { severity },
    annotations: { summary, description, runbook_url: runbookOf(name) },
  }
}
