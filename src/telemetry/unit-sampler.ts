import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace'
import { SAMPLED_RECORDS, TRACED_RECORDS } from './unit-spans.ts'

/**
 * The sampler of units, by the name that `OTEL_TRACES_SAMPLER` gives it. A unit has no parent but its
 * records: any sampled one makes it sampled, and where all that have a trace context are not, it is not.
 *
 * @param share of the units, for the samplers of a share
 */
export function unitSampler(name: string, share: number): Sampler {
  const [, root = name] = /^parentbased_(.*)$/.exec(name) ?? []
  const sampler = rootSampler(root, share)
  return root === name ? sampler : new RecordsDecide(sampler)
}

function rootSampler(name: string, share: number): Sampler {
  if (name === 'always_on') return new AlwaysOnSampler()
  return name === 'always_off' ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(share)
}

class RecordsDecide implements Sampler {
  readonly #otherwise: Sampler

  /** @param otherwise decides where no record has a trace context */
  constructor(otherwise: Sampler) {
    this.#otherwise = otherwise
  }

  shouldSample(
    ...[context, traceId, name, kind, attributes, links]: [
      Context,
      string,
      string,
      SpanKind,
      Attributes,
      Link[],
    ]
  ): SamplingResult {
    if (Number(attributes[SAMPLED_RECORDS]) > 0) {
      return { decision: SamplingDecision.RECORD_AND_SAMPLED }
    }
    if (Number(attributes[TRACED_RECORDS]) > 0) return { decision: SamplingDecision.NOT_RECORD }
    return this.#otherwise.shouldSample(context, traceId, name, kind, attributes, links)
  }

  toString(): string {
    return `RecordsDecide{${this.#otherwise.toString()}}`
  }
}
