import { DEAD_LETTER_REASONS } from '../../domain/outcome.ts'
import type { Statistics } from './stats.ts'

/** What `dlq stats --prometheus` tells, for a collector of text files. */
export const QUEUE_SERIES = {
  millrace_dlq_waiting_records: {
    labels: ['app', 'reason'],
    help: 'Dead letters that were not replayed.',
  },
  millrace_dlq_oldest_waiting_timestamp_seconds: {
    labels: ['app'],
    help: 'When the oldest dead letter that waits was turned down, seconds since the epoch; absent when none waits.',
  },
} as const satisfies Readonly<
  Record<string, { readonly labels: readonly string[]; readonly help: string }>
>

type Name = keyof typeof QUEUE_SERIES

/** The statistics in Prometheus' text format; every reason is there, with 0 if nothing waits. */
export function expositionOf({ byReason, oldestWaiting }: Statistics, appId: string): string {
  const waiting = new Map<string, number>(DEAD_LETTER_REASONS.map((reason) => [reason, 0]))
  for (const group of byReason) waiting.set(group.value, group.waiting)
  const counts = [...waiting].map(([reason, count]) => ({
    labels: { app: appId, reason },
    value: count,
  }))
  const oldest =
    oldestWaiting === null
      ? []
      : [{ labels: { app: appId }, value: Date.parse(oldestWaiting) / 1000 }]
  return (
    family('millrace_dlq_waiting_records', counts) +
    family('millrace_dlq_oldest_waiting_timestamp_seconds', oldest)
  )
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function family(name: Name, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => {
    const told = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}{${told.join(',')}} ${value}\n`
  })
  return `# HELP ${name} ${QUEUE_SERIES[name].help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
