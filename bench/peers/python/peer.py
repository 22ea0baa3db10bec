"""Hand-written consume-transform-produce loop: confluent-kafka + fastavro + onnxruntime, micro-batches,
dict state with a changelog topic in the same transaction. Started by the benchmark, with its settings in
the environment."""
import os
import signal
import sys
import time
from datetime import datetime, timezone

import numpy as np
from confluent_kafka import Consumer, OFFSET_BEGINNING, Producer, TopicPartition

from features import Codec, Scorer, UserState, encode_audit, features_hash

BROKERS, APP = os.environ["BROKERS"], os.environ["APP_ID"]
COMMIT_MS = int(os.environ["COMMIT_MS"])
INPUT, FEATURES = os.environ["INPUT"], os.environ["FEATURES"]
PREDICTIONS, AUDIT, CHANGELOG = os.environ["PREDICTIONS"], os.environ["AUDIT"], os.environ["CHANGELOG"]
BATCH = 1000
WAIT_S = 0.01


class Peer:
    def __init__(self):
        self.codec, self.scorer = Codec(), Scorer()
        self.state, self.dirty, self.pos = {}, {}, {}
        self.in_tx, self.stop, self.first, self.t0 = False, False, True, 0.0
        self.c = Consumer({"bootstrap.servers": BROKERS, "group.id": APP, "enable.auto.commit": False,
                           "isolation.level": "read_committed", "auto.offset.reset": "earliest",
                           "session.timeout.ms": 45000})
        self.p = Producer({"bootstrap.servers": BROKERS, "transactional.id": APP + "-0",
                           "linger.ms": 5, "compression.type": "none", "partitioner": "murmur2_random",
                           "queue.buffering.max.messages": 1_000_000})

    def send(self, topic, value, key, partition=-1):
        while True:
            try:
                return self.p.produce(topic, value, key, partition)
            except BufferError:
                self.p.poll(0.01)

    def restore(self, parts):
        for t in parts:
            self.state[t.partition], self.dirty[t.partition] = {}, set()
        r = Consumer({"bootstrap.servers": BROKERS, "group.id": APP + "-restore", "enable.auto.commit": False,
                      "isolation.level": "read_committed", "enable.partition.eof": True})
        tps = [TopicPartition(CHANGELOG, t.partition, OFFSET_BEGINNING) for t in parts]
        r.assign(tps)
        eof, deadline = set(), time.monotonic() + 60
        while len(eof) < len(tps):
            if time.monotonic() > deadline:
                raise TimeoutError("restore")
            m = r.poll(0.5)
            if m is None:
                continue
            if m.error():
                eof.add(m.partition())
                continue
            self.state[m.partition()][m.key()] = UserState.load(m.value())
        r.close()

    def on_assign(self, c, parts):
        if parts:
            self.restore(parts)

    def on_revoke(self, c, parts):
        self.commit()
        for t in parts:
            self.state.pop(t.partition, None)

    def on_lost(self, c, parts):
        if self.in_tx:
            self.p.abort_transaction()
            self.in_tx = False
            self.pos.clear()
        for t in parts:
            self.state.pop(t.partition, None)

    def commit(self):
        if not self.in_tx:
            return
        for part, users in self.dirty.items():
            st = self.state.get(part)
            for u in users:
                self.send(CHANGELOG, st[u].dump(), u, part)
            users.clear()
        self.p.send_offsets_to_transaction(
            [TopicPartition(INPUT, p, o) for p, o in self.pos.items()], self.c.consumer_group_metadata(), 30)
        self.p.commit_transaction(30)
        self.pos.clear()
        self.in_tx = False

    def batch(self, msgs):
        if self.first:
            self.first = False
            print("FIRST_CONSUMED %.3f" % (time.time() * 1000), flush=True)
        if not self.in_tx:
            self.p.begin_transaction()
            self.in_tx, self.t0 = True, time.monotonic()
        codec, pos, send = self.codec, self.pos, self.send
        rows, evs = [], []
        for m in msgs:
            if m.error():
                raise RuntimeError(m.error())
            e = codec.decode_event(m.value())
            part, key = m.partition(), m.key()
            st = self.state[part]
            u = st.get(key)
            if u is None:
                u = st[key] = UserState()
            rows.append(u.update(e["event_time"], e["value"]))
            self.dirty[part].add(key)
            evs.append((e, part, m.offset(), key))
            pos[part] = m.offset() + 1
        scores = self.scorer.score(np.array(rows, dtype=np.float32)).tolist()
        now = int(time.time() * 1000)
        at = datetime.now(timezone.utc).isoformat()
        for (e, part, off, key), f, s in zip(evs, rows, scores):
            eid, uid = e["event_id"], e["user_id"]
            send(FEATURES, codec.encode_features(uid, f, at), key)
            send(PREDICTIONS, codec.encode_prediction(eid, uid, s, now), key)
            send(AUDIT, encode_audit(eid, INPUT, part, off, features_hash(f)), key)
        self.p.poll(0)

    def run(self):
        self.p.init_transactions(30)
        self.c.subscribe([INPUT], on_assign=self.on_assign, on_revoke=self.on_revoke, on_lost=self.on_lost)
        while not self.stop:
            msgs = self.c.consume(BATCH, WAIT_S)
            if msgs:
                self.batch(msgs)
            if self.in_tx and (time.monotonic() - self.t0) * 1000 >= COMMIT_MS:
                self.commit()
        self.commit()
        self.c.close()


if __name__ == "__main__":
    peer = Peer()

    def _stop(*_):
        peer.stop = True
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    peer.run()
    sys.exit(0)
