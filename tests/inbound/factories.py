"""Bridges that tests make up."""

import factory
from factory.django import DjangoModelFactory

from apps.events.models import Source
from apps.inbound.models import Bridge, BridgeDeadLetter
from tests.bridges.factories import ConnectionFactory
from tests.factories import NOON, SourceFactory
from tests.inbound.fake import KIND

RAW = {"shape": "raw", "event_type": "message@body.type"}


class BridgeFactory(DjangoModelFactory[Bridge]):
    """A bridge that reads from the broker in memory."""

    class Meta:
        model = Bridge

    name = factory.Sequence(lambda number: f"Bridge {number}")
    kind = KIND
    source = factory.SubFactory(SourceFactory, kind=Source.Kind.BRIDGE, trusts_ids=True)
    mapping = factory.LazyFunction(lambda: dict(RAW))


class ShelfBridgeFactory(BridgeFactory):
    """A bridge that reads from the shelf, by a connection."""

    kind = "shelf"
    connection = factory.SubFactory(ConnectionFactory)
    settings = factory.LazyFunction(lambda: {"topic": "orders"})


class BridgeDeadLetterFactory(DjangoModelFactory[BridgeDeadLetter]):
    """A message that is no JSON."""

    class Meta:
        model = BridgeDeadLetter

    bridge = factory.SubFactory(ShelfBridgeFactory)
    key = factory.Sequence(lambda number: f"key-{number}")
    message_key = factory.Sequence(lambda number: f"orders:0:{number}")
    body = b"\xff no JSON"
    headers = factory.LazyFunction(lambda: {"source": "shop"})
    about = factory.LazyFunction(lambda: {"topic": "orders"})
    at = NOON
    reason = "It is no JSON."
