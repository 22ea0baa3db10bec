import fc from 'fast-check'
import type { FieldValue } from '../../src/domain/event.ts'
import type { ModelSpec } from '../../src/domain/model-spec.ts'
import { specOf } from '../oracle/feature-runs.ts'
import type { LogEntry } from '../oracle/features.ts'

/** A Sunday, 23:40 in UTC, so that the parts of time turn over within a log. */
const START_MS = Date.UTC(2023, 11, 31, 23, 40)

const FIELDS = {
  amount: 'double',
  maybe: { type: 'double', optional: true },
  whole: { type: 'int', optional: true },
  word: { type: 'string', optional: true },
  flag: 'boolean',
} as const

const numeric = fc.constantFrom('amount', 'maybe', 'whole')
const any = fc.constantFrom(...Object.keys(FIELDS))
const words = fc.constantFrom('a', 'b', 'c')
const sixtyFourths = fc.integer({ min: -2000, max: 2000 }).map((count) => count / 64)
const smallWhole = fc.integer({ min: -3, max: 3 })
const fallback = fc.option(smallWhole, { nil: undefined })

const where = fc.option(
  fc.oneof(
    fc.record({ field: fc.constant('amount'), ge: sixtyFourths }),
    fc.record({ field: fc.constant('maybe'), lt: sixtyFourths }),
    fc.record({ field: fc.constant('whole'), gt: smallWhole }),
    fc.record({ field: fc.constant('whole'), le: smallWhole }),
    fc.record({ field: fc.constant('whole'), ne: smallWhole }),
    fc.record({ field: fc.constant('word'), eq: words }),
    fc.record({ field: fc.constant('word'), ne: words }),
    fc.record({ field: fc.constant('word'), in: fc.array(words, { minLength: 1 }) }),
    fc.record({ field: fc.constant('flag'), eq: fc.boolean() }),
  ),
  { nil: undefined },
)

/** Few sizes, so that features share tiles and windows now and then. */
const size = fc
  .tuple(fc.constantFrom(1000, 7000, 60_000), fc.integer({ min: 1, max: 8 }))
  .map(([tileMs, tiles]) => ({ tile: `${tileMs}ms`, window: `${tileMs * tiles}ms` }))

const NUMERIC = ['sum', 'avg', 'min', 'max', 'variance', 'stddev', 'last', 'first'] as const
const PARTS = ['minute_of_hour', 'hour_of_day', 'day_of_week', 'day_of_month', 'month'] as const

function windowed(parts: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> {
  return fc.tuple(fc.record({ where, ...parts }), size).map(([a, b]) => ({ ...a, ...b }))
}

const feature: fc.Arbitrary<object> = fc.oneof(
  windowed({
    operation: fc.constant('count'),
    input_column: fc.option(any, { nil: undefined }),
  }),
  {
    weight: 5,
    arbitrary: windowed({
      operation: fc.constantFrom(...NUMERIC),
      input_column: numeric,
      default: fallback,
    }),
  },
  windowed({ operation: fc.constant('seconds_since_previous'), default: fallback }),
  windowed({
    operation: fc.constant('distinct'),
    input_column: any,
    distinct_max: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    operation: fc.constant('field'),
    input_column: fc.constantFrom('amount', 'maybe', 'flag'),
    default: fallback,
  }),
  fc.record({
    operation: fc.constant('one_hot'),
    input_column: fc.constant('word'),
    categories: fc.constant(['a', 'b']),
  }),
  fc.record({
    operation: fc.constantFrom(...PARTS),
    utc_offset: fc.constantFrom('0h', '-5h', '5h30m'),
  }),
)

/** Any model over the fields: every operation, several tile sizes and windows, any lateness. */
export const specs: fc.Arbitrary<ModelSpec> = fc
  .record({
    fields: fc.constant(FIELDS),
    features: fc.array(feature, { minLength: 1, maxLength: 8 }),
    lateness: fc.constantFrom('0s', '3s', '20s', '2m'),
    max_future_skew: fc.constant('30s'),
  })
  .map(({ features, ...rest }) =>
    specOf({ ...rest, features: features.map((one, index) => ({ name: `f${index}`, ...one })) }),
  )

interface LogShape {
  readonly eventsMax: number
  readonly partitions?: number
  readonly keys?: number
  /** By default multiples of 1/64, whose sums are exact in any order. */
  readonly amounts?: fc.Arbitrary<number>
}

/** A log whose time moves on unevenly, steps back now and then, and jumps now and then. */
export function logs(shape: LogShape): fc.Arbitrary<LogEntry[]> {
  const { eventsMax, partitions = 2, keys = 3, amounts = sixtyFourths } = shape
  const told = fc.record({
    partition: fc.nat(partitions - 1),
    key: fc.nat(keys - 1).map((key) => `k${key}`),
    step: fc.oneof(
      { weight: 10, arbitrary: fc.integer({ min: 0, max: 4000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 600_000 }) },
    ),
    back: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 30_000 }) },
    ),
    skew: fc.constantFrom(undefined, 0, 30_000, 30_001),
    values: fc.tuple(amounts, orNull(amounts), orNull(smallWhole), orNull(words), fc.boolean()),
  })
  return fc.array(told, { minLength: 1, maxLength: eventsMax }).map((entries) => {
    let nowMs = START_MS
    return entries.map(({ partition, key, step, back, skew, values }, offset) => {
      nowMs += step
      const timeMs = nowMs - back
      const event = { key, timeMs, id: String(offset), values }
      const recordTimestampMs = skew === undefined ? -1 : timeMs - skew
      return { partition, offset, event, recordTimestampMs }
    })
  })
}

/** Positions at which a log of up to `length` events is cut into units. */
export function cutsOf(length: number): fc.Arbitrary<Set<number>> {
  return fc.array(fc.nat(length)).map((cuts) => new Set(cuts))
}

function orNull<Value extends FieldValue>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.option(values, { nil: null, freq: 4 })
}
