import { registryOptions } from '../config/client-properties.ts'
import type { Config } from '../config/schema.ts'
import { JsonDecoder } from '../decode/json-decoder.ts'
import type { Decoder } from '../decode/port.ts'
import { RegistryDecoder } from '../decode/registry-codec.ts'
import type { ModelSpec } from '../domain/model-spec.ts'
import { systemClock } from '../runtime/clock.ts'
import { RegistryCache } from '../runtime/registry-cache.ts'
import { createRegistryClient } from '../runtime/registry-client.ts'
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

/**
 * The codecs that `INPUT_FORMAT` and `OUTPUT_FORMAT` ask for. Only plain JSON on both sides does without a
 * registry; else the output schemas are registered or looked up before anything is consumed.
 *
 * @throws ServiceError `SCHEMA_REFUSED` when the registry refuses an output schema
 */
export async function createCodecs(parts: {
  readonly config: Config
  readonly spec: ModelSpec
  readonly model: ServiceIdentity['model']
  readonly log: Log
  readonly waitFor: WaitFor
}): Promise<Codecs> {
  const { config, spec, model, log, waitFor } = parts
  const { inputFormat, outputFormat, tombstones, schemaCacheDir: directory } = config
  const given = { spec, identity: model }
  const options = registryOptions(config)
  if (options === undefined || (inputFormat === 'json' && outputFormat === 'json')) {
    return { decoder: new JsonDecoder(spec.event, tombstones), encoder: new JsonEncoder(given) }
  }
  const client = createRegistryClient(options)
  const at = { registryUrls: options.baseURLs, events: logCacheEvents(log) }
  const cache = directory === undefined ? undefined : await RegistryCache.open({ ...at, directory })
  const decoder =
    inputFormat === 'json'
      ? new JsonDecoder(spec.event, tombstones)
      : new RegistryDecoder({
          client,
          cache,
          mapping: spec.event,
          clock: systemClock,
          tombstones,
        })
  if (outputFormat === 'json') return { decoder, encoder: new JsonEncoder(given) }
  const schemaIds = await waitFor(() =>
    resolveOutputSchemas(client, {
      topics: outputTopics(config),
      schemas: registeredSchemas(spec, outputFormat),
      strategy: config.schemaSubjectStrategy,
      autoRegister: config.schemaAutoRegister,
      cache,
    }),
  )
  return { decoder, encoder: createEncoder(outputFormat, { ...given, schemaIds }) }
}
