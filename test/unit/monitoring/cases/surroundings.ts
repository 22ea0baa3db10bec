import type { SURROUNDINGS_ALERTS } from '../../../../scripts/monitoring/alerts/surroundings.ts'
import { of } from '../alert-case.ts'
import type { CasesOf } from '../alert-case.ts'

const KAFKA = of('millrace_trouble', { code: 'KAFKA_UNAVAILABLE' })
const REGISTRY = of('millrace_trouble', { code: 'REGISTRY_UNAVAILABLE' })
const TIME = of('millrace_time_seconds', {})
const EXPIRY = of('millrace_certificate_expiry_timestamp_seconds', { certificate: 'kafka-client' })

export const SURROUNDINGS_CASES = {
  MillraceKafkaUnreachable: {
    fires: {
      when: 'brokers are away for 4 min',
      series: { [KAFKA]: '0x5 1x10', [REGISTRY]: '0x20' },
      atMinutes: 9,
      alerts: [
        {
          labels: { job: 'm', instance: 'a', code: 'KAFKA_UNAVAILABLE' },
          description: 'a of m has reached no broker for 2 min.',
        },
      ],
    },
    quiet: [
      { when: 'they were away for a minute', series: { [KAFKA]: '0x5 1 0x10' }, atMinutes: 9 },
      {
        when: 'the registry is away',
        series: { [KAFKA]: '0x20', [REGISTRY]: '1x20' },
        atMinutes: 9,
      },
    ],
  },
  MillraceRegistryUnreachable: {
    fires: {
      when: 'the registry is away for 4 min',
      series: { [REGISTRY]: '0x5 1x10', [KAFKA]: '0x20' },
      atMinutes: 9,
      alerts: [
        {
          labels: { job: 'm', instance: 'a', code: 'REGISTRY_UNAVAILABLE' },
          description: 'a of m has waited for the schema registry for 2 min.',
        },
      ],
    },
    quiet: [
      { when: 'it was away for a minute', series: { [REGISTRY]: '0x5 1 0x10' }, atMinutes: 9 },
      {
        when: 'the brokers are away',
        series: { [KAFKA]: '1x20', [REGISTRY]: '0x20' },
        atMinutes: 9,
      },
    ],
  },
  MillraceClockSkew: {
    fires: {
      when: 'a clock is 90 s behind',
      series: { [TIME]: '-90+60x20' },
      atMinutes: 10,
      alerts: [
        {
          labels: { job: 'm', instance: 'a' },
          description: 'The clock of a is 1m 30s away from that of Prometheus.',
        },
      ],
    },
    quiet: [
      { when: 'a clock is a second ahead', series: { [TIME]: '1+60x20' }, atMinutes: 10 },
      {
        when: 'an instance went 4 min ago',
        series: { [TIME]: '0+60x6' },
        atMinutes: 10,
      },
    ],
  },
  MillraceCertificateExpiring: {
    fires: {
      when: 'a certificate ends in 10 days',
      series: { [EXPIRY]: '871200x200' },
      atMinutes: 120,
      alerts: [
        {
          labels: { job: 'm', instance: 'a', certificate: 'kafka-client' },
          description: 'The certificate kafka-client of a is valid for 10d 0h 0m 0s more.',
        },
      ],
    },
    quiet: [{ when: 'it ends in 100 days', series: { [EXPIRY]: '8640000x200' }, atMinutes: 120 }],
  },
} as const satisfies CasesOf<typeof SURROUNDINGS_ALERTS>
