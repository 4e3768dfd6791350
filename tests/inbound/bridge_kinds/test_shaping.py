"""What is known of a message is plain JSON that can be stored, whatever somebody wrote into it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from pika import BasicProperties
from pika.spec import Basic

from apps.core import storable
from apps.inbound import amqp_messages
from apps.inbound.received import Received
from apps.inbound.redis import entries
from apps.inbound.topics.decoding import Decoder

NAMES: Any = {"x-delivery-count": b"1", "a\0": "\0", "b": b"\xff\0", b"\xff": 1.5, "deep": {"a": [b"\xff", "\0"]}}


def of_rabbitmq() -> Received:
    method = Basic.Deliver("tag", 1, False, b"\xff\0", "a\0b")
    texts = ("content_type", "correlation_id", "message_id", "type", "app_id", "reply_to", "user_id", "expiration")
    properties = BasicProperties(headers=NAMES, timestamp=2**64 - 1, priority=255, **dict.fromkeys(texts, "a\0b"))
    return amqp_messages.received(method, properties, b"", queue="orders", trusts_ids=True)


def of_redis() -> Received:
    fields = {b"body": b"1", b"a\0\xff": b"\0\xff"}
    return entries.received("orders", "1-1", fields, database=0, body_field="body", is_repeated=False)


def of_kafka() -> Received:
    said = {
        "value": b"1",
        "key": b"a\xff\0",
        "topic": "orders",
        "partition": 0,
        "offset": 1,
        "timestamp": (1, 2**63 - 1),
    }
    message: Any = SimpleNamespace(headers=lambda: [("a", b"\xff\0"), ("b\0", None)])
    for name, value in {**said, "timestamp": (1, 2**63 - 1)}.items():
        setattr(message, name, lambda value=value: value)
    found = Decoder(None, takes_tombstones=False).received(message, place="orders/0")
    assert found is not None
    return found


@pytest.mark.parametrize("shape", [of_rabbitmq, of_redis, of_kafka])
def test_what_is_known_of_a_message_is_plain(shape: Any) -> None:
    found = shape()

    assert json.loads(json.dumps(found.about)) == found.about
    assert all(isinstance(text, str) for pair in found.headers.items() for text in pair)
    assert storable.refusal_in([found.about, found.headers, found.key, found.place], "") is None
