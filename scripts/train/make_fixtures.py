"""Makes the tiny ONNX models in test/fixtures/models.

    python scripts/train/make_fixtures.py

Run in an environment with scripts/train/requirements.txt. The output is the same every time.
"""

import random
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parents[2] / "test" / "fixtures" / "models"
OPSETS = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 1)]


def tensor(name, kind, shape):
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name, values, dtype):
    return numpy_helper.from_array(np.array(values, dtype=dtype), name)


def save(name, nodes, inputs, outputs, constants=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
    model = helper.make_model(graph, opset_imports=OPSETS, producer_name="millrace")
    model.ir_version = 8
    onnx.checker.check_model(model)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())


def linear():
    """Scores in each element type: probabilities float32 [N, 2], total float64 [N], sign int64 [N, 1]."""
    save(
        "linear",
        [
            helper.make_node("MatMul", ["input", "weights"], ["product"]),
            helper.make_node("Sigmoid", ["product"], ["positive"]),
            helper.make_node("Sub", ["one", "positive"], ["negative"]),
            helper.make_node("Concat", ["negative", "positive"], ["probabilities"], axis=1),
            helper.make_node("Cast", ["product"], ["wide"], to=TensorProto.DOUBLE),
            helper.make_node("Squeeze", ["wide", "axes"], ["total"]),
            helper.make_node("Sign", ["product"], ["signed"]),
            helper.make_node("Cast", ["signed"], ["sign"], to=TensorProto.INT64),
        ],
        [tensor("input", TensorProto.FLOAT, ["N", 2])],
        [
            tensor("probabilities", TensorProto.FLOAT, ["N", 2]),
            tensor("total", TensorProto.DOUBLE, ["N"]),
            tensor("sign", TensorProto.INT64, ["N", 1]),
        ],
        [
            constant("weights", [[1.0], [-2.0]], np.float32),
            constant("one", 1.0, np.float32),
            constant("axes", [1], np.int64),
        ],
    )


def choosy():
    """Looks the first feature up in a table of four, and throws on a row that points outside it."""
    save(
        "choosy",
        [
            helper.make_node("Gather", ["input", "first"], ["column"], axis=1),
            helper.make_node("Cast", ["column"], ["index"], to=TensorProto.INT64),
            helper.make_node("Gather", ["table", "index"], ["score"], axis=0),
        ],
        [tensor("input", TensorProto.FLOAT, ["N", 2])],
        [tensor("score", TensorProto.FLOAT, ["N"])],
        [constant("first", 0, np.int64), constant("table", [0.5, 1.5, 2.5, 3.5], np.float32)],
    )


def stiff():
    """Differs from a usable model in every way a manifest can."""
    save(
        "stiff",
        [
            helper.make_node("Concat", ["input", "extra"], ["joined"], axis=1),
            helper.make_node("Cast", ["joined"], ["text"], to=TensorProto.STRING),
            helper.make_node("Unsqueeze", ["joined", "axes"], ["deep"]),
            helper.make_node("Cast", ["joined"], ["single"], to=TensorProto.FLOAT),
            helper.make_node(
                "ZipMap", ["single"], ["mapped"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2, 3]
            ),
        ],
        [tensor("input", TensorProto.DOUBLE, [1, 3]), tensor("extra", TensorProto.DOUBLE, [1, 1])],
        [
            tensor("text", TensorProto.STRING, [1, 4]),
            tensor("deep", TensorProto.DOUBLE, [1, 1, 4]),
            helper.make_value_info(
                "mapped",
                helper.make_sequence_type_proto(
                    helper.make_map_type_proto(
                        TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, [])
                    )
                ),
            ),
        ],
        [constant("axes", [0], np.int64)],
    )


def forest():
    """A hundred stumps over two features, whose sum in float32 depends on the order of summing."""
    chosen = random.Random(2013)
    trees = 100
    nodes = range(trees * 3)
    leaves = [node for node in nodes if node % 3 != 0]
    save(
        "forest",
        [
            helper.make_node(
                "TreeEnsembleRegressor",
                ["input"],
                ["score"],
                domain="ai.onnx.ml",
                n_targets=1,
                nodes_treeids=[node // 3 for node in nodes],
                nodes_nodeids=[node % 3 for node in nodes],
                nodes_featureids=[chosen.randrange(2) if node % 3 == 0 else 0 for node in nodes],
                nodes_values=[chosen.uniform(-1, 1) if node % 3 == 0 else 0.0 for node in nodes],
                nodes_modes=["BRANCH_LT", "LEAF", "LEAF"] * trees,
                nodes_truenodeids=[1 if node % 3 == 0 else 0 for node in nodes],
                nodes_falsenodeids=[2 if node % 3 == 0 else 0 for node in nodes],
                nodes_missing_value_tracks_true=[0 for _ in nodes],
                target_treeids=[node // 3 for node in leaves],
                target_nodeids=[node % 3 for node in leaves],
                target_ids=[0 for _ in leaves],
                target_weights=[chosen.uniform(-1, 1) for _ in leaves],
            )
        ],
        [tensor("input", TensorProto.FLOAT, ["N", 2])],
        [tensor("score", TensorProto.FLOAT, ["N", 1])],
    )


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for make in (linear, choosy, stiff, forest):
        make()
