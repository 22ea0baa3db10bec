import { nearestName } from '../domain/nearest.ts'
import { VARIABLES } from './schema.ts'

/** Names of others that begin as ours do. */
const NOT_OURS = new Set(['HTTP_PROXY', 'SESSION_MANAGER', 'MILLRACE_CACHE'])

/** OpenTelemetry's, for what is not done here or is read by its exporter alone. */
const OPEN_TELEMETRY =
  /^OTEL_(?:EXPORTER_OTLP_(?:TRACES|METRICS|LOGS)|METRICS?|LOGS?|BLRP|NODE|EXPORTER_(?!OTLP)[A-Z]+)_/

/** What Kubernetes sets for every service of the namespace, here one called `kafka`. */
const KUBERNETES = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_[A-Z]+)?)$/
const KUBERNETES_PORT = /^(tcp|udp|sctp):\/\//

const NAMES = VARIABLES.map(({ name }) => name)

/** The first words of our names, e.g. `KAFKA_`. */
const PREFIXES = [...new Set([...NAMES.map((name) => `${name.split('_')[0]}_`), 'MILLRACE_'])]

/** Whether Kubernetes made this variable, whatever its name begins with. */
export function isKubernetesService(name: string, value: string): boolean {
  return KUBERNETES.test(name) || (name.endsWith('_PORT') && KUBERNETES_PORT.test(value))
}

/** A warning for a name that looks like ours and is not; without its value, which may be secret. */
export function warnOfUnknown(name: string): string | undefined {
  if (NOT_OURS.has(name) || NAMES.includes(name) || OPEN_TELEMETRY.test(name)) return undefined
  if (!PREFIXES.some((prefix) => name.startsWith(prefix))) return undefined
  const nearest = nearestName(name, NAMES)
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return `${name} is not a variable of Millrace and has no effect${hint}`
}
