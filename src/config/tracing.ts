import type { Config } from './schema.ts'

/** What is done about traces. */
export interface TracingPlan {
  /** Units of work have spans, which go to an OTLP receiver. */
  readonly isExported: boolean
  /** The trace context of input records goes on with what is written for them. */
  readonly isPassedOn: boolean
}

/** What the variables say together. `OTEL_SDK_DISABLED` stops the export alone, as it does elsewhere. */
export function tracingPlan(config: Config): TracingPlan {
  const hasEndpoint =
    (config.otelExporterOtlpTracesEndpoint ?? config.otelExporterOtlpEndpoint) !== undefined
  const exporter = config.otelTracesExporter ?? (hasEndpoint ? 'otlp' : 'none')
  const isExported = exporter === 'otlp' && !config.otelSdkDisabled
  const isPassedOn = config.otelPropagators?.includes('tracecontext') ?? isExported
  return { isExported, isPassedOn }
}
