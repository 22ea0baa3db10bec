import protobuf from 'protobufjs'

/**
 * The part of onnx.proto (IR version 8) that the models here need.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const PROTO = `syntax = "proto3";
message ModelProto { int64 ir_version = 1; GraphProto graph = 7; repeated OperatorSet opset_import = 8; }
message OperatorSet { string domain = 1; int64 version = 2; }
message GraphProto {
  repeated NodeProto node = 1; string name = 2; repeated TensorProto initializer = 5;
  repeated ValueInfo input = 11; repeated ValueInfo output = 12;
}
message NodeProto {
  repeated string input = 1; repeated string output = 2; string op_type = 4;
  repeated Attribute attribute = 5; string domain = 7;
}
message Attribute {
  string name = 1; int64 i = 3; bytes s = 4; repeated float floats = 7; repeated int64 ints = 8;
  repeated bytes strings = 9; int32 type = 20;
}
message TensorProto { repeated int64 dims = 1; int32 data_type = 2; repeated float float_data = 4; string name = 8; }
message ValueInfo { string name = 1; TypeProto type = 2; }
message TypeProto { TensorType tensor_type = 1; }
message TensorType { int32 elem_type = 1; Shape shape = 2; }
message Shape { repeated Dimension dim = 1; }
message Dimension { int64 dim_value = 1; string dim_param = 2; }`

const FLOAT = 1
const TYPES = { i: 2, s: 3, floats: 6, ints: 7, strings: 8 } as const
const IR_VERSION = 8
const OPSETS = [
  { domain: '', version: 13 },
  { domain: 'ai.onnx.ml', version: 1 },
]
/** Of every tree: 63 splits, 64 leaves. */
const DEPTH = 6
const SPLITS = 2 ** DEPTH - 1
const NODES = 2 ** (DEPTH + 1) - 1

/** Names of the models' tensors: `[rows, features]` and `[rows, 1]`, both float32. */
export const TENSORS = { input: 'input', output: 'score' } as const

type Attributes = Readonly<Record<string, Readonly<Partial<Record<keyof typeof TYPES, unknown>>>>>

/** A tree ensemble: full trees of depth 6 that split at `random` values, 0 up to 100, of `random` features. */
export function treeModel(trees: number, features: number, random: () => number): Buffer {
  const nodes = Array.from({ length: trees * NODES }, (_, index) => ({
    tree: Math.floor(index / NODES),
    node: index % NODES,
  }))
  const leaves = nodes.filter((each) => each.node >= SPLITS)
  const child = (parent: number, which: number): number =>
    parent < SPLITS ? 2 * parent + which : 0
  const ensemble = node('TreeEnsembleRegressor', [TENSORS.input], TENSORS.output, {
    n_targets: { i: 1 },
    nodes_treeids: { ints: nodes.map(({ tree }) => tree) },
    nodes_nodeids: { ints: nodes.map((each) => each.node) },
    nodes_featureids: { ints: nodes.map(() => Math.floor(random() * features)) },
    nodes_values: { floats: nodes.map(() => random() * 100) },
    nodes_modes: {
      strings: nodes.map((each) => Buffer.from(each.node < SPLITS ? 'BRANCH_LEQ' : 'LEAF')),
    },
    nodes_truenodeids: { ints: nodes.map((each) => child(each.node, 1)) },
    nodes_falsenodeids: { ints: nodes.map((each) => child(each.node, 2)) },
    target_treeids: { ints: leaves.map(({ tree }) => tree) },
    target_nodeids: { ints: leaves.map((each) => each.node) },
    target_ids: { ints: leaves.map(() => 0) },
    target_weights: { floats: leaves.map(() => (random() - 0.5) / trees) },
  })
  return model(features, [{ ...ensemble, domain: 'ai.onnx.ml' }], [])
}

/** A perceptron of three layers, two of them hidden and `width` wide, with `random` weights. */
export function perceptronModel(width: number, features: number, random: () => number): Buffer {
  const sizes = [features, width, width, 1]
  const layers = sizes.slice(1).map((size, at) => ({ size, from: sizes[at] ?? 0, at }))
  const tensor = (name: string, dims: readonly number[]): object => ({
    name,
    dims,
    data_type: FLOAT,
    float_data: Array.from(
      { length: dims.reduce((product, each) => product * each, 1) },
      () => (random() - 0.5) / (dims[0] ?? 1),
    ),
  })
  const weights = layers.flatMap(({ size, from, at }) => [
    tensor(`w${at}`, [from, size]),
    tensor(`b${at}`, [size]),
  ])
  const nodes = layers.flatMap(({ at }) => {
    const isLast = at === layers.length - 1
    const into = at === 0 ? TENSORS.input : `h${at - 1}`
    return [
      node('Gemm', [into, `w${at}`, `b${at}`], `g${at}`, {}),
      node(isLast ? 'Sigmoid' : 'Relu', [`g${at}`], isLast ? TENSORS.output : `h${at}`, {}),
    ]
  })
  return model(features, nodes, weights)
}

function node(type: string, input: readonly string[], output: string, attributes: Attributes) {
  const attribute = Object.entries(attributes).map(([name, value]) => {
    const [kind] = Object.keys(value) as (keyof typeof TYPES)[]
    return { name, type: TYPES[kind ?? 'i'], ...value }
  })
  return { op_type: type, input, output: [output], attribute }
}

function model(features: number, nodes: readonly object[], initializer: readonly object[]): Buffer {
  const { root } = protobuf.parse(PROTO, { keepCase: true })
  const value = (name: string, columns: number): object => ({
    name,
    type: {
      tensor_type: {
        elem_type: FLOAT,
        shape: { dim: [{ dim_param: 'rows' }, { dim_value: columns }] },
      },
    },
  })
  const graph = {
    name: 'growth',
    node: nodes,
    initializer,
    input: [value(TENSORS.input, features)],
    output: [value(TENSORS.output, 1)],
  }
  const type = root.lookupType('ModelProto')
  const message = type.fromObject({ ir_version: IR_VERSION, opset_import: OPSETS, graph })
  return Buffer.from(type.encode(message).finish())
}
