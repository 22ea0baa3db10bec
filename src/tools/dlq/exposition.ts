import { DEAD_LETTER_REASONS } from '../../domain/outcome.ts'

/** What is told of the queue, by `dlq stats --prometheus` and by `dlq watch`. */
export const QUEUE_SERIES = {
  millrace_dlq_waiting_records: {
    labels: ['app', 'reason'],
    help: 'Dead letters that were not replayed.',
  },
  millrace_dlq_oldest_waiting_timestamp_seconds: {
    labels: ['app'],
    help: 'When the oldest dead letter that waits was turned down, seconds since the epoch; absent when none waits.',
  },
  millrace_dlq_watch_read_timestamp_seconds: {
    labels: ['app'],
    help: 'As of when the figures of `dlq watch` are, seconds since the epoch: all that lay on the dead-letter topic then is in them. 0 until it first has read to the ends.',
  },
} as const satisfies Readonly<
  Record<string, { readonly labels: readonly string[]; readonly help: string }>
>

export type QueueSeriesName = keyof typeof QUEUE_SERIES

/** How many dead letters wait, and since when. */
export interface Depth {
  /** Letters by reason; a reason may be left out that none has. */
  readonly waiting: ReadonlyMap<string, number>
  /** When the oldest of them was turned down, ms since the epoch; `undefined` when none waits. */
  readonly oldestMs: number | undefined
}

/**
 * The depth of an application's queue in Prometheus' text format. Every reason that this version gives is there,
 * with 0 if nothing waits; those of other versions only while something does.
 */
export function depthExposition({ waiting, oldestMs }: Depth, appId: string): string {
  const others = [...waiting].flatMap(([reason, count]) => (count > 0 ? [reason] : []))
  const reasons = new Set([...DEAD_LETTER_REASONS, ...others.toSorted()])
  const counts = [...reasons].map((reason) => ({
    labels: { app: appId, reason },
    value: waiting.get(reason) ?? 0,
  }))
  return (
    family('millrace_dlq_waiting_records', counts) +
    family('millrace_dlq_oldest_waiting_timestamp_seconds', timeOf(oldestMs, appId))
  )
}

/** As of when the depth is, in the same format. @param readAtMs ms since the epoch */
export function readExposition(readAtMs: number, appId: string): string {
  return family('millrace_dlq_watch_read_timestamp_seconds', timeOf(readAtMs, appId))
}

function timeOf(ms: number | undefined, appId: string): readonly Sample[] {
  return ms === undefined ? [] : [{ labels: { app: appId }, value: ms / 1000 }]
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function family(name: QueueSeriesName, samples: readonly Sample[]): string {
  const lines = samples.map(({ labels, value }) => {
    const told = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
    return `${name}{${told.join(',')}} ${value}\n`
  })
  return `# HELP ${name} ${QUEUE_SERIES[name].help}\n# TYPE ${name} gauge\n${lines.join('')}`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
