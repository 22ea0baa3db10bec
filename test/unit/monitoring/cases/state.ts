import type { STATE_ALERTS } from '../../../../scripts/monitoring/alerts/state.ts'
import { of } from '../alert-case.ts'
import type { CasesOf } from '../alert-case.ts'

const RESTORE = of('millrace_restore_remaining_records', {})
const REPLAY = of('millrace_replay_remaining_records', {})
const RESTORING = of('millrace_phase', { phase: 'restoring' })
const RUNNING = of('millrace_phase', { phase: 'running' })
const BYTES = of('millrace_state_bytes', {})
const KEYS = of('millrace_state_keys', {})
const RESIDENT = 'millrace_process_resident_memory_bytes{job="m",instance="a"}'
const LIMIT = of('millrace_memory_limit_bytes', {})
const GAPS = of('millrace_state_gaps_accepted_total', {})
const BOUNDS = {
  [of('millrace_state_max_bytes', {})]: '1000x30',
  [of('millrace_state_max_keys', {})]: '100x30',
}

export const STATE_CASES = {
  MillraceRestoreLong: {
    fires: {
      when: 'a restore goes on for a quarter of an hour',
      series: { [RESTORE]: '5000-100x30', [REPLAY]: '0x30', [RESTORING]: '1x30' },
      atMinutes: 15,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description: 'a has been restoring state for more than 10 min; 3.5k offsets are left.',
        },
      ],
    },
    quiet: [
      {
        when: 'it is done after 5 min',
        series: {
          [RESTORE]: '5000-1000x5 0x20',
          [REPLAY]: '0x30',
          [RESTORING]: '1x5 0x25',
          [RUNNING]: '0x5 1x25',
        },
        atMinutes: 15,
      },
    ],
  },
  MillraceStateGapAccepted: {
    fires: {
      when: 'a partition was started without all of its state, before the first scrape',
      series: { [GAPS]: '1x10' },
      atMinutes: 5,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description:
            'a has started 1 partitions without all of their state, as STATE_ON_GAP=accept allows.',
        },
      ],
    },
    quiet: [{ when: 'none was', series: { [GAPS]: '0x10' }, atMinutes: 5 }],
  },
  MillraceStateNearBound: {
    fires: {
      when: 'keys of one instance and bytes of another are near their bound',
      series: {
        [BYTES]: '300x30',
        [KEYS]: '90x30',
        ...BOUNDS,
        [of('millrace_state_bytes', {}, 'b')]: '880x30',
        [of('millrace_state_max_bytes', {}, 'b')]: '1000x30',
      },
      atMinutes: 15,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description:
            'The state of a is at 90% of STATE_BYTES_MAX or STATE_KEYS_MAX; at 100 % the process ends.',
        },
        {
          labels: { job: 'm', instance: 'b' },
          description:
            'The state of b is at 88% of STATE_BYTES_MAX or STATE_KEYS_MAX; at 100 % the process ends.',
        },
      ],
    },
    quiet: [
      {
        when: 'both have room',
        series: { [BYTES]: '800x30', [KEYS]: '80x30', ...BOUNDS },
        atMinutes: 15,
      },
    ],
  },
  MillraceMemoryNearLimit: {
    fires: {
      when: 'nearly all of the container is used, though state has room',
      series: { [RESIDENT]: '950x30', [LIMIT]: '1000x30', [BYTES]: '300x30', ...BOUNDS },
      atMinutes: 15,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description:
            'The memory of a is at 95% of what its container may have; at 100 % the process is killed.',
        },
      ],
    },
    quiet: [
      {
        when: 'there is room',
        series: { [RESIDENT]: '800x30', [LIMIT]: '1000x30' },
        atMinutes: 15,
      },
      { when: 'there is no limit', series: { [RESIDENT]: '950x30' }, atMinutes: 15 },
    ],
  },
} as const satisfies CasesOf<typeof STATE_ALERTS>
