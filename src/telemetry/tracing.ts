import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Log } from './log.ts'
import { ToldExporter } from './told-exporter.ts'
import { unitSampler } from './unit-sampler.ts'
import { UnitSpans } from './unit-spans.ts'

/** Longest that a stop waits for the last spans to be exported. */
const FLUSH_MAX_MS = 2_000

/** What traces are made from. */
export interface TracingOptions {
  readonly inputTopic: string
  readonly appId: string
  readonly instanceId: string
  /** Of Millrace. */
  readonly version: string
  readonly model: { readonly name: string; readonly version: string }
  readonly sampler: string
  /** Share of the units, for the samplers of a share. */
  readonly samplerShare: number
  readonly linksMax: number
  readonly queue: {
    readonly scheduledDelayMillis: number
    readonly maxQueueSize: number
    readonly maxExportBatchSize: number
    readonly exportTimeoutMillis: number
  }
  readonly log: Log
}

/** Traces of a running service. */
export interface Tracing {
  readonly spans: UnitSpans
  /** Exports what waits, for 2 s at most. */
  close(): Promise<void>
}

/**
 * Begins to export a span of each unit of work. Where to and how the exporter reads from the environment
 * (`OTEL_EXPORTER_OTLP_…`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`). Spans wait in a bounded queue
 * for it; nothing waits for them.
 *
 * Loaded only where traces are exported: it brings OpenTelemetry's packages with it.
 */
export function startTracing(options: TracingOptions): Tracing {
  const { version, log } = options
  const provider = providerOf(options, new ToldExporter(new OTLPTraceExporter(), log))
  const tracer = provider.getTracer('millrace', version)
  return {
    spans: new UnitSpans({ ...options, tracer }),
    close: async () => {
      let timer: NodeJS.Timeout | undefined
      const isOver = new Promise<void>((done) => {
        timer = setTimeout(done, FLUSH_MAX_MS)
      })
      // The exporter has told what failed.
      await Promise.race([provider.shutdown().catch(() => undefined), isOver])
      clearTimeout(timer)
    },
  }
}

function providerOf(options: TracingOptions, exporter: SpanExporter): TracerProvider {
  const own = resourceFromAttributes({
    'service.name': options.appId,
    'service.version': options.version,
    'service.instance.id': options.instanceId,
    'millrace.model.name': options.model.name,
    'millrace.model.version': options.model.version,
  })
  const given = detectResources({
    // The name wins over the attributes, so it comes last.
    detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector],
  })
  return new TracerProvider({
    resource: defaultResource().merge(own).merge(given),
    sampler: unitSampler(options.sampler, options.samplerShare),
    spanLimits: { linkCountLimit: options.linksMax },
    spanProcessors: [new BatchSpanProcessor({ exporter, ...options.queue })],
  })
}
