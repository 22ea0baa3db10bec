import { OWN_VARIABLES, REFUSED_PROPERTIES } from '../../src/config/refused-properties.ts'
import { type Variable, VARIABLES } from '../../src/config/schema.ts'
import { GROUPS } from '../../src/config/variable.ts'
import { markdownTable } from './markdown.ts'

const INTRODUCTION = `# Configuration

Millrace is configured by environment variables. They are read once, at start; an empty value counts
as unset. If anything is wrong the process says all of it at once, a line each, and exits with
status 2. \`millrace config\` prints the effective values and where each comes from, with secrets
masked. A variable that begins as ours do and is not one of them is warned about.

Written by \`npm run docs\` from \`src/config\`.`

const PASS_THROUGH = `## Other properties of the Kafka client

Any property of librdkafka can be passed: \`KAFKA_CONSUMER_…\` for the consumer, \`KAFKA_PRODUCER_…\`
for the producer, dots as underscores. \`KAFKA_PRODUCER_LINGER_MS=2\` is \`linger.ms=2\`;
\`KAFKA_CONSUMER_FETCH_MIN_BYTES=1000\` is \`fetch.min.bytes=1000\`. A name that librdkafka does not
know is an error. Values of properties that may hold a secret are masked wherever they are shown.

These have a variable of their own, which sets them for both clients:`

const REFUSED = `These are refused, because the guarantee rests on them:`

const TRACING = `For each \`OTEL_EXPORTER_OTLP_…\` there is \`OTEL_EXPORTER_OTLP_TRACES_…\`, which wins over it. What is
exported, what is passed on and what it costs: [tracing](tracing.md).`

const KUBERNETES = `## Names that are not ours

Kubernetes sets variables for every service of a namespace: beside one called \`kafka\`,
\`KAFKA_SERVICE_HOST\`, \`KAFKA_PORT=tcp://…\`, \`KAFKA_PORT_9092_TCP\` and so on. Those are neither
used nor warned about. A service called \`http\` would set \`HTTP_PORT\` itself: set
\`enableServiceLinks: false\` on the pod, or set \`HTTP_PORT\` there.`

/** `docs/configuration.md`, from the schema. */
export function configurationDocument(): string {
  const groups = GROUPS.map((group) => {
    const rows = VARIABLES.filter((variable) => variable.group === group).map(variableRow)
    const table = markdownTable(['variable', 'default', 'must be', 'what it does'], rows)
    return `## ${group}\n\n${table}${group === 'Tracing' ? `\n\n${TRACING}` : ''}`
  })
  const own = Object.entries(OWN_VARIABLES).map(([property, name]) => [code(property), code(name)])
  const refused = Object.entries(REFUSED_PROPERTIES).map(([property, why]) => [code(property), why])
  const parts = [
    INTRODUCTION,
    ...groups,
    PASS_THROUGH,
    markdownTable(['property', 'variable'], own),
    REFUSED,
    markdownTable(['property', 'why'], [...refused, ['any `…_cb`', 'set by the service']]),
    KUBERNETES,
  ]
  return `${parts.join('\n\n')}\n`
}

function variableRow(variable: Variable): readonly string[] {
  const { name, rule, unit, secret, description } = variable
  const measured = unit === undefined || rule.includes(unit) ? rule : `${rule} (${unit})`
  const hidden = secret === true ? '. Secret: never printed' : ''
  return [code(name), defaultOf(variable), measured, `${description}${hidden}`]
}

function defaultOf({ default: value, defaultFrom, required }: Variable): string {
  if (value !== undefined) return code(value)
  if (defaultFrom !== undefined) return defaultFrom
  if (required === true) return '**required**'
  return required === undefined ? 'unset' : `required ${required}`
}

function code(text: string): string {
  return `\`${text}\``
}
