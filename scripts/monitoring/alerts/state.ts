import type { AlertGroup } from '../rule.ts'

/** Whether state is whole and has room. */
export const STATE_ALERTS = {
  name: 'millrace-state',
  alerts: {
    MillraceRestoreLong: {
      expr:
        'millrace_restore_remaining_records + millrace_replay_remaining_records and ' +
        'ignoring (phase) millrace_phase{phase=~"restoring|replaying"} == 1',
      for: '10m',
      severity: 'warning',
      summary: 'State is still being restored',
      description:
        '{{ $labels.instance }} has been restoring state for more than 10 min; {{ $value | humanize }} offsets are left.',
      meaning:
        'Its new partitions stand still meanwhile; the others go on. From the changelog it takes seconds, from ' +
        'the input log as long as it takes to read the longest window again.',
      remedies: [
        'The log says which: `RESTORE_STARTED` (changelog) or `REPLAY_STARTED` (input log), and why the changelog was of no use (`CHANGELOG_UNUSABLE`).',
        'Nothing left, and it does not end? An open transaction of a former owner holds it up: `FORMER_OWNER_NOT_FENCED` says why it could not be aborted.',
        'A large changelog: is its topic compacted? See [topics](topics.md#app_id-state).',
      ],
    },
    MillraceStateGapAccepted: {
      expr: 'millrace_state_gaps_accepted_total > 0',
      for: '0m',
      severity: 'warning',
      summary: 'Partitions were started although state was missing',
      description:
        '{{ $labels.instance }} has started {{ $value }} partitions without all of their state, as STATE_ON_GAP=accept allows.',
      meaning: 'Features are too small until the longest window has passed since then.',
      remedies: [
        'The `STATE_GAP_ACCEPTED` log lines say what was missing.',
        'Make the retention that deleted it longer; set `STATE_ON_GAP` back to `refuse`. The alert ends with the next restart.',
      ],
    },
    MillraceStateNearBound: {
      expr:
        'millrace_state_bytes / millrace_state_max_bytes > 0.85 or ' +
        'millrace_state_keys / millrace_state_max_keys > 0.85',
      for: '10m',
      severity: 'warning',
      summary: 'State is near its bound',
      description:
        'The state of {{ $labels.instance }} is at {{ $value | humanizePercentage }} of STATE_BYTES_MAX or STATE_KEYS_MAX; at 100 % the process ends.',
      meaning:
        'Keys and tiles that windows still need are never dropped, so the service ends at the bound.',
      remedies: [
        'Raise the bound, and with it the memory of the container; [performance](performance.md) says what a key takes.',
        'Or run more instances, up to the number of partitions: each holds the keys of its partitions only.',
        'Has the number of keys jumped? A writer may use a new kind of key.',
      ],
    },
    MillraceMemoryNearLimit: {
      expr: 'millrace_process_resident_memory_bytes / millrace_memory_limit_bytes > 0.9',
      for: '10m',
      severity: 'warning',
      summary: 'Memory is near the limit of the container',
      description:
        'The memory of {{ $labels.instance }} is at {{ $value | humanizePercentage }} of what its container may have; at 100 % the process is killed.',
      meaning:
        'State is counted by an estimate, and the process has more than state: [MillraceStateNearBound](#millracestatenearbound) may well be ' +
        'quiet. A kill costs a restart and a restore; nothing is lost or doubled.',
      remedies: [
        'Raise `resources.limits.memory`, or lower `STATE_BYTES_MAX` so that the service ends by itself, with a reason; [performance](performance.md) says what a key takes.',
        'Or run more instances, up to the number of partitions: each holds the keys of its partitions only.',
        'Which part grows? `millrace_state_bytes`, `millrace_nodejs_heap_size_used_bytes`, `millrace_nodejs_external_memory_bytes`. None of them, and each rebalance adds to it: is `MALLOC_ARENA_MAX=1` set?',
      ],
    },
  },
} as const satisfies AlertGroup
