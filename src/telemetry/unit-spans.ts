import { ROOT_CONTEXT, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { Attributes, Link, SpanContext, Tracer } from '@opentelemetry/api'
import { TraceState } from '@opentelemetry/core'
import type { Header, InputRecord } from '../domain/record.ts'
import { isSampled, traceContextOf, traceHeadersOf } from '../domain/trace-context.ts'
import type { TraceHeaders } from '../domain/trace-context.ts'
import type { CommittedUnit, LoopObserver, LoopStage } from '../loop/observer.ts'

/** Records of the unit with a trace context; and of them those whose trace is sampled. */
export const TRACED_RECORDS = 'millrace.unit.traced_records'
/** Of them those whose trace is sampled. */
export const SAMPLED_RECORDS = 'millrace.unit.sampled_records'

/** The stages that belong to one unit: what is read ahead does not. */
const STAGES = ['features', 'inference', 'produce', 'commit'] as const satisfies LoopStage[]

/** What a log line or an exemplar says of a span, by the names that OpenTelemetry gives them. */
export interface SpanIds {
  readonly trace_id: string
  readonly span_id: string
}

/**
 * Makes a span of each unit of work, when it is over: a root span, since a unit has as many parents as
 * records, with links to the first sampled ones. By the semantic conventions for messaging
 * (https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/) it is a `process` span.
 *
 * Costs two calls a unit, and per record the reading of its trace context.
 */
export class UnitSpans implements LoopObserver {
  readonly #tracer: Tracer
  readonly #linksMax: number
  readonly #name: string
  readonly #attributes: Attributes
  readonly #stageMs = new Map<LoopStage, number>()
  #links: Link[] = []
  #traced = 0
  #sampled = 0
  #last: SpanIds | undefined

  constructor(options: {
    readonly tracer: Tracer
    readonly linksMax: number
    readonly inputTopic: string
    /** The consumer group. */
    readonly appId: string
  }) {
    const { tracer, linksMax, inputTopic, appId } = options
    this.#tracer = tracer
    this.#linksMax = linksMax
    this.#name = `process ${inputTopic}`
    this.#attributes = {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': inputTopic,
      'messaging.consumer.group.name': appId,
    }
  }

  /** The span of the last unit; `undefined` when that was not sampled. */
  get last(): SpanIds | undefined {
    return this.#last
  }

  /** Notes a record that is answered in the open unit. @returns its trace context, to be passed on */
  take(record: InputRecord): readonly Header[] | undefined {
    const trace = traceHeadersOf(record.headers)
    if (trace === undefined) return undefined
    this.#traced += 1
    if (isSampled(trace)) {
      this.#sampled += 1
      if (this.#links.length < this.#linksMax) this.#links.push(linkTo(record, trace))
    }
    return trace.headers
  }

  stage(stage: LoopStage, durationMs: number): void {
    this.#stageMs.set(stage, (this.#stageMs.get(stage) ?? 0) + durationMs)
  }

  unitCommitted(unit: CommittedUnit): void {
    this.#write(unit)
  }

  unitAborted(cause: string, unit: CommittedUnit): void {
    this.#write(unit, cause)
  }

  received(): void {}

  inferenceBatch(): void {}

  recovered(): void {}

  formerOwner(): void {}

  #write(unit: CommittedUnit, failure?: string): void {
    const first = unit.received[0]
    this.#last = undefined
    // What only rebuilt state answered nothing.
    if (first !== undefined) {
      const options = {
        root: true,
        kind: SpanKind.CONSUMER,
        startTime: first.atMs,
        links: this.#links,
        attributes: { ...this.#attributes, ...this.#figures(unit) },
      }
      const span = this.#tracer.startSpan(this.#name, options, ROOT_CONTEXT)
      if (span.isRecording()) {
        const { traceId, spanId } = span.spanContext()
        this.#last = { trace_id: traceId, span_id: spanId }
      }
      if (failure !== undefined) {
        span.setAttribute('error.type', 'unit_aborted')
        span.setStatus({ code: SpanStatusCode.ERROR, message: failure })
      }
      span.end(unit.committedAtMs)
    }
    this.#links = []
    this.#traced = 0
    this.#sampled = 0
    this.#stageMs.clear()
  }

  #figures(unit: CommittedUnit): Attributes {
    let deadLetters = 0
    for (const count of unit.deadLetters.values()) deadLetters += count
    const figures: Attributes = {
      'messaging.batch.message_count': unit.records,
      'millrace.unit.predicted': unit.predicted,
      'millrace.unit.late': unit.late,
      'millrace.unit.skipped': unit.skipped,
      'millrace.unit.dead_letters': deadLetters,
      [TRACED_RECORDS]: this.#traced,
      [SAMPLED_RECORDS]: this.#sampled,
    }
    for (const stage of STAGES) {
      const durationMs = this.#stageMs.get(stage)
      if (durationMs !== undefined) figures[`millrace.stage.${stage}_seconds`] = durationMs / 1_000
    }
    return figures
  }
}

function linkTo({ partition, offset }: InputRecord, trace: TraceHeaders): Link {
  const { traceId, spanId, flags, state } = traceContextOf(trace)
  const context: SpanContext = {
    traceId,
    spanId,
    traceFlags: flags,
    isRemote: true,
    ...(state !== undefined && { traceState: new TraceState(state) }),
  }
  const attributes = {
    'messaging.destination.partition.id': String(partition),
    'messaging.kafka.offset': offset,
  }
  return { context, attributes }
}
