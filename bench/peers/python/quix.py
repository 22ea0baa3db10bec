"""Quix Streams: exactly-once, state in its RocksDB store with its changelog, one record at a time. Started by
the benchmark, with its settings in the environment."""
import os
import time
from datetime import datetime, timezone

import numpy as np
from quixstreams import Application, State, message_context
from quixstreams.models import Deserializer, Serializer

from features import Codec, Scorer, UserState, encode_audit, features_hash

codec, scorer = Codec(), Scorer()


class EventDeserializer(Deserializer):
    first = True

    def __call__(self, value, ctx):
        if self.first:
            self.first = False
            print("FIRST_CONSUMED %.3f" % (time.time() * 1000), flush=True)
        return codec.decode_event(value)


# Each output topic writes its part of what was scored: branches of the frame would copy it for each of them.


class FeaturesSerializer(Serializer):
    def __call__(self, scored, ctx):
        at = datetime.now(timezone.utc).isoformat()
        return codec.encode_features(scored["user_id"], scored["features"], at)


class PredictionSerializer(Serializer):
    def __call__(self, scored, ctx):
        at = int(time.time() * 1000)
        return codec.encode_prediction(scored["event_id"], scored["user_id"], scored["score"], at)


class AuditSerializer(Serializer):
    def __call__(self, scored, ctx):
        source = message_context()
        row_hash = features_hash(scored["features"])
        return encode_audit(scored["event_id"], source.topic, source.partition, source.offset, row_hash)


def score(event, state: State):
    """The event with the features as of its own time and their score; the user's state has it from now on."""
    known = state.get_bytes("buckets")
    user = UserState.load(known) if known is not None else UserState()
    row = user.update(event["event_time"], event["value"])
    state.set_bytes("buckets", user.dump())
    return {**event, "features": row, "score": float(scorer.score(np.array([row], dtype=np.float32))[0])}


def main():
    app = Application(
        broker_address=os.environ["BROKERS"],
        consumer_group=os.environ["APP_ID"],
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=int(os.environ["COMMIT_MS"]) / 1000,
        # A poll that waits for a record keeps the commit waiting too; the default is a second.
        consumer_poll_timeout=0.01,
        state_dir=os.environ["STATE_DIR"],
        loglevel="WARNING",
    )
    events = app.topic(os.environ["INPUT"], value_deserializer=EventDeserializer())
    features = app.topic(os.environ["FEATURES"], value_serializer=FeaturesSerializer())
    predictions = app.topic(os.environ["PREDICTIONS"], value_serializer=PredictionSerializer())
    audit = app.topic(os.environ["AUDIT"], value_serializer=AuditSerializer())
    scored = app.dataframe(events).apply(score, stateful=True)
    scored.to_topic(features).to_topic(predictions).to_topic(audit)
    app.run()


if __name__ == "__main__":
    main()
