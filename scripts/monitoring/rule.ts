/** A series that Prometheus computes from others at each evaluation. */
export interface RecordingRule {
  /** As Prometheus names them: `level:metric:operations`. */
  readonly record: string
  readonly expr: string
  /** Labels it keeps, besides those of a deployment. */
  readonly labels?: readonly string[]
}

/** Something that somebody must hear of. Rule file, runbook and tests all come from it. */
export interface Alert {
  readonly expr: string
  /** How long it must hold first, as Prometheus writes durations. */
  readonly for: string
  /** `critical`: records stand still or answers are wrong, now. `warning`: they will, or some are. */
  readonly severity: 'critical' | 'warning'
  /** One line, without figures, so that it groups. */
  readonly summary: string
  /** With figures; a template of Prometheus. */
  readonly description: string
  /** Runbook: what it means, in Markdown. */
  readonly meaning: string
  /** Runbook: what to look at and do, in this order, in Markdown. */
  readonly remedies: readonly string[]
}

/** Alerts that belong together; Prometheus evaluates each group in one go. */
export interface AlertGroup {
  readonly name: string
  readonly alerts: Readonly<Record<`Millrace${string}`, Alert>>
}

/** What all instances of one deployment share; outside of Kubernetes there is no namespace, which is fine. */
export const DEPLOYMENT = 'namespace, job'
