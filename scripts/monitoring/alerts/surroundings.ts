import type { AlertGroup } from '../rule.ts'

const CERTIFICATE_DAYS = 14

/** Whether what the service needs is there. */
export const SURROUNDINGS_ALERTS = {
  name: 'millrace-surroundings',
  alerts: {
    MillraceKafkaUnreachable: {
      expr: 'millrace_trouble{code="KAFKA_UNAVAILABLE"} == 1',
      for: '2m',
      severity: 'critical',
      summary: 'An instance reaches no broker',
      description: '{{ $labels.instance }} of {{ $labels.job }} has reached no broker for 2 min.',
      meaning: 'Nothing is read or answered until brokers answer; then it goes on by itself.',
      remedies: [
        'One instance, or all of them? One: its network. All: the brokers.',
        'The `RETRYING` log lines have the words of the client: name resolution, connection, TLS or login.',
      ],
    },
    MillraceRegistryUnreachable: {
      expr: 'millrace_trouble{code="REGISTRY_UNAVAILABLE"} == 1',
      for: '2m',
      severity: 'critical',
      summary: 'The schema registry does not answer, and records wait for it',
      description:
        '{{ $labels.instance }} of {{ $labels.job }} has waited for the schema registry for 2 min.',
      meaning:
        'Partitions with records of a schema that was not met before wait; the others go on. A start waits unless `SCHEMA_CACHE_DIR` has what it needs.',
      remedies: [
        'Look after the registry. See [While the registry is away](#while-the-registry-is-away).',
      ],
    },
    MillraceClockSkew: {
      expr: 'abs(millrace_time_seconds - timestamp(millrace_time_seconds)) > 2',
      for: '5m',
      severity: 'warning',
      summary: 'The clock of an instance is off',
      description:
        'The clock of {{ $labels.instance }} is {{ $value | humanizeDuration }} away from that of Prometheus.',
      meaning:
        'Latencies and freshness are wrong by as much. Features are not: they follow the time of the events.',
      remedies: [
        'All instances by the same? Then it is the clock of Prometheus.',
        'Otherwise set the clock of the machine (NTP).',
        'A scrape that takes seconds looks the same: `millrace_scrape_duration_seconds`.',
      ],
    },
    MillraceCertificateExpiring: {
      expr: `millrace_certificate_expiry_timestamp_seconds - time() < ${CERTIFICATE_DAYS} * 86400`,
      for: '1h',
      severity: 'warning',
      summary: 'A certificate will soon be valid no longer',
      description:
        'The certificate {{ $labels.certificate }} of {{ $labels.instance }} is valid for {{ $value | humanizeDuration }} more.',
      meaning:
        'After that brokers refuse new connections. Files are read at the start only, so a file that was renewed since does not count yet.',
      remedies: [
        'Renew `KAFKA_TLS_CERT_FILE` (`kafka-client`) or `KAFKA_TLS_CA_FILE` (`kafka-ca`), and restart the instances one by one.',
      ],
    },
  },
} as const satisfies AlertGroup
