import { DEAD_LETTER_ALERTS } from './alerts/dead-letters.ts'
import { DRIFT_ALERTS } from './alerts/drift.ts'
import { KAFKA_ALERTS } from './alerts/kafka.ts'
import { LATENCY_ALERTS } from './alerts/latency.ts'
import { OUTCOME_ALERTS } from './alerts/outcomes.ts'
import { PROGRESS_ALERTS } from './alerts/progress.ts'
import { STATE_ALERTS } from './alerts/state.ts'
import { SURROUNDINGS_ALERTS } from './alerts/surroundings.ts'
import type { Alert, AlertGroup } from './rule.ts'

const GROUPS = [
  PROGRESS_ALERTS,
  LATENCY_ALERTS,
  OUTCOME_ALERTS,
  DEAD_LETTER_ALERTS,
  DRIFT_ALERTS,
  STATE_ALERTS,
  KAFKA_ALERTS,
  SURROUNDINGS_ALERTS,
] as const

/** All alerts, by group, in the order of the runbook. */
export const ALERT_GROUPS: readonly AlertGroup[] = GROUPS

type NamesIn<Group> = Group extends { readonly alerts: infer Alerts } ? keyof Alerts : never

export type AlertName = NamesIn<(typeof GROUPS)[number]>

/** Alerts with their names. */
export function alertEntries({ alerts }: AlertGroup): readonly (readonly [string, Alert])[] {
  return Object.entries(alerts)
}

/** Where the runbook of an alert is. */
export function runbookOf(name: string): string {
  return `docs/operations.md#${name.toLowerCase()}`
}
