/**
 * The worker thread that owns the ONNX session; the only importer of onnxruntime-node.
 *
 * `session.run` blocks its thread for the whole run, so it must not be the loop's.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import type { ScorerAnswer, ScorerRequest, SharedBuffers, TensorInfo } from './messages.ts'
import type { WorkerSetup } from './messages.ts'
import { copyColumn, isScoreData } from './tensor.ts'

const setup = workerData as WorkerSetup
const port = parentPort
if (port === null) throw new Error('onnx-worker.ts runs as a worker thread only')
const answer = (message: ScorerAnswer): void => port.postMessage(message)

const FETCHES = [...new Set(setup.outputs.map((output) => output.tensor))]

/** Spinning threads would burn the cores that Kafka's client and the loop need between batches. */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  intraOpNumThreads: setup.threads,
  interOpNumThreads: 1,
  graphOptimizationLevel: 'all',
  // A refused batch's message comes back with the throw; the runtime must not print it as well.
  logSeverityLevel: 4,
  extra: {
    session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } },
  },
}

function tensorInfo(metadata: InferenceSession.ValueMetadata): TensorInfo {
  if (!metadata.isTensor) return { name: metadata.name, type: 'not a tensor', shape: [] }
  return { name: metadata.name, type: metadata.type, shape: metadata.shape }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Runs the model on the shared rows and leaves the scores in shared memory. */
async function score(
  session: InferenceSession,
  buffers: SharedBuffers,
  count: number,
): Promise<ScorerAnswer> {
  const rows = new Float32Array(buffers.rows, 0, count * setup.features)
  const tensor = new Tensor('float32', rows, [count, setup.features])
  let results: InferenceSession.OnnxValueMapType
  try {
    results = await session.run({ [setup.inputTensor]: tensor }, FETCHES)
  } catch (error) {
    return { kind: 'refused', message: messageOf(error) }
  }
  const scores = new Float64Array(buffers.scores)
  for (const [slot, output] of setup.outputs.entries()) {
    const data: unknown = results[output.tensor]?.data
    if (!isScoreData(data)) {
      return { kind: 'misfit', message: `output "${output.tensor}" came back without numbers` }
    }
    const target = { scores, count, outputs: setup.outputs.length, slot }
    const fault = copyColumn(data, output, target)
    if (fault !== undefined) return { kind: 'misfit', message: fault }
  }
  return { kind: 'scored' }
}

/** Answers requests until told to close; then nothing holds the thread and it ends by itself. */
function serve(session: InferenceSession): void {
  let buffers: SharedBuffers = {
    rows: new SharedArrayBuffer(0),
    scores: new SharedArrayBuffer(0),
  }
  port?.on('message', (request: ScorerRequest) => {
    if (request.kind === 'close') {
      port.close()
      void session.release()
      return
    }
    buffers = request.buffers ?? buffers
    void score(session, buffers, request.count).then(answer)
  })
}

try {
  const session = await InferenceSession.create(setup.modelFile, SESSION_OPTIONS)
  const manifest = {
    inputs: session.inputMetadata.map(tensorInfo),
    outputs: session.outputMetadata.map(tensorInfo),
  }
  serve(session)
  answer({ kind: 'ready', manifest })
} catch (error) {
  answer({ kind: 'unloadable', message: messageOf(error) })
}
