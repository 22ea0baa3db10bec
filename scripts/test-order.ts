/** Test files that take longest, longest first: one that starts last would run on alone at the end. */
export const LONG_FILES: readonly string[] = [
  'simulation/planted',
  'simulation/simulation',
  'unit/monitoring/alerts',
  'unit/bench/command',
  'unit/drift/false-alarms',
  'unit/monitoring/drift-rules',
  'integration/dlq-watch',
  'integration/recovery',
  'integration/outages',
  'integration/broker-away',
  'integration/lost-answers',
  'integration/torture',
  'integration/state',
  'integration/fenced-after-outage',
  'integration/dlq',
  'integration/flood',
  'integration/secured',
  'integration/dlq-predictions',
  'guide/bring-your-own-model',
  'integration/foreign-clients',
  'integration/retriable',
  'contract/hostile-registry',
  'contract/refused-batch-kafka',
  'contract/produce-requests-kafka',
  'contract/changelog-kafka',
  'contract/lost-coordinator-kafka',
].map((name) => `test/${name}.test.ts`)

/** The files in the order in which they should start: the long ones, then the others by name. */
export function longestFirst(files: readonly string[]): readonly string[] {
  const long = LONG_FILES.filter((file) => files.includes(file))
  return [...long, ...files.filter((file) => !long.includes(file)).toSorted()]
}
