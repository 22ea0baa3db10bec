"""Makes the model of the benchmark: model.onnx and golden.json beside this file.

    python bench/model/make.py

Run in an environment with scripts/train/requirements.txt. The output is the same every time. The
events are made up and so is the label: the model is there to cost what a real one costs.
"""

import json
from collections import defaultdict
from pathlib import Path

import lightgbm
import numpy as np
import onnxmltools
import onnxruntime
from onnxmltools.convert.common.data_types import FloatTensorType

FOLDER = Path(__file__).resolve().parent
EVENTS = 50_000
USERS = 2_000
STEP_MS = 200
HOUR_MS = 3_600_000
FIVE_MINUTES_MS = 300_000
FEATURES = 7
GOLDEN_ROWS = 64
SIZE_BYTES_MAX = 1_000_000


def window(history, now, size):
    """Values of a user's events within (now - size, now]."""
    return [value for time, value in history if time > now - size]


def features(history, now):
    """One row in the order of model.yaml, the newest event of the history included."""
    hour = window(history, now, HOUR_MS)
    recent = window(history, now, FIVE_MINUTES_MS)
    since = (history[-1][0] - history[-2][0]) / 1000 if len(hour) > 1 else -1
    return [
        len(hour),
        sum(hour) / len(hour),
        sum(hour),
        max(hour),
        len(recent),
        sum(recent) / len(recent),
        since,
    ]


def rows(random):
    """Feature rows of a made-up log, in float32 as the service feeds them."""
    weights = 1 / np.arange(1, USERS + 1)
    users = random.choice(USERS, EVENTS, p=weights / weights.sum())
    values = np.round(np.exp(random.normal(3.0, 0.8, EVENTS)) * 64) / 64
    histories = defaultdict(list)
    made = np.empty((EVENTS, FEATURES), np.float32)
    for index, (user, value) in enumerate(zip(users.tolist(), values.tolist())):
        now = index * STEP_MS
        history = histories[user]
        history.append((now, value))
        history[:] = [entry for entry in history if entry[0] > now - HOUR_MS]
        made[index] = features(history, now)
    return made


def labels(random, x):
    """A noisy rule with steps and interactions, so that the trees have something to split on."""
    count, average, _, largest, recent_count, recent_average, since = x.T
    logit = (
        0.8 * (np.log1p(average) - 3)
        + 0.5 * np.sin(np.log1p(count) * recent_average / 12)
        + 0.7 * (largest > 4 * average)
        - 0.4 * np.log1p(np.maximum(since, 0) / 60)
        + 0.5 * (recent_count > 3)
    )
    return (random.random(len(x)) < 1 / (1 + np.exp(-logit))).astype(int)


def train(x, y):
    classifier = lightgbm.LGBMClassifier(
        n_estimators=100,
        max_depth=6,
        num_leaves=63,
        learning_rate=0.08,
        random_state=1,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )
    return classifier.fit(x, y)


def export(classifier):
    shape = FloatTensorType([None, FEATURES])
    model = onnxmltools.convert_lightgbm(
        classifier.booster_,
        name="bench-gbm",
        initial_types=[("input", shape)],
        zipmap=False,
        target_opset=15,
    )
    data = model.SerializeToString()
    assert len(data) < SIZE_BYTES_MAX, f"model has {len(data)} bytes, at most {SIZE_BYTES_MAX}"
    (FOLDER / "model.onnx").write_bytes(data)
    return onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])


def write_golden(session, x):
    probabilities = session.run(["probabilities"], {"input": x})[0]
    lines = [
        json.dumps({"features": row, "scores": [score]})
        for row, score in zip(x.tolist(), probabilities[:, 1].tolist())
    ]
    text = '{\n  "tolerance": 0.00001,\n  "rows": [\n    ' + ",\n    ".join(lines) + "\n  ]\n}\n"
    (FOLDER / "golden.json").write_text(text)


if __name__ == "__main__":
    chosen = np.random.default_rng(20)
    x = rows(chosen)
    classifier = train(x, labels(chosen, x))
    session = export(classifier)
    ours = session.run(["probabilities"], {"input": x[:1000]})[0][:, 1]
    difference = np.abs(ours - classifier.predict_proba(x[:1000])[:, 1]).max()
    assert difference < 1e-4, f"ONNX and LightGBM differ by {difference}"
    write_golden(session, x[:: EVENTS // GOLDEN_ROWS][:GOLDEN_ROWS])
