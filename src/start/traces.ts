import type { Config } from '../config/schema.ts'
import { tracingPlan } from '../config/tracing.ts'
import { traceHeadersOf } from '../domain/trace-context.ts'
import type { LoopObserver } from '../loop/observer.ts'
import type { ServiceIdentity } from '../serving/status-report.ts'
import type { PassOn } from '../sink/plan.ts'
import type { Log } from '../telemetry/log.ts'
import type { SpanIds } from '../telemetry/unit-spans.ts'

/** What the rest of the service does for traces. */
export interface Traces {
  readonly passOn: PassOn | undefined
  readonly observers: readonly LoopObserver[]
  /** Of the last unit of work that `observers` were told of, where it has one. Absent where none has. */
  readonly spanOfUnit?: () => SpanIds | undefined
  close(): Promise<void>
}

/** Traces as the configuration asks for them. OpenTelemetry is loaded only where it is to export. */
export async function startTraces(
  config: Config,
  { version, model }: ServiceIdentity,
  log: Log,
): Promise<Traces> {
  const { isExported, isPassedOn } = tracingPlan(config)
  if (!isExported) {
    return {
      passOn: plainPassOn(config),
      observers: [],
      close: () => Promise.resolve(),
    }
  }
  const { startTracing } = await import('../telemetry/tracing.ts')
  const { appId, instanceId, inputTopic } = config
  const tracing = startTracing({
    inputTopic,
    appId,
    instanceId,
    version,
    model,
    sampler: config.otelTracesSampler,
    samplerShare: config.otelTracesSamplerArg,
    linksMax: config.otelSpanLinkCountLimit,
    queue: {
      scheduledDelayMillis: config.otelBspScheduleDelay,
      maxQueueSize: config.otelBspMaxQueueSize,
      maxExportBatchSize: Math.min(config.otelBspMaxExportBatchSize, config.otelBspMaxQueueSize),
      exportTimeoutMillis: config.otelBspExportTimeout,
    },
    log,
  })
  log('TRACING', `spans are exported; sampler ${config.otelTracesSampler}`)
  return {
    passOn: isPassedOn ? (record) => tracing.spans.take(record) : undefined,
    observers: [tracing.spans],
    spanOfUnit: () => tracing.spans.last,
    close: () => tracing.close(),
  }
}

/** Passes the trace context of a record on as it came, and keeps nothing of it. */
export function plainPassOn(config: Config): PassOn | undefined {
  if (!tracingPlan(config).isPassedOn) return undefined
  return ({ headers }) => traceHeadersOf(headers)?.headers
}
