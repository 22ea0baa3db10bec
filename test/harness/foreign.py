"""
Writes and reads topics with Confluent's own Python client: standard input is the task as JSON, standard
output the answer. The task: brokers, registry, write: [{topic, format, schema, record, events}],
read: [{topic, format, schema, record}]; the answer: one list of values per topic read. What JSON has no
values for stands in an event as {"$int": "…"}, {"$decimal": "…"}, {"$uuid": "…"} or {"$time": microseconds}.
"""

import datetime
import decimal
import faulthandler
import importlib
import json
import math
import os
import sys
import tempfile
import uuid

from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.schema_registry import SchemaRegistryClient, topic_record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from grpc_tools import protoc

WAIT_SECONDS = 60
# Then it says where every thread is, and ends: whoever started it waits a little longer.
HANGS_AFTER_SECONDS = 100
BY_RECORD = {"subject.name.strategy": topic_record_subject_name_strategy}


def message_class(schema, record):
    """Compiles a .proto file with protoc, and takes one message of it."""
    folder = tempfile.mkdtemp()
    name = "m" + os.path.basename(folder).replace("-", "_").replace("tmp", "")
    path = os.path.join(folder, name + ".proto")
    with open(path, "w", encoding="utf-8") as file:
        file.write(schema)
    include = os.path.join(os.path.dirname(protoc.__file__), "_proto")
    if protoc.main(["", "-I" + folder, "-I" + include, "--python_out=" + folder, path]) != 0:
        raise RuntimeError("protoc refuses the schema")
    sys.path.insert(0, folder)
    found = importlib.import_module(name + "_pb2")
    # Packages are no part of the module, messages around the message are.
    for part in record.split("."):
        found = getattr(found, part, found)
    return found


EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
RICH = {
    "$int": int,
    "$decimal": decimal.Decimal,
    "$uuid": uuid.UUID,
    "$time": lambda micros: EPOCH + datetime.timedelta(microseconds=micros),
}


def rich(value):
    """A value with what JSON has none for."""
    if isinstance(value, list):
        return [rich(each) for each in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)) in RICH:
        ((kind, given),) = value.items()
        return RICH[kind](given)
    return {name: rich(each) for name, each in value.items()}


def plain(value):
    """A value as JSON has it: times in ms, no NaN."""
    if isinstance(value, datetime.datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def plain_message(message):
    """A message by its descriptor: what is not set is null where that can be told."""
    fields = {}
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            fields[field.name] = plain(list(value))
        elif field.has_presence and not message.HasField(field.name):
            fields[field.name] = None
        elif field.message_type is not None:
            fields[field.name] = value.ToMilliseconds()
        elif field.enum_type is not None:
            fields[field.name] = field.enum_type.values_by_number[value].name
        else:
            fields[field.name] = plain(value)
    return fields


def serializer(task, registry):
    if task["format"] == "avro":
        return AvroSerializer(registry, task["schema"], conf=BY_RECORD)
    if task["format"] == "json-schema":
        return JSONSerializer(task["schema"], registry, conf=BY_RECORD)
    message = message_class(task["schema"], task["record"])
    serialize = ProtobufSerializer(message, registry, conf=BY_RECORD)
    return lambda event, context: serialize(message(**event), context)


def deserializer(task, registry):
    if task["format"] == "avro":
        deserialize = AvroDeserializer(registry)
        return lambda value, context: plain(deserialize(value, context))
    if task["format"] == "json-schema":
        return JSONDeserializer(task["schema"], schema_registry_client=registry)
    deserialize = ProtobufDeserializer(message_class(task["schema"], task["record"]), {})
    return lambda value, context: plain_message(deserialize(value, context))


def write(task, brokers, registry):
    serialize = serializer(task, registry)
    producer = Producer({"bootstrap.servers": brokers})
    for event in task["events"]:
        context = SerializationContext(task["topic"], MessageField.VALUE)
        producer.produce(task["topic"], value=serialize(rich(event), context), partition=0)
    if producer.flush(WAIT_SECONDS) != 0:
        raise RuntimeError("not everything was written")


def read(task, brokers, registry):
    deserialize = deserializer(task, registry)
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "foreign",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )
    consumer.assign([TopicPartition(task["topic"], 0, 0)])
    values = []
    while True:
        message = consumer.poll(WAIT_SECONDS)
        if message is None:
            raise RuntimeError("the end of " + task["topic"] + " did not come")
        if message.error() is None:
            context = SerializationContext(task["topic"], MessageField.VALUE)
            values.append(deserialize(message.value(), context))
        elif message.error().code() == KafkaError._PARTITION_EOF:
            consumer.close()
            return values
        else:
            raise RuntimeError(str(message.error()))


def main():
    faulthandler.dump_traceback_later(HANGS_AFTER_SECONDS, exit=True)
    task = json.load(sys.stdin)
    registry = SchemaRegistryClient({"url": task["registry"], "timeout": WAIT_SECONDS})
    for each in task["write"]:
        write(each, task["brokers"], registry)
    json.dump([read(each, task["brokers"], registry) for each in task["read"]], sys.stdout)


main()
