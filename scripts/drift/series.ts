import type { EventMapping, ModelSpec } from '../../src/domain/model-spec.ts'
import type { ServedRows } from '../../src/drift/make-reference.ts'

const EVENT: EventMapping = {
  key: { from: 'record-key' },
  keyName: 'key',
  time: { from: 'record-timestamp' },
  id: { from: 'coordinates' },
  fields: [{ name: 'x', type: 'double', optional: true }],
}

/** A model of one number, passed through, and one score. */
export const ONE_NUMBER: ModelSpec = {
  name: 'one-number',
  version: '1',
  event: EVENT,
  latenessMs: 0,
  maxFutureSkewMs: 0,
  features: [
    { kind: 'event', name: 'x', operation: 'field', inputSlot: 0, type: 'double', nullable: true },
  ],
  featuresRecord: 'Features',
  model: {
    file: 'model.onnx',
    inputTensor: 'input',
    outputs: [{ name: 'score', tensor: 'score', column: 0 }],
    goldenFile: 'golden.json',
  },
}

/**
 * A number with mean 0 and standard deviation 1 of which each value remembers the one before
 * (autoregressive, first order): what a feature over a window is like.
 */
export class Remembering {
  readonly #random: () => number
  readonly #memory: number
  readonly #stepMs: number
  #value = 0
  #timeMs = 0

  /**
   * @param memory correlation of neighbours; 0: independent
   * @param stepMs event time between neighbours
   */
  constructor(memory: number, random: () => number, stepMs = 1_000) {
    this.#random = random
    this.#memory = memory
    this.#stepMs = stepMs
    this.#value = this.#normal()
  }

  /** The next events, moved by `shift` standard deviations. The score is the normal's own quantile. */
  take(rows: number, shift = 0): ServedRows {
    const features = new Float64Array(rows)
    const scores = new Float64Array(rows)
    const timesMs = new Float64Array(rows)
    const fresh = Math.sqrt(1 - this.#memory ** 2)
    for (let row = 0; row < rows; row++) {
      this.#value = this.#memory * this.#value + fresh * this.#normal()
      const value = this.#value + shift
      features[row] = value
      scores[row] = 1 / (1 + Math.exp(-1.702 * value))
      timesMs[row] = this.#timeMs
      this.#timeMs += this.#stepMs
    }
    return { features, scores, timesMs }
  }

  /** By Box and Muller. */
  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#random()))
    return radius * Math.cos(2 * Math.PI * this.#random())
  }
}
