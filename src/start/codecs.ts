import { registryOptions } from '../config/client-properties.ts'
import type { Config } from '../config/schema.ts'
import { JsonDecoder } from '../decode/json-decoder.ts'
import type { Decoder, FieldReader } from '../decode/port.ts'
import { RegistryDecoder } from '../decode/registry-codec.ts'
import { invariant } from '../domain/errors.ts'
import type { ModelSpec } from '../domain/model-spec.ts'
import { systemClock } from '../runtime/clock.ts'
import { RegistryCache } from '../runtime/registry-cache.ts'
import { createRegistryClient, createRegistryReader } from '../runtime/registry-client.ts'
import type { RegistryReader } from '../runtime/registry-client.ts'
import type { ServiceIdentity } from '../serving/status-report.ts'
import { createEncoder } from '../sink/create-encoder.ts'
import { JsonEncoder } from '../sink/json-encoder.ts'
import type { OutputEncoder } from '../sink/port.ts'
import { registeredSchemas } from '../sink/schema-body.ts'
import { resolveOutputSchemas } from '../sink/schema-registration.ts'
import { logCacheEvents } from '../telemetry/log-events.ts'
import type { Log } from '../telemetry/log.ts'
import { outputTopics } from './output-topics.ts'
import type { WaitFor } from './wait-for.ts'

/** How records come in and go out. */
export interface Codecs {
  readonly decoder: Decoder
  readonly encoder: OutputEncoder
}

/** The schema registry, and where its answers are kept. */
interface Registry {
  readonly client: ReturnType<typeof createRegistryClient>
  readonly reader: RegistryReader
  readonly cache?: RegistryCache | undefined
}

/** What an encoder writes for, and how its schemas are come by. */
interface EncoderParts {
  readonly config: Config
  readonly spec: ModelSpec
  readonly model: ServiceIdentity['model']
  readonly waitFor: WaitFor
}

/**
 * The codecs that `INPUT_FORMAT` and `OUTPUT_FORMAT` ask for. Only plain JSON on both sides does without a
 * registry; else the output schemas are registered or looked up before anything is consumed.
 *
 * @throws ServiceError `SCHEMA_REFUSED` when the registry refuses an output schema
 */
export async function createCodecs(parts: EncoderParts & { readonly log: Log }): Promise<Codecs> {
  const { config, spec, log } = parts
  const { schemaCacheDir: directory, schemaRegistryUrl: registryUrls = [] } = config
  const registry = openRegistry(config)
  const events = logCacheEvents(log)
  const isCached = registry !== undefined && directory !== undefined
  const cache = isCached ? await RegistryCache.open({ registryUrls, events, directory }) : undefined
  const kept = registry && { ...registry, cache }
  return {
    decoder: createDecoder(config, spec, kept),
    encoder: await createOutputEncoder(parts, kept),
  }
}

/** The registry; `undefined` when neither side has to do with one. */
export function openRegistry(config: Config): Registry | undefined {
  const { inputFormat, outputFormat } = config
  const options = registryOptions(config)
  if (options === undefined || (inputFormat === 'json' && outputFormat === 'json')) return undefined
  return { client: createRegistryClient(options), reader: createRegistryReader(options) }
}

/** Decodes what `INPUT_FORMAT` says. */
export function createDecoder(
  { inputFormat, tombstones }: Config,
  { event: mapping }: ModelSpec,
  registry: Registry | undefined,
): Decoder & FieldReader {
  if (inputFormat === 'json') return new JsonDecoder(mapping, tombstones)
  invariant(registry !== undefined, 'INPUT_FORMAT=registry without SCHEMA_REGISTRY_URL')
  const { reader: client, cache } = registry
  return new RegistryDecoder({ client, cache, mapping, clock: systemClock, tombstones })
}

/**
 * Encodes as `OUTPUT_FORMAT` says; registers or looks up the schemas of what it writes.
 *
 * @throws ServiceError `SCHEMA_REFUSED` when the registry refuses one
 */
export async function createOutputEncoder(
  { config, spec, model, waitFor }: EncoderParts,
  registry: Registry | undefined,
): Promise<OutputEncoder> {
  const { outputFormat, schemaSubjectStrategy: strategy, schemaAutoRegister: autoRegister } = config
  const given = { spec, identity: model }
  if (outputFormat === 'json') return new JsonEncoder(given)
  invariant(registry !== undefined, 'OUTPUT_FORMAT needs SCHEMA_REGISTRY_URL')
  const schemas = registeredSchemas(spec, outputFormat)
  const plan = { topics: outputTopics(config), schemas, strategy, autoRegister }
  const { client, cache } = registry
  const schemaIds = await waitFor(() => resolveOutputSchemas(client, { ...plan, cache }))
  return createEncoder(outputFormat, { ...given, schemaIds })
}
