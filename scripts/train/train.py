"""Trains a model on rows that Millrace's own feature engine wrote.

    python scripts/train/train.py FOLDER

FOLDER holds training/meta.json (columns, window columns, parameters) and, for `train` and `test`,
training/<part>.rows (float32, row-major) and training/<part>.labels (uint8). Written are model.onnx,
golden.json and training/baselines.json. The output is the same every time.
"""

import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
import onnxmltools
import onnxruntime
from onnxmltools.convert.common.data_types import FloatTensorType
from sklearn.metrics import brier_score_loss, roc_auc_score

GOLDEN_ROWS = 64
SIZE_BYTES_MAX = 2_000_000
DIFFERENCE_MAX = 1e-4


def read(folder, part, columns):
    rows = np.fromfile(folder / f"{part}.rows", np.float32).reshape(-1, columns)
    labels = np.fromfile(folder / f"{part}.labels", np.uint8).astype(int)
    assert len(rows) == len(labels), f"{part}: {len(rows)} rows, {len(labels)} labels"
    return rows, labels


def fit(parameters, x, y):
    classifier = lightgbm.LGBMClassifier(
        **parameters,
        random_state=1,
        n_jobs=2,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )
    return classifier.fit(x, y)


def export(classifier, columns, name):
    shape = FloatTensorType([None, columns])
    model = onnxmltools.convert_lightgbm(
        classifier.booster_,
        name=name,
        initial_types=[("input", shape)],
        zipmap=False,
        target_opset=15,
    )
    # The converter lists them in the order of a hash that changes from run to run.
    model.opset_import.sort(key=lambda entry: entry.domain)
    return model.SerializeToString(deterministic=True)


def baselines(meta, train, test):
    """Figures of what the model must beat: fewer columns, the same learner."""
    figures = {}
    for name, chosen in meta["baselines"].items():
        at = [meta["columns"].index(column) for column in chosen]
        scores = fit(meta["parameters"], train[0][:, at], train[1]).predict_proba(test[0][:, at])[:, 1]
        figures[name] = {
            "columns": chosen,
            "auc": roc_auc_score(test[1], scores),
            "brier": brier_score_loss(test[1], scores),
        }
        print(f"baseline {name}: AUC {figures[name]['auc']:.4f}", flush=True)
    return figures


def golden(session, rows):
    scores = session.run(["probabilities"], {"input": rows})[0][:, 1]
    lines = [
        json.dumps({"features": [None if np.isnan(v) else v for v in row], "scores": [score]})
        for row, score in zip(rows.tolist(), scores.tolist())
    ]
    return '{\n  "tolerance": 0.00001,\n  "rows": [\n    ' + ",\n    ".join(lines) + "\n  ]\n}\n"


def main(folder):
    training = folder / "training"
    meta = json.loads((training / "meta.json").read_text())
    columns = len(meta["columns"])
    train, test = read(training, "train", columns), read(training, "test", columns)
    print(f"{len(train[0])} rows to train on, {len(test[0])} to test on", flush=True)
    classifier = fit(meta["parameters"], *train)
    data = export(classifier, columns, meta["name"])
    assert len(data) < SIZE_BYTES_MAX, f"model has {len(data)} bytes, at most {SIZE_BYTES_MAX}"
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    ours = session.run(["probabilities"], {"input": test[0]})[0][:, 1]
    wanted = classifier.predict_proba(test[0])[:, 1]
    difference = np.abs(ours - wanted).max()
    assert difference < DIFFERENCE_MAX, f"ONNX and LightGBM differ by {difference}"
    (folder / "model.onnx").write_bytes(data)
    step = max(1, len(test[0]) // GOLDEN_ROWS)
    (folder / "golden.json").write_text(golden(session, test[0][::step][:GOLDEN_ROWS]))
    figures = {"baselines": baselines(meta, train, test), "onnxDifference": float(difference)}
    (training / "baselines.json").write_text(json.dumps(figures, indent=2))
    print(f"model.onnx {len(data)} bytes, ONNX differs by {difference:.1e} at most", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
