import type { ModelSpec } from '../../src/domain/model-spec.ts'
import type { BreakerBounds } from '../../src/loop/breaker.ts'
import type { StatePolicy } from '../../src/loop/locate.ts'

/** When dead letters are a flood, until the operator says that they are what the topic holds. */
export const BREAKER: BreakerBounds = {
  ratioMax: 0.5,
  windowMs: 5_000,
  recordsMin: 10,
  pauseMs: 1_000,
}

/** What instances are started with; another object after the operator has changed something. */
export interface Settings {
  readonly onGap: StatePolicy['onGap']
  readonly onMismatch: StatePolicy['onMismatch']
  readonly spec: ModelSpec
  readonly ratioMax: number
}
