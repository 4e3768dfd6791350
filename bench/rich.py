"""A pipeline with everything switched on, and the events on which the part `rich` measures it beside the plain one."""

import json
from collections.abc import Callable, Iterator
from uuid import uuid4

from apps.events.computed_traits import definitions
from apps.events.models import ComputedTrait, EventType, IdentificationPoint
from apps.profiles.models import Identifier
from bench.load import EVENTS_PER_SESSION

TYPE = "bench-order"
MAPPINGS = {
    "traits.status": {"equals": "properties.status"},
    "traits.currency": {"equals": "properties.currency"},
    "traits.payment": {"equals": "properties.payment"},
    "traits.shipping": {"equals": "properties.shipping"},
    "traits.first_coupon": {"first": "properties.coupon"},
    "traits.coupon": {"equals_if_not_exists": "properties.coupon"},
    "traits.first_order_at": {"first_time": None},
    "traits.last_order_at": {"last_time": None},
    "traits.categories": {"append_unique": "properties.category"},
    "traits.brands": {"append_unique": "properties.brand"},
    "traits.largest": {"max": "properties.total"},
    "traits.smallest": {"min": "properties.total"},
    "traits.items_largest": {"max": "properties.quantity"},
    "stats.orders": {"increment": 1},
    "stats.items": {"add": "properties.quantity"},
    "stats.spent": {"add": "properties.total"},
    "stats.discount": {"add": "properties.discount"},
    "data.pii.firstname": {"equals": "properties.customer.firstname"},
    "data.pii.lastname": {"equals": "properties.customer.lastname"},
    "data.contact.address.town": {"equals": "properties.customer.town"},
}
COMPUTED = (
    ("count", "", None),
    ("count", "", 30),
    ("sum", "properties.total", None),
    ("sum", "properties.total", 90),
    ("average", "properties.total", None),
    ("last", "properties.category", None),
    ("last_time", "", None),
    ("most_frequent", "properties.category", None),
    ("distinct_count", "properties.brand", 30),
    ("rfm", "properties.total", 365),
)
_TEXTS = ("id", "status", "currency", "payment", "shipping", "coupon", "category", "brand")
_NUMBERS = ("total", "quantity", "discount")
SCHEMA = {
    "type": "object",
    "required": ["id", "status", "total", "currency"],
    "properties": {
        **{name: {"type": "string", "minLength": 1} for name in _TEXTS},
        **{name: {"type": "number", "minimum": 0} for name in _NUMBERS},
        "customer": {"type": "object", "properties": {"firstname": {"type": "string"}, "town": {"type": "string"}}},
    },
}


def orders(source: str) -> Iterator[bytes]:
    """Make messages of a server-side SDK, ten orders of each user."""
    while True:
        user = str(uuid4())
        for number in range(EVENTS_PER_SESSION):
            properties = {
                "id": str(number),
                "status": "completed",
                "total": 12.5 + number,
                "quantity": 1 + number % 3,
                "discount": 0.5,
                "currency": "EUR",
                "payment": "card",
                "shipping": "standard",
                "coupon": f"C{number}",
                "category": f"category {number % 4}",
                "brand": f"brand {number % 5}",
                "customer": {"firstname": "Anna", "lastname": "Lie", "town": "Berlin", "email": f"{user}@shop.example"},
            }
            message = {
                "type": "track",
                "messageId": str(uuid4()),
                "writeKey": source,
                "userId": user,
                "event": TYPE,
                "properties": properties,
            }
            yield json.dumps(message).encode()


def _mappings_and_schema(*, is_on: bool) -> None:
    row, _ = EventType.objects.get_or_create(type=TYPE, defaults={"name": "Order of the bench"})
    row.overrides = {"profile": MAPPINGS} if is_on else {}
    row.schema = SCHEMA if is_on else None
    row.policy = EventType.Policy.QUARANTINE
    row.save()


def _identification_point(*, is_on: bool) -> None:
    IdentificationPoint.objects.update_or_create(
        event_type=TYPE, path="customer.email", kind=Identifier.Kind.EMAIL, defaults={"is_enabled": is_on}
    )


def _computed_traits(*, is_on: bool) -> None:
    definitions.delete(ComputedTrait.objects.all())
    for number, (function, path, days) in enumerate(COMPUTED if is_on else ()):
        key = f"bench_{number}"
        row = ComputedTrait(key=key, name=key, function=function, event_types=[TYPE], path=path, days=days)
        definitions.save(row)


# What the rich pipeline has and the plain one has not: each is switched on and off for all events of TYPE.
FEATURES: tuple[Callable[..., None], ...] = (_mappings_and_schema, _identification_point, _computed_traits)


def switch(*, is_on: bool) -> None:
    """Switch everything on or off."""
    for feature in FEATURES:
        feature(is_on=is_on)
