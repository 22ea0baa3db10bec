import { seriesEntries } from './series.ts'
import { SERIES_GROUPS } from './series-spec.ts'
import type { SeriesSpec } from './series-spec.ts'

const INTRODUCTION = `# Metrics

\`GET /metrics\` answers in the Prometheus text format 0.0.4. Names are stable; labels are bounded: no
key, event id or offset is ever one. Counters and histograms whose labels are known beforehand exist
with 0 from the start. Counters of records and outcomes move with the commit that makes them true, so an
aborted transaction leaves them as they were.

Where traces are exported, a scraper that asks for OpenMetrics 1.0, as Prometheus does, gets that, with
[exemplars](tracing.md#from-a-panel-to-a-trace). Prometheus stores the same series from both.

Besides these there are the process's own figures as prom-client collects them, prefixed too:
\`millrace_process_*\` and \`millrace_nodejs_*\`. How many dead letters wait is told by a process of its own,
\`millrace dlq watch\`: [its series](guides/dead-letters.md#watching-the-queue).

Written by \`npm run docs\` from \`src/telemetry\`.
`

const QUERIES = `## Questions to ask

| question | query |
|---|---|
| Is it keeping up? | \`sum(millrace_partition_lag_records)\` |
| What arrives, what is answered? | \`sum(rate(millrace_partition_last_stable_offset[1m]))\`, \`sum(rate(millrace_records_processed_total[1m]))\` |
| How slow is the slowest 1 %? | \`histogram_quantile(0.99, sum by (le) (rate(millrace_record_to_commit_latency_seconds_bucket[5m])))\` |
| Which stage takes the time? | \`sum by (stage) (rate(millrace_stage_duration_seconds_sum[5m]))\` |
| How much is turned down, and why? | \`sum by (reason) (rate(millrace_dead_letters_total[5m]))\` |
| Do commits fail? | \`sum(rate(millrace_transactions_total{result="aborted"}[5m]))\` |
`

/** The reference page `docs/metrics.md`, a table a group. */
export function metricsMarkdown(): string {
  const groups = Object.entries(SERIES_GROUPS).map(([group, title]) => {
    const rows = seriesEntries()
      .filter(([, spec]) => spec.group === group)
      .map(([name, spec]) => row(name, spec))
    const head = '| series | type | unit | labels | what it says |\n|---|---|---|---|---|'
    return `## ${title}\n\n${head}\n${rows.join('\n')}\n`
  })
  return [INTRODUCTION, ...groups, QUERIES].join('\n')
}

function row(name: string, spec: SeriesSpec): string {
  const { type, unit, labels, help, buckets, hasExemplars } = spec
  const named = labels.map((label) => `\`${label}\``).join(', ')
  const bounds = buckets === undefined ? '' : ` Buckets: ${buckets.join(', ')}.`
  const exemplars = hasExemplars === true ? ' With exemplars.' : ''
  return `| \`${name}\` | ${type} | ${unit} | ${named} | ${help}${exemplars}${bounds} |`
}
