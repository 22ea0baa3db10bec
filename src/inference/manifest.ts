import { ServiceError } from '../domain/errors.ts'
import type { ModelSpec, ScoreOutput } from '../domain/model-spec.ts'
import type { SessionManifest, TensorInfo } from './messages.ts'
import { SCORE_TYPES } from './tensor.ts'

/**
 * Compares the tensors a loaded model has with those its spec declares.
 *
 * @returns every difference, one sentence each; empty when the model fits
 */
export function manifestDifferences(manifest: SessionManifest, spec: ModelSpec): readonly string[] {
  const outputs = new Map(manifest.outputs.map((tensor) => [tensor.name, tensor]))
  return [
    ...inputDifferences(manifest.inputs, spec),
    ...spec.model.outputs.flatMap((output) => {
      const tensor = outputs.get(output.tensor)
      if (tensor !== undefined) return outputDifferences(tensor, output)
      return [`it has no output "${output.tensor}" (its outputs: ${namesOf(manifest.outputs)})`]
    }),
  ]
}

/** @throws ServiceError `MODEL_MISMATCH` naming every difference between model and spec */
export function checkManifest(manifest: SessionManifest, spec: ModelSpec): void {
  const differences = manifestDifferences(manifest, spec)
  if (differences.length === 0) return
  throw new ServiceError(
    'MODEL_MISMATCH',
    `${spec.model.file} does not fit the spec of "${spec.name}": ${differences.join('; ')}`,
  )
}

function inputDifferences(inputs: readonly TensorInfo[], spec: ModelSpec): string[] {
  const wanted = spec.model.inputTensor
  const input = inputs.find((tensor) => tensor.name === wanted)
  const others = inputs.filter((tensor) => tensor.name !== wanted)
  const found = others.map((tensor) => `it needs input "${tensor.name}", which nothing feeds`)
  if (input === undefined) {
    found.unshift(`it has no input "${wanted}" (its inputs: ${namesOf(inputs)})`)
    return found
  }
  const name = `input "${wanted}"`
  if (input.type !== 'float32') found.push(`${name} is ${input.type}, must be float32`)
  const [rows, columns] = input.shape
  if (input.shape.length !== 2) {
    found.push(`${name} has shape ${shapeOf(input)}, must be [rows, ${spec.features.length}]`)
    return found
  }
  if (typeof rows === 'number') found.push(`${name} takes ${rows} rows only, must take any number`)
  if (typeof columns === 'number' && columns !== spec.features.length) {
    found.push(`${name} has ${columns} columns, the spec has ${spec.features.length} features`)
  }
  return found
}

function outputDifferences(tensor: TensorInfo, output: ScoreOutput): string[] {
  const name = `output "${tensor.name}"`
  if (tensor.type === 'not a tensor') {
    return [`${name} is a sequence or map, must be a tensor (export with zipmap off)`]
  }
  const found: string[] = []
  if (!SCORE_TYPES.some((type) => type === tensor.type)) {
    found.push(`${name} is ${tensor.type}, must be one of ${SCORE_TYPES.join(', ')}`)
  }
  const [rows, columns = 1] = tensor.shape
  if (tensor.shape.length > 2) {
    found.push(`${name} has shape ${shapeOf(tensor)}, must be [rows] or [rows, columns]`)
  }
  if (typeof rows === 'number') found.push(`${name} gives ${rows} rows only, must give any number`)
  // A model that leaves the rank open is checked by the first run instead.
  const isOpen = tensor.shape.length === 0
  if (!isOpen && typeof columns === 'number' && output.column >= columns) {
    found.push(`${name} has ${columns} columns, the spec reads column ${output.column}`)
  }
  return found
}

function namesOf(tensors: readonly TensorInfo[]): string {
  return tensors.map((tensor) => `"${tensor.name}"`).join(', ')
}

function shapeOf(tensor: TensorInfo): string {
  return `[${tensor.shape.join(', ')}]`
}
