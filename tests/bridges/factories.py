"""Connections to systems that tests make up, and what is sent to them, or is to be."""

from datetime import datetime
from typing import Any

import factory
import orjson
from factory.django import DjangoModelFactory

from apps.bridges.models import Connection, Delivery
from apps.bridges.models.delivery import LASTS
from tests.factories import NOON


class ConnectionFactory(DjangoModelFactory[Connection]):
    """A connection by HTTP; `secrets` is the JSON of what is secret."""

    class Meta:
        model = Connection

    name = factory.Sequence(lambda number: f"System {number}")
    kind = "http"
    settings = factory.LazyFunction(lambda: {"base_url": "https://api.example.com", "auth": "bearer"})
    secrets = factory.LazyFunction(lambda: orjson.dumps({"token": "open sesame"}).decode())


class DeliveryFactory(DjangoModelFactory[Delivery]):
    """A request that waits, since noon."""

    class Meta:
        model = Delivery

    connection = factory.SubFactory(ConnectionFactory)
    key = factory.Sequence(lambda number: f"key-{number}")
    origin = "test"
    request = factory.LazyFunction(lambda: {"path": "/hook", "body": "{}"})
    created_at = NOON
    due_at = factory.SelfAttribute("created_at")
    deadline_at = factory.LazyAttribute(lambda row: row.created_at + LASTS)


def ended(outcome: Delivery.Outcome, *, at: datetime = NOON, **values: Any) -> Delivery:
    """Make one that is over."""
    is_dead = outcome in (Delivery.Outcome.REFUSED, Delivery.Outcome.EXPIRED)
    dead_at = at if is_dead else None
    return DeliveryFactory(outcome=outcome, due_at=None, ended_at=at, dead_at=dead_at, **values)
