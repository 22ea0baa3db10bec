import { ServiceError, invariant, unreachable } from '../domain/errors.ts'
import type { ModelSpec } from '../domain/model-spec.ts'
import { checkManifest } from './manifest.ts'
import type { SessionManifest, SharedBuffers, WorkerSetup } from './messages.ts'
import { InferenceError } from './port.ts'
import type { Scorer } from './port.ts'
import { WorkerChannel } from './worker-channel.ts'

export interface ScorerOptions {
  /** Path of the ONNX file. */
  readonly modelFile: string
  readonly spec: ModelSpec
  /**
   * Threads one run may use, ≥ 1. With more than one, tree ensembles of over 80 trees are summed in
   * an order that depends on the batch's size, so the same row may differ in its last bits.
   */
  readonly threads: number
}

/** A `Scorer` on a loaded ONNX model. */
export interface OnnxScorer extends Scorer {
  /** The model's inputs and outputs as loaded. */
  readonly manifest: SessionManifest
}

const WORKER = new URL('./onnx-worker.ts', import.meta.url)

/** Rows that the first buffers hold; they double from there. */
const FIRST_ROWS = 1024

class WorkerScorer implements OnnxScorer {
  readonly manifest: SessionManifest
  readonly #channel: WorkerChannel
  readonly #features: number
  readonly #outputs: number
  #rows = new Float32Array(new SharedArrayBuffer(0))
  #scores = new Float64Array(new SharedArrayBuffer(0))

  constructor(channel: WorkerChannel, manifest: SessionManifest, setup: WorkerSetup) {
    this.#channel = channel
    this.manifest = manifest
    this.#features = setup.features
    this.#outputs = setup.outputs.length
  }

  async score(rows: Float32Array, count: number): Promise<Float64Array> {
    const length = count * this.#features
    invariant(rows.length >= length, `${count} rows need ${length} values, got ${rows.length}`)
    // Before the shared rows are touched: a call in flight is still reading them.
    this.#channel.requireIdle()
    if (count === 0) return new Float64Array(0)
    const grown = this.#reserve(count)
    this.#rows.set(rows.subarray(0, length))
    const answer = await this.#channel.ask(
      grown === undefined ? { kind: 'score', count } : { kind: 'score', count, buffers: grown },
    )
    switch (answer.kind) {
      case 'scored':
        return new Float64Array(this.#scores.subarray(0, count * this.#outputs))
      case 'refused':
        throw new InferenceError(answer.message)
      case 'misfit':
      case 'unloadable':
        throw new ServiceError('MODEL_MISMATCH', answer.message)
      case 'ready':
        throw new ServiceError('INVARIANT_BROKEN', 'the inference worker loaded its model twice')
      default:
        return unreachable(answer)
    }
  }

  async close(): Promise<void> {
    await this.#channel.close()
  }

  /** @returns the buffers when the worker has to be told of new ones */
  #reserve(count: number): SharedBuffers | undefined {
    if (this.#rows.length >= count * this.#features) return undefined
    let capacity = FIRST_ROWS
    while (capacity < count) capacity *= 2
    const rows = new SharedArrayBuffer(capacity * this.#features * Float32Array.BYTES_PER_ELEMENT)
    const scores = new SharedArrayBuffer(capacity * this.#outputs * Float64Array.BYTES_PER_ELEMENT)
    this.#rows = new Float32Array(rows)
    this.#scores = new Float64Array(scores)
    return { rows, scores }
  }
}

/**
 * Loads the model in a worker thread and checks its tensors against the spec.
 *
 * @throws ServiceError `MODEL_INVALID` when the file cannot be loaded, `MODEL_MISMATCH` when the
 *   model's tensors are not those the spec declares
 */
export async function startScorer(options: ScorerOptions): Promise<OnnxScorer> {
  const { spec, modelFile, threads } = options
  const setup: WorkerSetup = {
    modelFile,
    threads,
    inputTensor: spec.model.inputTensor,
    outputs: spec.model.outputs,
    features: spec.features.length,
  }
  const channel = new WorkerChannel(WORKER, setup)
  try {
    const answer = await channel.ready()
    if (answer.kind === 'unloadable') {
      throw new ServiceError('MODEL_INVALID', `cannot load ${modelFile}: ${answer.message}`)
    }
    invariant(answer.kind === 'ready', `the inference worker began with "${answer.kind}"`)
    checkManifest(answer.manifest, spec)
    return new WorkerScorer(channel, answer.manifest, setup)
  } catch (error) {
    await channel.close()
    throw error
  }
}
