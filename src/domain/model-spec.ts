/**
 * What a model folder's `model.yaml` declares, parsed and resolved: names are checked, durations are
 * milliseconds, every reference points to a declared field. `features/spec.ts` parses it.
 */
export interface ModelSpec {
  readonly name: string
  readonly version: string
  /** What its score says, for people. */
  readonly description?: string
  /** The data it was trained on, for people. */
  readonly trainedOn?: string
  readonly event: EventMapping
  /** An event older than stream time − lateness is late. */
  readonly latenessMs: number
  /** An event further than this ahead of its record timestamp is a dead letter. */
  readonly maxFutureSkewMs: number
  /** One entry per model input column, in model order (a one-hot has become one entry per category). */
  readonly features: readonly FeatureSpec[]
  /** Name of the record written to the features topic, e.g. `MLFeature`. */
  readonly featuresRecord: string
  readonly model: ModelSource
}

/** Where an event's parts come from in a decoded record. */
export interface EventMapping {
  readonly key:
    | {
        readonly from: 'field'
        readonly field: string
        /** A record whose own key is another one, or none, is a dead letter. */
        readonly matchesRecordKey?: boolean
      }
    | { readonly from: 'record-key' }
  /** Name of the key in output records: the field's name, of a path the last one, or `key`. */
  readonly keyName: string
  readonly time:
    | { readonly from: 'field'; readonly field: string; readonly unit: 'ms' | 's' | 'iso8601' }
    | { readonly from: 'record-timestamp' }
  readonly id: { readonly from: 'field'; readonly field: string } | { readonly from: 'coordinates' }
  /** Declared fields; an `Event`'s `values` follow this order. */
  readonly fields: readonly EventField[]
}

export interface EventField {
  /** The field's name, or its path (`payload.amount`). */
  readonly name: string
  readonly type: 'int' | 'long' | 'double' | 'string' | 'boolean'
  /** An optional field may be null or absent; a missing required field is a dead letter. */
  readonly optional: boolean
}

/** Operations over a trailing window. */
export type WindowOperation =
  | 'count'
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'variance'
  | 'stddev'
  | 'last'
  | 'first'
  | 'seconds_since_previous'
  | 'distinct'

/** Operations on the event alone. */
export type EventOperation =
  | 'field'
  | 'one_hot'
  | 'minute_of_hour'
  | 'hour_of_day'
  | 'day_of_week'
  | 'day_of_month'
  | 'month'

interface FeatureBase {
  readonly name: string
  /** Column type in the features topic. */
  readonly type: 'int' | 'long' | 'double'
  /** Written and scored in place of null; without it a null is null in the topic and NaN in the tensor. */
  readonly defaultValue?: number
  /** False when no event can make it null. */
  readonly nullable: boolean
}

export interface WindowFeature extends FeatureBase {
  readonly kind: 'window'
  readonly operation: WindowOperation
  /** Slot in `event.fields`; absent for a plain count of events and for seconds_since_previous. */
  readonly inputSlot?: number
  readonly where?: Condition
  readonly windowMs: number
  readonly tileMs: number
  /** `distinct` only: most distinct values kept exactly per key and tile. */
  readonly distinctMax?: number
}

export interface EventFeature extends FeatureBase {
  readonly kind: 'event'
  readonly operation: EventOperation
  /** Slot in `event.fields`; absent for the parts of event time. */
  readonly inputSlot?: number
  /** `one_hot` only: the category this column stands for. */
  readonly category?: string | number | boolean
  /** Parts of event time only: shift from UTC. */
  readonly utcOffsetMs?: number
}

export type FeatureSpec = WindowFeature | EventFeature

/** An event counts only if its field compares so; a null field never does (SQL's three-valued logic). */
export interface Condition {
  readonly slot: number
  readonly comparison: 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge' | 'in'
  readonly values: readonly (string | number | boolean)[]
}

export interface ModelSource {
  /** ONNX file, relative to the model folder. */
  readonly file: string
  /** Input tensor `[rows, features]`, float32. */
  readonly inputTensor: string
  /** One published score per entry, in order. */
  readonly outputs: readonly ScoreOutput[]
  /** Golden rows, relative to the model folder. */
  readonly goldenFile: string
}

export interface ScoreOutput {
  /** Field name in the prediction, e.g. `score`. */
  readonly name: string
  readonly tensor: string
  /** Column of a `[rows, columns]` tensor; 0 for a `[rows]` or `[rows, 1]` tensor. */
  readonly column: number
}
