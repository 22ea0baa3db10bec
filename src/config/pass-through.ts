import { nearestName } from '../domain/nearest.ts'
import { CONSUMER_PROPERTIES, PRODUCER_PROPERTIES } from './librdkafka.ts'
import { refusalOf } from './refused-properties.ts'

const CLIENTS = [
  {
    client: 'consumer',
    prefix: 'KAFKA_CONSUMER_',
    known: CONSUMER_PROPERTIES,
    others: PRODUCER_PROPERTIES,
  },
  {
    client: 'producer',
    prefix: 'KAFKA_PRODUCER_',
    known: PRODUCER_PROPERTIES,
    others: CONSUMER_PROPERTIES,
  },
] as const

type Client = (typeof CLIENTS)[number]

/** A librdkafka property taken from the environment. */
export interface PassThrough {
  readonly client: Client['client']
  /** The environment variable. */
  readonly name: string
  readonly property: string
  readonly value: string
  /** Never printed. */
  readonly isSecret: boolean
}

/** Names of properties whose values are, or may hold, a secret. */
const SECRET = /password|passphrase|secret|pem$|oauthbearer\.(config|extensions)|kinit/

/** Whether a variable names a property of a client. */
export function isPassThrough(name: string): boolean {
  return CLIENTS.some(({ prefix }) => name.startsWith(prefix) && name.length > prefix.length)
}

/**
 * Reads `KAFKA_CONSUMER_X_Y=v` as `x.y`, and what is wrong with it as an error, a line each. Values
 * are left out of errors: a misspelled name may hold a secret.
 */
export function readPassThrough(
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { readonly passed: readonly PassThrough[]; readonly errors: readonly string[] } {
  const passed: PassThrough[] = []
  const errors: string[] = []
  for (const name of names) {
    const value = env[name]
    const client = CLIENTS.find(({ prefix }) => name.startsWith(prefix))
    if (client === undefined || value === undefined || value === '') continue
    const property = propertyOf(name.slice(client.prefix.length), client)
    const error = problemOf(property, client)
    if (error !== undefined) errors.push(`${name} ${error}`)
    else passed.push({ client: client.client, name, property, value, isSecret: isSecret(property) })
  }
  return { passed, errors }
}

function isSecret(property: string): boolean {
  return SECRET.test(property)
}

/** A few of librdkafka's names have an underscore: `log_level`. */
function propertyOf(written: string, { known }: Client): string {
  const underscored = written.toLowerCase()
  return known.includes(underscored) ? underscored : underscored.replaceAll('_', '.')
}

function problemOf(property: string, { client, known, others }: Client): string | undefined {
  const refusal = refusalOf(property)
  if (refusal !== undefined) return `cannot be set: ${property}: ${refusal}`
  if (known.includes(property)) return undefined
  if (others.includes(property)) {
    const other = CLIENTS.find((each) => each.client !== client)
    return `cannot be set: ${property} is a property of the other client (${other?.prefix}…)`
  }
  const nearest = nearestName(property, known)
  const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`
  return `must name a property of librdkafka, got ${property}${hint}`
}
