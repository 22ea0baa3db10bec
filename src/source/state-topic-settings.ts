import { ServiceError } from '../domain/errors.ts'

const HOUR_MS = 3_600_000
/**
 * Tiles are kept this much longer than any event can see them, so that a stream that pauses can be
 * restored; what Kafka Streams adds for its windowed stores
 * (`windowstore.changelog.additional.retention.ms`).
 */
const RETENTION_MORE_MS = 24 * HOUR_MS
/** Kafka's value for a bound that does not bound. */
const UNBOUNDED = -1

/** The settings of a changelog whose tiles can be seen for `reachMs`. */
export function stateTopicSettings(reachMs: number): Readonly<Record<string, string>> {
  const retentionMs = reachMs + RETENTION_MORE_MS
  return {
    'cleanup.policy': 'compact,delete',
    'retention.ms': String(retentionMs),
    // Only closed segments are compacted or deleted.
    'segment.ms': String(Math.min(HOUR_MS, Math.ceil(retentionMs / 4))),
    'segment.bytes': String(64 * 1024 * 1024),
    'min.cleanable.dirty.ratio': '0.1',
    // Retention counts from when a tile was written, whatever time its events have.
    'message.timestamp.type': 'LogAppendTime',
  }
}

/** A setting that is not as it should be. */
interface Finding {
  readonly setting: string
  readonly value: string
  /** What it must be. */
  readonly bound: string
  /** What it has to be set to. */
  readonly repair: string
}

/**
 * Compares the settings of a changelog that is there with those it would be created with.
 *
 * @param found by name, of the topic as it is now
 * @returns what differs and costs no state, a line each
 * @throws ServiceError `TOPIC_SETTINGS` when state can be lost by them
 */
export function checkSettings(
  topic: string,
  found: ReadonlyMap<string, string | null>,
  reachMs: number,
): readonly string[] {
  const wanted = stateTopicSettings(reachMs)
  const losing = losses(found, reachMs, wanted)
  if (losing.length > 0) {
    const told = losing.map(
      ({ setting, value, bound }) => `${setting} must be ${bound}, got ${value}`,
    )
    const command = repairCommand(topic, losing)
    const message = `the changelog "${topic}" would lose state: ${told.join('; ')}; repair: ${command}`
    throw new ServiceError('TOPIC_SETTINGS', message)
  }
  return Object.entries(wanted).flatMap(([setting, value]) => {
    const is = found.get(setting)
    const isAlike = is === undefined || is === null || normal(is) === normal(value)
    return isAlike ? [] : [`${setting} of "${topic}" is ${is}; it would be created with ${value}`]
  })
}

function losses(
  found: ReadonlyMap<string, string | null>,
  reachMs: number,
  wanted: Readonly<Record<string, string>>,
): readonly Finding[] {
  const policy = found.get('cleanup.policy') ?? ''
  const policies = policy.split(',').map((each) => each.trim())
  const findings: Finding[] = []
  if (!policies.includes('compact')) {
    const repair = `[${wanted['cleanup.policy']}]`
    const bound = '"compact,delete" or "compact"'
    findings.push({ setting: 'cleanup.policy', value: `"${policy}"`, bound, repair })
  }
  if (!policies.includes('delete')) return findings
  const bounds = [
    [
      'retention.ms',
      reachMs,
      `at least the ${reachMs} ms that tiles can be seen`,
      wanted['retention.ms'],
    ],
    // A number of bytes cannot be told from a time.
    ['retention.bytes', Infinity, '-1, without a bound', '-1'],
  ] as const
  for (const [setting, least, bound, repair = ''] of bounds) {
    const value = found.get(setting)
    if (value === undefined || value === null) continue
    const isEnough = Number(value) === UNBOUNDED || Number(value) >= least
    if (!isEnough) findings.push({ setting, value, bound, repair })
  }
  return findings
}

/** Kafka's own tool; brackets hold a value with commas together. */
function repairCommand(topic: string, findings: readonly Finding[]): string {
  const config = findings.map(({ setting, repair }) => `${setting}=${repair}`).join(',')
  return (
    'kafka-configs.sh --bootstrap-server $KAFKA_BROKERS --alter --entity-type topics ' +
    `--entity-name ${topic} --add-config '${config}'`
  )
}

/** A list says the same in any order. */
function normal(value: string): string {
  return value
    .split(',')
    .map((each) => each.trim())
    .toSorted()
    .join(',')
}
