/** Upper bounds of histogram buckets, in base units. */

/** Seconds; neighbours at most a factor of two apart, so that a P99 is told to within that. */
export const LATENCY_SECONDS = [
  0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.025, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3,
  0.5, 0.75, 1, 1.5, 2.5, 5, 10, 20, 30, 60,
] as const

/** Seconds that a stage takes for one micro-batch, or a commit for one unit. */
export const STAGE_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
  30,
] as const

/** Records or rows that are worked on together. */
export const BATCH_SIZES = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000,
] as const

/** Scores; twentieths of the unit interval, with what lies outside in the first and the last. */
export const SCORES = [
  0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85,
  0.9, 0.95, 1,
] as const
