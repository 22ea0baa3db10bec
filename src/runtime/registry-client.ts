import { Agent } from 'node:https'
// The package's front door loads the clients of four key vaults, which costs every start half a second.
import { SchemaRegistryClient } from '@confluentinc/schemaregistry/dist/schemaregistry-client.js'
import type { ClientConfig } from '@confluentinc/schemaregistry'
import { ServiceError } from '../domain/errors.ts'

/** One try with one quick retry; the loop itself retries with back-off for as long as it takes. */
const REQUEST_TIMEOUT_MS = 5000
/** Longest time to a whole answer, retry included: the time-out alone is one of silence. */
const ANSWER_TIMEOUT_MS = 10_000
const RETRIES_MAX = 1
const RETRY_WAIT_MS = 100
const ANSWER_BYTES_MAX = 16 * 1024 * 1024
/** Clients of one reader: requests at a time. */
const READERS = 8

const HINTS: readonly { readonly statuses: readonly number[]; readonly hint: string }[] = [
  { statuses: [404], hint: ' (does the registry URL end as it should?)' },
  { statuses: [401, 403], hint: ' (are the registry credentials right?)' },
  {
    statuses: [301, 302, 303, 307, 308],
    hint: ' (it points elsewhere, which is not followed: set the URL it points to)',
  },
]

/** How to reach the schema registry. */
export interface RegistryOptions {
  /** Tried in order. */
  readonly baseURLs: readonly string[]
  readonly basicAuth?: { readonly user: string; readonly password: string }
  readonly bearer?: string
  /** PEM text of the certificate authority. */
  readonly ca?: string
}

/** What the registry said no with. */
export interface RegistryAnswer {
  /** HTTP status. */
  readonly status: number
  /** The registry's own code, e.g. 40403; −1 when the answer was not the registry's. */
  readonly errorCode: number
  readonly message: string
}

/** A client that gives up soon, so that its caller can say so and try again. */
export function createRegistryClient(options: RegistryOptions): SchemaRegistryClient {
  const { basicAuth, bearer, ca } = options
  const config: ClientConfig = {
    baseURLs: [...options.baseURLs],
    maxRetries: RETRIES_MAX,
    retriesWaitMs: RETRY_WAIT_MS,
    retriesMaxWaitMs: RETRY_WAIT_MS,
    createAxiosDefaults: {
      timeout: REQUEST_TIMEOUT_MS,
      maxContentLength: ANSWER_BYTES_MAX,
      // Elsewhere could be anybody, and the credentials would go there too.
      maxRedirects: 0,
      transformRequest(this: { signal?: unknown }, data: unknown) {
        this.signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
        return data === undefined ? undefined : JSON.stringify(data)
      },
      // The client's own bearer option insists on a Confluent Cloud logical cluster.
      ...(bearer === undefined ? {} : { headers: { Authorization: `Bearer ${bearer}` } }),
      ...(ca === undefined ? {} : { httpsAgent: new Agent({ ca }) }),
    },
  }
  if (basicAuth !== undefined) {
    const userInfo = `${basicAuth.user}:${basicAuth.password}`
    config.basicAuthCredentials = { credentialsSource: 'USER_INFO', userInfo }
  }
  return new SchemaRegistryClient(config)
}

/** What reading needs of the registry. */
export type RegistryReader = Pick<
  SchemaRegistryClient,
  'getBySubjectAndId' | 'getByGuid' | 'getSchemaMetadata' | 'getVersion' | 'clearCaches'
>

/**
 * Asks for up to `READERS` schemas at a time, where one client asks for one after the other: ids that somebody
 * makes up would keep the others waiting.
 */
export function createRegistryReader(options: RegistryOptions): RegistryReader {
  const clients: SchemaRegistryClient[] = []
  let turn = -1
  const next = (): SchemaRegistryClient => {
    turn = (turn + 1) % READERS
    return (clients[turn] ??= createRegistryClient(options))
  }
  return {
    getBySubjectAndId: (...asked) => next().getBySubjectAndId(...asked),
    getByGuid: (...asked) => next().getByGuid(...asked),
    getSchemaMetadata: (...asked) => next().getSchemaMetadata(...asked),
    getVersion: (...asked) => next().getVersion(...asked),
    clearCaches: () => {
      for (const client of clients) client.clearCaches()
    },
  }
}

/** The registry's answer inside a thrown error; `undefined` when it did not answer. */
export function registryAnswer(error: unknown): RegistryAnswer | undefined {
  if (!(error instanceof Error)) return undefined
  const status = 'status' in error ? error.status : undefined
  const errorCode = 'errorCode' in error ? error.errorCode : undefined
  if (typeof status !== 'number' || typeof errorCode !== 'number') return undefined
  return { status, errorCode, message: error.message }
}

/**
 * The error to throw when the registry cannot be used now.
 *
 * The client's own error is not kept as the cause: it carries the request with its credentials.
 */
export function registryUnavailable(doing: string, error: unknown): ServiceError {
  const answer = registryAnswer(error)
  const why = answer === undefined ? withoutCredentials(reasonOf(error)) : describe(answer)
  return new ServiceError('REGISTRY_UNAVAILABLE', `${doing}: ${why}`, new Error(why))
}

function describe({ status, message }: RegistryAnswer): string {
  const hint = HINTS.find(({ statuses }) => statuses.includes(status))?.hint ?? ''
  return withoutCredentials(`HTTP status ${status}: ${message}${hint}`)
}

/** Node joins failed connection attempts into one error without a message of its own. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return error.message === '' ? code : error.message
}

function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]*@/g, '//')
}
