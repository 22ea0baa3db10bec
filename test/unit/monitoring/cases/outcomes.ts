import type { OUTCOME_ALERTS } from '../../../../scripts/monitoring/alerts/outcomes.ts'
import { of, P0 } from '../alert-case.ts'
import type { CasesOf } from '../alert-case.ts'

const OPEN = of('millrace_dead_letter_breaker_open', {})
const TRIPS = of('millrace_dead_letter_breaker_trips_total', {})
const PROCESSED = of('millrace_records_processed_total', { topic: 'events' })
const UNDECODABLE = of('millrace_dead_letters_total', { reason: 'undecodable' })
const FUTURE = of('millrace_dead_letters_total', { reason: 'future-event-time' })
const LATE = of('millrace_late_total', {})
const PREDICTED = of('millrace_outcomes_total', { outcome: 'predicted', reason: 'none' })
const LATE_OUTCOME = of('millrace_outcomes_total', { outcome: 'late', reason: 'none' })
const SATURATED = of('millrace_distinct_saturated_total', {})

export const OUTCOME_CASES = {
  MillraceBreakerOpen: {
    fires: {
      when: 'the breaker is open for minutes',
      series: { [OPEN]: '0x5 1x10' },
      atMinutes: 8,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description:
            'a of m commits nothing: more than DLQ_MAX_RATIO of its records are dead letters.',
        },
      ],
    },
    quiet: [
      {
        when: 'it was open and is closed',
        series: { [OPEN]: '1x5 0x10' },
        atMinutes: 8,
      },
    ],
  },
  MillraceBreakerTrips: {
    fires: {
      when: 'the breaker tripped, and closed before a scrape saw it open',
      series: { [TRIPS]: '0x10 2x10', [OPEN]: '0x20' },
      atMinutes: 12,
      alerts: [
        {
          labels: { job: 'm' },
          description:
            'The breaker of m tripped 2 times within 15 min: each time a unit of work was not committed.',
        },
      ],
    },
    quiet: [
      { when: 'that was half an hour ago', series: { [TRIPS]: '0x5 2x50' }, atMinutes: 40 },
      { when: 'it never did', series: { [TRIPS]: '0x20' }, atMinutes: 12 },
    ],
  },
  MillraceDeadLetterRatio: {
    fires: {
      when: '1 in 50 becomes a dead letter',
      series: { [PROCESSED]: '0+1000x60', [UNDECODABLE]: '0+15x60', [FUTURE]: '0+5x60' },
      atMinutes: 40,
      alerts: [
        {
          labels: { job: 'm' },
          description: '2% of the records of m became dead letters within 15 min.',
        },
      ],
    },
    quiet: [
      {
        when: '1 in 200 does',
        series: { [PROCESSED]: '0+1000x60', [UNDECODABLE]: '0+5x60' },
        atMinutes: 40,
      },
      {
        when: 'a few of a quiet topic do',
        series: { [PROCESSED]: '0+1x60', [UNDECODABLE]: '0x25 0+1x5 5x30' },
        atMinutes: 40,
      },
    ],
  },
  MillraceLateRatio: {
    fires: {
      when: '1 in 10 is late',
      series: { [PROCESSED]: '0+1000x60', [LATE]: '0+100x60' },
      atMinutes: 40,
      alerts: [
        {
          labels: { job: 'm' },
          description: '10% of the records of m were later than the model allows within 15 min.',
        },
      ],
    },
    quiet: [
      {
        when: '1 in 50 is late',
        series: { [PROCESSED]: '0+1000x60', [LATE]: '0+20x60' },
        atMinutes: 40,
      },
    ],
  },
  MillraceEventsFromFuture: {
    fires: {
      when: 'a writer whose clock is ahead sends an event a minute',
      series: { [FUTURE]: '0+1x30' },
      atMinutes: 20,
      alerts: [
        {
          labels: { job: 'm' },
          description:
            '15 events of m were ahead of their record timestamp by more than max_future_skew within 15 min.',
        },
      ],
    },
    quiet: [
      { when: 'five such events came', series: { [FUTURE]: '0x10 1+1x4 5x15' }, atMinutes: 20 },
      {
        when: 'dead letters have another reason',
        series: { [FUTURE]: '0x30', [UNDECODABLE]: '0+100x30' },
        atMinutes: 20,
      },
    ],
  },
  MillraceConservationBroken: {
    fires: {
      when: 'a record has no outcome',
      series: { [PROCESSED]: '100x10', [PREDICTED]: '90x10', [LATE_OUTCOME]: '9x10' },
      atMinutes: 5,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description: 'a has answered 100 records, and that is not the sum of its outcomes.',
        },
      ],
    },
    quiet: [
      {
        when: 'each record has one',
        series: { [PROCESSED]: '0+100x10', [PREDICTED]: '0+90x10', [LATE_OUTCOME]: '0+10x10' },
        atMinutes: 5,
      },
    ],
  },
  MillracePartitionOwnedTwice: {
    fires: {
      when: 'an instance that was frozen still shows its partition',
      series: {
        [of('millrace_partition_position_offset', P0)]: '100x10',
        [of('millrace_partition_position_offset', P0, 'b')]: '100+10x10',
      },
      atMinutes: 5,
      alerts: [
        {
          labels: { job: 'm', ...P0 },
          description: '2 instances of m hold partition 0 of events.',
        },
      ],
    },
    quiet: [
      {
        when: 'two instances hold one each',
        series: {
          [of('millrace_partition_position_offset', P0)]: '100x10',
          [of('millrace_partition_position_offset', { ...P0, partition: '1' }, 'b')]: '100x10',
        },
        atMinutes: 5,
      },
      {
        when: 'a partition moved a minute ago, and both were scraped with it',
        series: {
          [of('millrace_partition_position_offset', P0)]: '100x5 stale',
          [of('millrace_partition_position_offset', P0, 'b')]: '_x5 100x10',
        },
        atMinutes: 6,
      },
    ],
  },
  MillraceDistinctSaturated: {
    fires: {
      when: 'values could not be told apart',
      series: { [SATURATED]: '0x10 6x60' },
      atMinutes: 60,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description: 'a could not tell 6 values of distinct features apart within an hour.',
        },
      ],
    },
    quiet: [
      { when: 'that was two hours ago', series: { [SATURATED]: '0x10 6x200' }, atMinutes: 130 },
      { when: 'it never happened', series: { [SATURATED]: '0x90' }, atMinutes: 60 },
    ],
  },
} as const satisfies CasesOf<typeof OUTCOME_ALERTS>
