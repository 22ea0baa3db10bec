import type { LATENCY_ALERTS } from '../../../../scripts/monitoring/alerts/latency.ts'
import { of, part } from '../alert-case.ts'
import type { CasesOf } from '../alert-case.ts'

const LATENCY = 'millrace_record_to_commit_latency_seconds'
const ALL = part(LATENCY, '_count')
const IN_TIME = part(LATENCY, '_bucket', '0.5')
const FRESHNESS = of('millrace_feature_freshness_seconds', {})
const RECEIVED = of('millrace_records_received_total', { topic: 'events' })

export const LATENCY_CASES = {
  MillraceLatencyBurnFast: {
    fires: {
      when: 'a fifth of the records is late for more than an hour',
      series: { [ALL]: '0+1000x90', [IN_TIME]: '0+800x90' },
      atMinutes: 80,
      alerts: [
        {
          labels: { job: 'm' },
          description:
            '20% of the records of m took longer than 0.5 s within the last hour; 1 % may.',
        },
      ],
    },
    quiet: [
      {
        when: '1 in 10 is late',
        series: { [ALL]: '0+1000x90', [IN_TIME]: '0+900x90' },
        atMinutes: 80,
      },
      {
        when: 'it was slow and is so no longer',
        series: { [ALL]: '0+1000x90', [IN_TIME]: '0+100x70 7000+1000x20' },
        atMinutes: 80,
      },
      {
        when: 'it has been slow for 8 min',
        series: { [ALL]: '0+1000x90', [IN_TIME]: '0+1000x72 72000+600x17' },
        atMinutes: 80,
      },
      { when: 'nothing comes', series: { [ALL]: '5x90', [IN_TIME]: '0x90' }, atMinutes: 80 },
    ],
  },
  MillraceLatencyBurnSlow: {
    fires: {
      when: '1 in 10 is late for a day',
      series: { [ALL]: '0+1000x500', [IN_TIME]: '0+900x500' },
      atMinutes: 420,
      alerts: [
        {
          labels: { job: 'm' },
          description:
            '10% of the records of m took longer than 0.5 s within the last 6 h; 1 % may.',
        },
      ],
    },
    quiet: [
      {
        when: '1 in 20 is late',
        series: { [ALL]: '0+1000x500', [IN_TIME]: '0+950x500' },
        atMinutes: 420,
      },
      {
        when: 'it was slow and is so no longer',
        series: { [ALL]: '0+1000x500', [IN_TIME]: '0+800x370 296000+1000x130' },
        atMinutes: 420,
      },
      {
        when: 'it has been slow for 40 min',
        series: { [ALL]: '0+1000x500', [IN_TIME]: '0+1000x380 380000+800x120' },
        atMinutes: 420,
      },
    ],
  },
  MillraceFeaturesStale: {
    fires: {
      when: 'records come in and their events are 10 min old',
      series: { [FRESHNESS]: '600x30', [RECEIVED]: '0+1000x30' },
      atMinutes: 20,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description: 'The newest event in the features of a is 10m 0s old.',
        },
      ],
    },
    quiet: [
      {
        when: 'nothing comes in, so features age',
        series: { [FRESHNESS]: '0+60x30', [RECEIVED]: '1000x30' },
        atMinutes: 20,
      },
      {
        when: 'events are a minute old',
        series: { [FRESHNESS]: '60x30', [RECEIVED]: '0+1000x30' },
        atMinutes: 20,
      },
    ],
  },
} as const satisfies CasesOf<typeof LATENCY_ALERTS>
