import { DEPLOYMENT } from '../rule.ts'
import type { AlertGroup } from '../rule.ts'

/** Whether the answers are what they should be. */
export const OUTCOME_ALERTS = {
  name: 'millrace-outcomes',
  alerts: {
    MillraceBreakerOpen: {
      expr: 'millrace_dead_letter_breaker_open == 1',
      for: '1m',
      severity: 'critical',
      summary: 'A flood of dead letters: nothing is committed',
      description:
        '{{ $labels.instance }} of {{ $labels.job }} commits nothing: more than DLQ_MAX_RATIO of its records are dead letters.',
      meaning:
        'Mostly a deployment that does not fit the stream. Nothing of the flood has been committed.',
      remedies: ['See [A flood of dead letters](#a-flood-of-dead-letters).'],
    },
    MillraceBreakerTrips: {
      expr: `sum by (${DEPLOYMENT}) (increase(millrace_dead_letter_breaker_trips_total[15m])) > 0`,
      for: '0m',
      severity: 'warning',
      summary: 'Floods of dead letters were stopped',
      description:
        'The breaker of {{ $labels.job }} tripped {{ $value | humanize }} times within 15 min: each time a unit of work was not committed.',
      meaning:
        'The share of dead letters was above `DLQ_MAX_RATIO`, if only for moments. What was committed of them before each trip stays; ' +
        'while it goes on, [MillraceBreakerOpen](#millracebreakeropen) is raised too.',
      remedies: [
        'The `BREAKER_TRIPPED` log lines have the share and the most frequent reasons: see [A flood of dead letters](#a-flood-of-dead-letters).',
        'It closed by itself? Then good and bad records come in turns, mostly from several writers: look for the one that was deployed last.',
      ],
    },
    MillraceDeadLetterRatio: {
      expr:
        'job:millrace_dead_letters:ratio_rate15m > 0.01 and ' +
        `on (${DEPLOYMENT}) sum by (${DEPLOYMENT}) (increase(millrace_dead_letters_total[15m])) > 10`,
      for: '10m',
      severity: 'warning',
      summary: 'Many records become dead letters',
      description:
        '{{ $value | humanizePercentage }} of the records of {{ $labels.job }} became dead letters within 15 min.',
      meaning: 'Records cannot be used. They are kept, as they came, on the dead-letter topic.',
      remedies: [
        'Which reason? `sum by (reason) (rate(millrace_dead_letters_total[15m]))`; [Dead letters](#dead-letters) says what to do about each.',
        'The headers of the dead letters name field and cause; [the guide](guides/dead-letters.md) has the steps.',
      ],
    },
    MillraceLateRatio: {
      expr: 'job:millrace_late:ratio_rate15m > 0.05',
      for: '15m',
      severity: 'warning',
      summary: 'Many events are late',
      description:
        '{{ $value | humanizePercentage }} of the records of {{ $labels.job }} were later than the model allows within 15 min.',
      meaning:
        'Their time is older than what the partition has seen by more than `lateness`. They get no prediction, and are kept on the late topic.',
      remedies: [
        'Has one writer run ahead? A single event with a time in the future moves the partition on: look at `max_future_skew` in `model.yaml`.',
        'Do several writers of one partition lag behind each other? Then `lateness` is too short, or the key does not keep them apart.',
        'Has somebody replayed old events? Then it passes.',
      ],
    },
    MillraceEventsFromFuture: {
      expr: `sum by (${DEPLOYMENT}) (increase(millrace_dead_letters_total{reason="future-event-time"}[15m])) > 10`,
      for: '0m',
      severity: 'warning',
      summary: "A writer's clock is ahead",
      description:
        '{{ $value | humanize }} events of {{ $labels.job }} were ahead of their record timestamp by more than max_future_skew within 15 min.',
      meaning:
        'They are dead letters, because one bad clock would make every other event of the partition late.',
      remedies: [
        'The headers of the dead letters tell which partition and time; set the clock of whoever wrote them.',
        'All of them by a factor of 1,000? Then the unit of the time field is wrong in `model.yaml`.',
      ],
    },
    MillraceConservationBroken: {
      expr:
        'sum without (topic) (millrace_records_processed_total) != ' +
        'sum without (outcome, reason) (millrace_outcomes_total)',
      for: '1m',
      severity: 'critical',
      summary: 'Records and their outcomes do not add up',
      description:
        '{{ $labels.instance }} has answered {{ $value | humanize }} records, and that is not the sum of its outcomes.',
      meaning:
        'A bug: each record must have exactly one outcome. Each commit checks this too, and ends the process (`INVARIANT_BROKEN`).',
      remedies: [
        'Report it with the log and `/status.json` of the instance.',
        'The audit topic tells which records: each offset must be there once.',
      ],
    },
    MillracePartitionOwnedTwice: {
      expr: `count by (${DEPLOYMENT}, topic, partition) (millrace_partition_position_offset) > 1`,
      for: '2m',
      severity: 'warning',
      summary: 'Two instances hold the same partition',
      description:
        '{{ $value }} instances of {{ $labels.job }} hold partition {{ $labels.partition }} of {{ $labels.topic }}.',
      meaning:
        'One of them has lost it and has not heard of it, e.g. because it was frozen. It cannot commit, so ' +
        'nothing is answered twice; if it goes on, the group is not as it should be.',
      remedies: [
        'Are two deployments with different `APP_ID` scraped as one job? Then it means nothing: give each a job.',
        'Otherwise restart the instance whose `millrace_last_commit_timestamp_seconds` is older.',
      ],
    },
    MillraceDistinctSaturated: {
      expr: 'increase(millrace_distinct_saturated_total[1h]) > 0',
      for: '0m',
      severity: 'warning',
      summary: 'A distinct feature is a lower bound only',
      description:
        '{{ $labels.instance }} could not tell {{ $value | humanize }} values of distinct features apart within an hour.',
      meaning: 'A window has more different values than a distinct feature can count.',
      remedies: [
        'Is a key much busier than the model was trained for? See [features](features.md).',
        'A shorter window, or another feature, in the next version of the model.',
      ],
    },
  },
} as const satisfies AlertGroup
