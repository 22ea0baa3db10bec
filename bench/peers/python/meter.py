"""meter.py TOPIC FILE: a read-committed reader of predictions. Saves event number and receive time (ns
since 1970) of each, int64 in pairs, when standard input ends. Environment: BROKERS."""

import os
import select
import sys
import time

import numpy as np
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

topic, file = sys.argv[1:]
consumer = Consumer({
    "bootstrap.servers": os.environ["BROKERS"],
    "group.id": f"peer-meter-{os.getpid()}",
    "enable.auto.commit": False,
    "isolation.level": "read_committed",
    "fetch.wait.max.ms": 100,
    "fetch.min.bytes": 1,
})
partitions = len(consumer.list_topics(topic, 10).topics[topic].partitions)
consumer.assign([TopicPartition(topic, i, OFFSET_BEGINNING) for i in range(partitions)])
seen = []
asked_at = 0.0
while True:
    first = consumer.poll(0.2)
    now = time.time_ns()
    if first is not None:
        for message in [first, *consumer.consume(5000, 0)]:
            if message.error():
                continue
            # Header of 5 bytes, then the length of the id (zigzag, one byte) and the id: "evt-" and digits.
            value = message.value()
            seen += int(value[10 : 6 + (value[5] >> 1)]), now
    if time.monotonic() - asked_at > 0.2:
        asked_at = time.monotonic()
        if select.select([sys.stdin], [], [], 0)[0]:
            break
np.array(seen, dtype=np.int64).tofile(file)
consumer.close()
