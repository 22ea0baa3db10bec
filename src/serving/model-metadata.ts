import type { ServiceIdentity } from './status-report.ts'

/** A tensor as the loaded model declares it, in ONNX Runtime's words; a dimension that is free is text. */
export interface TensorShape {
  readonly name: string
  readonly type: string
  readonly shape: readonly (number | string)[]
}

/** Inputs and outputs of the loaded model. */
export interface ModelTensors {
  readonly inputs: readonly TensorShape[]
  readonly outputs: readonly TensorShape[]
}

/** ONNX Runtime's element types in the protocol's words. */
const DATATYPES: Readonly<Record<string, string>> = {
  bool: 'BOOL',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  string: 'BYTES',
}

/**
 * The metadata of a model as the Open Inference Protocol has it (KServe, "Model Metadata"): tensors of
 * the ONNX file, −1 for a free dimension. Scoring by request is not offered.
 */
export function modelMetadata(model: ServiceIdentity['model'], tensors: ModelTensors): object {
  return {
    name: model.name,
    versions: [model.version],
    platform: 'onnx_onnxv1',
    inputs: tensors.inputs.map(tensor),
    outputs: tensors.outputs.map(tensor),
  }
}

function tensor({ name, type, shape }: TensorShape): object {
  return {
    name,
    // What the protocol has no word for keeps its own.
    datatype: DATATYPES[type] ?? type,
    shape: shape.map((size) => (typeof size === 'number' ? size : -1)),
  }
}
