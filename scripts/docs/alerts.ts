import { ALERT_GROUPS, alertEntries } from '../monitoring/alerts.ts'
import type { Alert } from '../monitoring/rule.ts'

/** The runbook: a section an alert, under the heading that its link leads to. */
export function alertSections(): string {
  return ALERT_GROUPS.flatMap(alertEntries).map(section).join('\n\n')
}

function section([name, alert]: readonly [string, Alert]): string {
  const { severity, summary, meaning, remedies, expr } = alert
  const after = alert.for === '0m' ? 'at once' : `after ${alert.for}`
  return [
    `### ${name}`,
    `${summary}. *${severity}, ${after}*`,
    meaning,
    remedies.map((remedy) => `- ${remedy}`).join('\n'),
    `\`\`\`promql\n${expr}\n\`\`\``,
  ].join('\n\n')
}
