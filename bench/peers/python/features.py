"""Codecs, window state and model of the hand-written peer."""

import io
import json
import os
import struct
import zlib

import fastavro
import onnxruntime

PEERS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODEL_VERSION = "1.0.0"

FEATURES_HEADER = struct.pack(">bI", 0, 2)
PREDICTION_HEADER = struct.pack(">bI", 0, 3)

WINDOW_MIN = 60
# An event may come 5 min late, and then looks back an hour from its own time.
KEPT_MIN = WINDOW_MIN + 5
SHORT_MIN = 5
HEAD = struct.Struct("<q")
BUCKET = struct.Struct("<iidd")
ROW = struct.Struct("<7f")


def schema(path):
    """Parsed Avro schema; logical types dropped so that times stay plain longs (cheaper)."""
    with open(os.path.join(PEERS, path)) as file:
        parsed = json.load(file)
    for field in parsed["fields"]:
        if isinstance(field["type"], dict):
            field["type"] = field["type"]["type"]
    return fastavro.parse_schema(parsed)


class UserState:
    """One-minute buckets, sparse. buckets: {minute: [count, sum, max]}."""

    __slots__ = ("last", "buckets", "max_minute")

    def __init__(self):
        self.last = 0
        self.buckets = {}
        self.max_minute = -1

    def update(self, t, v):
        """Add the event and return the 7 features as of its own time t (ms)."""
        m = t // 60000
        b = self.buckets
        if m > self.max_minute:
            self.max_minute = m
            floor = m - KEPT_MIN
            for k in [k for k in b if k <= floor]:
                del b[k]
        if m > self.max_minute - KEPT_MIN:
            e = b.get(m)
            if e is None:
                b[m] = [1, v, v]
            else:
                e[0] += 1
                e[1] += v
                if v > e[2]:
                    e[2] = v
        lo = m - WINDOW_MIN
        lo5 = m - SHORT_MIN
        c = c5 = 0
        s = s5 = 0.0
        mx = 0.0
        for k, e in b.items():
            if lo < k <= m:
                c += e[0]
                s += e[1]
                if e[2] > mx:
                    mx = e[2]
                if k > lo5:
                    c5 += e[0]
                    s5 += e[1]
        last = self.last
        since = -1.0 if last == 0 else (t - last) / 1000.0 if t > last else 0.0
        if t > last:
            self.last = t
        return (c, s / c if c else 0.0, s, mx, c5, s5 / c5 if c5 else 0.0, since)

    def dump(self):
        pack = BUCKET.pack
        return HEAD.pack(self.last) + b"".join([pack(k, *e) for k, e in self.buckets.items()])

    @classmethod
    def load(cls, data):
        state = cls()
        state.last = HEAD.unpack_from(data)[0]
        state.buckets = {k: [c, s, mx] for k, c, s, mx in BUCKET.iter_unpack(memoryview(data)[8:])}
        state.max_minute = max(state.buckets) if state.buckets else -1
        return state


def features_hash(row):
    return "%08x" % zlib.crc32(ROW.pack(*row))


class Codec:
    def __init__(self):
        self.event_header = struct.pack(">bI", 0, int(os.environ["EVENT_SCHEMA_ID"]))
        self.event = schema("../event.avsc")
        self.features = schema("schemas/features.avsc")
        self.prediction = schema("schemas/prediction.avsc")

    def decode_event(self, value):
        if value[:5] != self.event_header:
            raise ValueError("unknown wire header")
        b = io.BytesIO(value)
        b.seek(5)
        return fastavro.schemaless_reader(b, self.event)

    def encode(self, header, schema, record):
        b = io.BytesIO()
        b.write(header)
        fastavro.schemaless_writer(b, schema, record)
        return b.getvalue()

    def encode_features(self, user, f, computed_at):
        return self.encode(FEATURES_HEADER, self.features, {
            "user_id": user, "event_count_1h": f[0], "avg_value_1h": f[1], "sum_value_1h": f[2],
            "max_value_1h": f[3], "event_count_5m": f[4], "avg_value_5m": f[5],
            "seconds_since_previous": f[6], "computed_at": computed_at})

    def encode_prediction(self, event_id, user, score, at):
        return self.encode(PREDICTION_HEADER, self.prediction, {
            "event_id": event_id, "user_id": user, "score": score,
            "model_version": MODEL_VERSION, "predicted_at": at})


def encode_audit(event_id, topic, partition, offset, row_hash):
    return (
        '{"event_id":"%s","topic":"%s","partition":%d,"offset":%d,"model_version":"%s","features_hash":"%s"}'
        % (event_id, topic, partition, offset, MODEL_VERSION, row_hash)
    ).encode()


class Scorer:
    def __init__(self):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def score(self, rows):
        """rows: float32 [n, 7]; float32 [n], the probability of class 1."""
        return self.session.run(["probabilities"], {self.input: rows})[0][:, 1]
