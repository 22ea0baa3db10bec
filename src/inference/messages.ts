import type { ScoreOutput } from '../domain/model-spec.ts'

/** What the worker is started with. */
export interface WorkerSetup {
  readonly modelFile: string
  readonly inputTensor: string
  readonly outputs: readonly ScoreOutput[]
  /** Columns of the input tensor. */
  readonly features: number
  /** Threads one run may use, the worker's own among them. */
  readonly threads: number
}

/** A tensor as the loaded model declares it. */
export interface TensorInfo {
  readonly name: string
  /** Element type in ONNX Runtime's words, or `not a tensor` for a sequence or a map. */
  readonly type: string
  /** A number is a fixed dimension, a string a free one. Empty when the model leaves the rank open. */
  readonly shape: readonly (number | string)[]
}

/** Every input and output of a loaded model, in its own order. */
export interface SessionManifest {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
}

/** Memory both threads see. It is sent again only when it has grown. */
export interface SharedBuffers {
  /** Float32 `[rows, features]`. */
  readonly rows: SharedArrayBuffer
  /** Float64 `[rows, outputs]`. */
  readonly scores: SharedArrayBuffer
}

/** Service to worker. One `score` is in flight at a time, so answers carry no number. */
export type ScorerRequest =
  | { readonly kind: 'score'; readonly count: number; readonly buffers?: SharedBuffers }
  | { readonly kind: 'close' }

/** Worker to service. `refused` is the model's own throw, `misfit` an output unlike its manifest. */
export type ScorerAnswer =
  | { readonly kind: 'ready'; readonly manifest: SessionManifest }
  | { readonly kind: 'unloadable'; readonly message: string }
  | { readonly kind: 'scored' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'misfit'; readonly message: string }
