import type { KAFKA_ALERTS } from '../../../../scripts/monitoring/alerts/kafka.ts'
import { of } from '../alert-case.ts'
import type { CasesOf } from '../alert-case.ts'

const COMMITTED = of('millrace_transactions_total', { result: 'committed' })
const ABORTED = of('millrace_transactions_total', { result: 'aborted' })
const RECOVERED = of('millrace_recoveries_total', { result: 'committed' })
const UNDONE = of('millrace_recoveries_total', { result: 'aborted' })
const FENCED = of('millrace_former_owners_total', { result: 'fenced' })
const REBALANCES = of('millrace_kafka_rebalances_total', { client: 'consumer' })
const PRODUCER = { client: 'producer' } as const
const QUEUED = of('millrace_kafka_queue_messages', PRODUCER)
const QUEUED_BYTES = of('millrace_kafka_queue_bytes', PRODUCER)
const BOUNDS = {
  [of('millrace_kafka_queue_max_messages', PRODUCER)]: '1000x30',
  [of('millrace_kafka_queue_max_bytes', PRODUCER)]: '10000x30',
}

export const KAFKA_CASES = {
  MillraceCommitsFail: {
    fires: {
      when: '1 in 5 transactions is aborted',
      series: { [COMMITTED]: '0+40x30', [ABORTED]: '0+10x30' },
      atMinutes: 25,
      alerts: [
        {
          labels: { job: 'm' },
          description: '20% of the transactions of m were aborted within 15 min.',
        },
      ],
    },
    quiet: [
      {
        when: '1 in 50 is',
        series: { [COMMITTED]: '0+49x30', [ABORTED]: '0+1x30' },
        atMinutes: 25,
      },
      {
        when: 'two of a quiet topic were, at a rebalance',
        series: { [COMMITTED]: '0+1x30', [ABORTED]: '0x14 2x16' },
        atMinutes: 25,
      },
    ],
  },
  MillraceRecoveriesMany: {
    fires: {
      when: 'a producer is replaced every 2 min',
      series: { [RECOVERED]: '0 0 1 1 2 2 3 3 4 4 5 5 6 6 7 7', [UNDONE]: '0x15' },
      atMinutes: 15,
      alerts: [
        {
          labels: { job: 'm' },
          description: 'The instances of m replaced their producers 7 times within 15 min.',
        },
      ],
    },
    quiet: [
      {
        when: 'two were, at an outage',
        series: { [RECOVERED]: '0x5 1x10', [UNDONE]: '0x5 1x10' },
        atMinutes: 15,
      },
    ],
  },
  MillraceFencingStorm: {
    fires: {
      when: 'a former owner is fenced every 5 min',
      series: { [FENCED]: '0x4 1x4 2x4 3x4 4x4 5x4 6x4' },
      atMinutes: 30,
      alerts: [
        {
          labels: { job: 'm' },
          description:
            'Within 30 min, 6 times an instance of m met an open transaction of a former owner.',
        },
      ],
    },
    quiet: [{ when: 'an instance crashed', series: { [FENCED]: '0x10 1x30' }, atMinutes: 30 }],
  },
  MillraceRebalanceStorm: {
    fires: {
      when: 'the group changes every minute',
      series: { [REBALANCES]: '0+2x30' },
      atMinutes: 20,
      alerts: [
        {
          labels: { job: 'm' },
          description: 'An instance of m took part in 30 rebalances within 15 min.',
        },
      ],
    },
    quiet: [
      {
        when: 'an instance was added and another removed',
        series: { [REBALANCES]: '4x10 6x5 8x20' },
        atMinutes: 20,
      },
    ],
  },
  MillraceProducerQueueFull: {
    fires: {
      when: 'the queue of one instance is full by its bytes, of another by its records',
      series: {
        [QUEUED]: '100x30',
        [QUEUED_BYTES]: '9500x30',
        ...BOUNDS,
        [of('millrace_kafka_queue_messages', PRODUCER, 'b')]: '1000x30',
        [of('millrace_kafka_queue_max_messages', PRODUCER, 'b')]: '1000x30',
      },
      atMinutes: 10,
      alerts: [
        {
          labels: { job: 'm', instance: 'a', client: 'producer' },
          description:
            "The producer's queue of a has been more than 90 % full for 5 min (95% now).",
        },
        {
          labels: { job: 'm', instance: 'b', client: 'producer' },
          description:
            "The producer's queue of b has been more than 90 % full for 5 min (100% now).",
        },
      ],
    },
    quiet: [
      {
        when: 'it is half full',
        series: { [QUEUED]: '500x30', [QUEUED_BYTES]: '5000x30', ...BOUNDS },
        atMinutes: 10,
      },
      {
        when: 'it is full now and then',
        series: { [QUEUED]: '1000 0 1000 0 1000 0 1000 0 1000 0 1000 0', ...BOUNDS },
        atMinutes: 10,
      },
    ],
  },
} as const satisfies CasesOf<typeof KAFKA_ALERTS>
