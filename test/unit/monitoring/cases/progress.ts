import type { PROGRESS_ALERTS } from '../../../../scripts/monitoring/alerts/progress.ts'
import { of, P0 } from '../alert-case.ts'
import type { CasesOf } from '../alert-case.ts'

const BUILD = of('millrace_build_info', { version: '1', node: '24' })
const P1 = { ...P0, partition: '1' } as const
const POSITION = of('millrace_partition_position_offset', P0)
const COMMITTED = of('millrace_partition_committed_offset', P0)
const LAG = of('millrace_partition_lag_records', P0)
const PROCESSED = of('millrace_records_processed_total', { topic: 'events' })
const REPLAY = of('millrace_replay_remaining_records', {})
const TIME = of('millrace_time_seconds', {})
const HEARTBEAT = of('millrace_heartbeat_timestamp_seconds', {})
const STARTING = of('millrace_phase', { phase: 'starting' })

export const PROGRESS_CASES = {
  MillraceGone: {
    fires: {
      when: 'the last instance went 20 min ago',
      series: { [BUILD]: '1x10 stale' },
      atMinutes: 30,
      alerts: [
        {
          labels: { job: 'm' },
          description:
            'No instance of m has been scraped for 5 min, though there was one within the last hour.',
        },
      ],
    },
    quiet: [
      {
        when: 'one of two instances went',
        series: {
          [BUILD]: '1x10 stale',
          [of('millrace_build_info', { version: '1', node: '24' }, 'b')]: '1x30',
        },
        atMinutes: 30,
      },
      {
        when: 'KEDA took the last instance, as it may',
        series: { [BUILD.replace('}', ',scales_to_zero="true"}')]: '1x10 stale' },
        atMinutes: 30,
      },
      {
        when: 'the deployment was removed two hours ago',
        series: { [BUILD]: '1x10 stale' },
        atMinutes: 130,
      },
    ],
  },
  MillraceStartStuck: {
    fires: {
      when: 'a start takes a quarter of an hour',
      series: { [STARTING]: '1x20' },
      atMinutes: 15,
      alerts: [
        {
          labels: { job: 'm', instance: 'a', phase: 'starting' },
          description: 'a of m has been starting for more than 10 min.',
        },
      ],
    },
    quiet: [
      { when: 'a start takes 8 min', series: { [STARTING]: '1x8 0x12' }, atMinutes: 15 },
      {
        when: 'an instance stands by without partitions',
        series: {
          [STARTING]: '0x20',
          [of('millrace_phase', { phase: 'waiting-for-assignment' })]: '1x20',
        },
        atMinutes: 15,
      },
    ],
  },
  MillracePartitionUnowned: {
    fires: {
      when: 'its owner went and nobody took over',
      series: { [POSITION]: '0+10x10 stale', [BUILD]: '1x30' },
      atMinutes: 25,
      alerts: [
        {
          labels: { job: 'm', topic: 'events', partition: '0' },
          description:
            'Partition 0 of events has stood still for 10 min: no instance of m works on it.',
        },
      ],
    },
    quiet: [
      {
        when: 'another instance took over after 5 min',
        series: {
          [POSITION]: '0+10x10 stale',
          [of('millrace_partition_position_offset', P0, 'b')]: '_x15 100+10x15',
          [BUILD]: '1x30',
        },
        atMinutes: 25,
      },
      {
        when: 'all instances are gone, which is another alert',
        series: { [POSITION]: '0+10x10 stale', [BUILD]: '1x10 stale' },
        atMinutes: 25,
      },
    ],
  },
  MillraceNoProgress: {
    fires: {
      when: 'records wait, in one partition a single one, and nothing is committed, though units are tried',
      series: {
        [LAG]: '2000x30',
        [COMMITTED]: '500x30',
        [POSITION]: '500+7x30',
        [REPLAY]: '0x30',
        [of('millrace_partition_lag_records', P1)]: '1x30',
        [of('millrace_partition_committed_offset', P1)]: '700x30',
      },
      atMinutes: 15,
      alerts: [
        {
          labels: { job: 'm', instance: 'a', ...P0 },
          description:
            'Partition 0 of events: 2k records wait, and a has committed nothing for 5 min.',
        },
        {
          labels: { job: 'm', instance: 'a', ...P1 },
          description:
            'Partition 1 of events: 1 records wait, and a has committed nothing for 5 min.',
        },
      ],
    },
    quiet: [
      {
        when: 'it is far behind, and comes forward',
        series: { [LAG]: '20000x30', [COMMITTED]: '500+100x30', [REPLAY]: '0x30' },
        atMinutes: 15,
      },
      {
        when: 'all is answered and nothing comes',
        series: { [LAG]: '0x30', [COMMITTED]: '500x30', [REPLAY]: '0x30' },
        atMinutes: 15,
      },
      {
        when: 'state is being rebuilt from the log',
        series: { [LAG]: '20000x30', [COMMITTED]: '500x30', [REPLAY]: '400-10x30' },
        atMinutes: 15,
      },
    ],
  },
  MillraceLoopStuck: {
    fires: {
      when: 'the last turn began 4 min ago',
      series: { [TIME]: '0+60x10', [HEARTBEAT]: '0+60x3 180x7' },
      atMinutes: 7,
      alerts: [
        { labels: { job: 'm', instance: 'a' }, description: 'a began its last turn 4m 0s ago.' },
      ],
    },
    quiet: [
      {
        when: 'a turn takes half a minute, on a clock that is an hour off',
        series: { [TIME]: '3600+60x10', [HEARTBEAT]: '3570+60x10' },
        atMinutes: 7,
      },
    ],
  },
  MillraceLagGrowing: {
    fires: {
      when: '100 records/s come and 50 are answered',
      series: { [LAG]: '0+3000x60', [PROCESSED]: '0+3000x60' },
      atMinutes: 40,
      alerts: [
        {
          labels: { job: 'm' },
          description:
            'The lag of m grows by 50 records/s, and what waits is more than a minute of work.',
        },
      ],
    },
    quiet: [
      {
        when: 'lag moves about within a second of work',
        series: { [LAG]: '10+1x60', [PROCESSED]: '0+6000x60' },
        atMinutes: 40,
      },
      {
        when: 'a backlog is being worked off',
        series: { [LAG]: '900000-3000x60', [PROCESSED]: '0+6000x60' },
        atMinutes: 40,
      },
    ],
  },
  MillraceCatchUpLong: {
    fires: {
      when: 'a backlog of 120,000 records falls by 10 a second',
      series: { [LAG]: '120000-600x60', [PROCESSED]: '0+6000x60' },
      atMinutes: 40,
      alerts: [
        {
          labels: { job: 'm' },
          description: 'The lag of m falls, but at this speed it is gone only in 2h 40m 0s.',
        },
      ],
    },
    quiet: [
      {
        when: 'a backlog falls quickly',
        series: { [LAG]: '120000-2000x60', [PROCESSED]: '0+6000x60' },
        atMinutes: 40,
      },
      {
        when: 'a few records of lag fall by next to nothing',
        series: { [LAG]: '900-1x60', [PROCESSED]: '0+6000x60' },
        atMinutes: 40,
      },
    ],
  },
} as const satisfies CasesOf<typeof PROGRESS_ALERTS>
