/** A field's value after decoding. Longs beyond 2^53 arrive as the nearest double. */
export type FieldValue = number | string | boolean | null

/** A decoded, validated record: what features are computed from. */
export interface Event {
  /** The entity key that state is kept under. */
  readonly key: string
  /** Event time, whole ms since the epoch, ≥ 0. */
  readonly timeMs: number
  /** The event's own id, or `topic-partition-offset` when the model maps none. */
  readonly id: string
  /** The declared fields, in the order of `event.fields` in `model.yaml`. */
  readonly values: readonly FieldValue[]
}
