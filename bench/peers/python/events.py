"""The events of the comparison, the same every time.

events.py fill TOPIC N            fills a topic as fast as it goes
events.py pace TOPIC N RATE FILE  produces at a fixed rate; FILE gets the time of each call to
                                  produce(), ns since 1970, int64

Environment: BROKERS; EVENT_SCHEMA_ID, the registry id of bench/event.avsc.
"""

import os
import struct
import sys
import time

import numpy as np
from confluent_kafka import Producer

USERS = 10_000
SPAN_MS = 3 * 3600 * 1000
FIRST_MS = 1_760_000_000_000
TYPES = ["click", "view", "purchase"]
TICK_S = 0.005


def arrays(n, seed=7):
    r = np.random.Generator(np.random.PCG64(seed))
    p = 1.0 / np.arange(1, USERS + 1)
    cdf = np.cumsum(p) / p.sum()
    user = np.minimum(np.searchsorted(cdf, r.random(n)), USERS - 1)
    kind = np.searchsorted(np.array([0.5, 0.9, 1.0]), r.random(n))
    # Multiples of 1/64: sums are exact in any order, so all peers must agree to the bit.
    value = np.round(np.exp(r.normal(3.0, 0.8, n)) * 64) / 64
    t = FIRST_MS + (np.arange(n, dtype=np.int64) * SPAN_MS) // n
    late = r.random(n) < 0.02
    return user, kind, value, t - np.where(late, (r.random(n) * 300_000).astype(np.int64), 0)


def records(n):
    """Keys, and values in the registry's wire format: the Avro of bench/event.avsc, written by hand."""
    user, kind, value, t = arrays(n)
    zigzag = t.astype(np.uint64) << np.uint64(1)
    assert int(zigzag.max()) < 1 << 42
    times = np.empty((n, 6), np.uint8)
    for i in range(6):
        seven = ((zigzag >> np.uint64(7 * i)) & np.uint64(0x7F)).astype(np.uint8)
        times[:, i] = seven | (0x80 if i < 5 else 0)
    times = times.tobytes()
    doubles = value.astype("<f8").tobytes()
    keys = [b"u-%05d" % u for u in range(USERS)]
    users = [bytes([len(u) * 2]) + u for u in keys]
    kinds = [bytes([len(x) * 2]) + x.encode() for x in TYPES]
    header = struct.pack(">bI", 0, int(os.environ["EVENT_SCHEMA_ID"])) + bytes([32])
    user = user.tolist()
    values = [
        b"%bevt-%012d%b%b%b%b" % (header, i, users[u], kinds[k], doubles[8 * i : 8 * i + 8], times[6 * i : 6 * i + 6])
        for i, (u, k) in enumerate(zip(user, kind.tolist()))
    ]
    return [keys[u] for u in user], values


def producer(linger_ms):
    return Producer({
        "bootstrap.servers": os.environ["BROKERS"],
        "linger.ms": linger_ms,
        "acks": "all",
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
        "queue.buffering.max.messages": 4_000_000,
        "queue.buffering.max.kbytes": 1_000_000,
    })


def fill(topic, n):
    p = producer(5)
    for key, value in zip(*records(n)):
        p.produce(topic, value, key)
    return p.flush(120)


def pace(topic, n, rate, file):
    keys, values = records(n)
    p = producer(0)
    stamps = np.zeros(n, np.int64)
    start = time.perf_counter() + 0.05
    i = step = 0
    while i < n:
        wait = start + step * TICK_S - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
            continue
        step += 1
        due = min(n, round(step * rate * TICK_S))
        while i < due:
            stamps[i] = time.time_ns()
            p.produce(topic, values[i], keys[i])
            i += 1
        p.poll(0)
    left = p.flush(30)
    stamps.tofile(file)
    return left


if __name__ == "__main__":
    command, topic, n, *rest = sys.argv[1:]
    unsent = fill(topic, int(n)) if command == "fill" else pace(topic, int(n), float(rest[0]), rest[1])
    sys.exit(f"{unsent} events were not delivered" if unsent else 0)
