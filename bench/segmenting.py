"""A hundred segments as marketers make them, and the events of known people on which their deciding is measured."""

import json
from collections.abc import Iterator
from random import Random
from typing import Final
from uuid import uuid4

from apps.collector import computed_traits as current_traits
from apps.collector import segments as current
from apps.events import computed_traits
from apps.events.models import ComputedTrait
from apps.segments import definitions
from apps.segments.models import Segment

USERS: Final = 2_000
PLANS: Final = ("free", "pro", "team", "business")
TOWNS: Final = ("Berlin", "Oslo", "Gdańsk", "Lyon", "Porto", "Graz")
BUYS, VIEWS, OPENS = "order-completed", "product-viewed", "email-opened"
COMPUTED: Final = (
    ("orders", "count", BUYS, "", None),
    ("orders_30", "count", BUYS, "", 30),
    ("spent", "sum", BUYS, "properties.total", None),
    ("spent_90", "sum", BUYS, "properties.total", 90),
    ("last_order", "last_time", BUYS, "", None),
    ("views_7", "count", VIEWS, "", 7),
    ("favourite", "most_frequent", VIEWS, "properties.category", 90),
    ("rfm", "rfm", BUYS, "properties.total", 365),
)


def _conditions() -> Iterator[str]:
    for number in range(40):  # traits and facts
        yield (
            f'profile@traits.plan = "{PLANS[number % 4]}" AND profile@traits.seats >= {number}',
            f'profile@data.contact.address.town IN ["{TOWNS[number % 6]}", "Bergen"]',
            f"profile@traits.score BETWEEN {number} AND {number + 40}",
            f'profile@traits.plan != "{PLANS[number % 4]}" AND profile@traits.role EXISTS',
            f'profile@traits.interests CONTAINS "topic {number % 7}"',
        )[number % 5]
    for number in range(20):  # computed traits
        yield (
            f"profile@computed.orders >= {number + 2}",
            f"profile@computed.spent_90 > {100 * number}",
            f"profile@computed.last_order < now() - {number + 1} DAYS",
            f"profile@computed.rfm.monetary >= {number % 5 + 1} AND profile@computed.rfm.recency >= 3",
            f'profile@computed.favourite = "category {number % 4}"',
        )[number % 5]
    for number in range(20):  # past events
        yield (
            f'COUNT("{BUYS}" LAST {30 * (number + 1)} DAYS) >= {number % 4 + 1}',
            f'SUM(event@properties.total OF "{BUYS}" LAST 90 DAYS) > {50 * number}',
            f'DID("{BUYS}" WHERE event@properties.category = "category {number % 4}" LAST 60 DAYS)',
            f'DID NOT("{OPENS}" LAST {number + 7} DAYS) AND profile@traits.plan = "{PLANS[number % 4]}"',
            f'SEQUENCE("{OPENS}" THEN "{BUYS}" WITHIN {number + 1} DAYS)',
        )[number % 5]
    for number in range(10):  # time, and what every event changes
        yield (
            f"profile@last_seen_at < now() - {number + 7} DAYS",
            f"profile@visits.count >= {number + 1}",
        )[number % 2]
    for number in range(10):  # other segments
        yield f'profile@segments CONTAINS "bench-{number * 9}" AND NOT profile@segments CONTAINS "bench-{number * 9 + 4}"'


CONDITIONS: Final = tuple(_conditions())


def make() -> None:
    """Define computed traits, which both runs have, and the segments."""
    for key, function, event_type, path, days in COMPUTED:
        row = ComputedTrait(key=key, name=key, function=function, event_types=[event_type], path=path, days=days)
        computed_traits.save(row)
    current_traits.current.forget()
    for number, condition in enumerate(CONDITIONS):
        key = f"bench-{number}"
        definitions.save(Segment(key=key, name=key, condition=condition))


def switch(*, is_on: bool) -> None:
    """Switch all segments on or off."""
    for row in Segment.objects.all():
        row.is_enabled = is_on
        definitions.save(row)
    current.current.forget()


def everybody(source: str) -> Iterator[bytes]:
    """Make two messages of each person: who he is, and an order."""
    random = Random(1)
    for user in range(USERS):
        yield _message(source, user, "identify", traits=_traits(random))
        yield _message(source, user, "track", event=BUYS, properties=_order(random))


def traffic(source: str) -> Iterator[bytes]:
    """Make messages of known people: of ten, six views, one order, one opened e-mail, one change, one other page."""
    random = Random(2)
    while True:
        user, kind = random.randrange(USERS), random.randrange(10)
        if kind < 6:
            properties = {"category": f"category {random.randrange(4)}", "id": str(random.randrange(500))}
            yield _message(source, user, "track", event=VIEWS, properties=properties)
        elif kind == 6:
            yield _message(source, user, "track", event=BUYS, properties=_order(random))
        elif kind == 7:
            yield _message(source, user, "track", event=OPENS, properties={"campaign": "spring"})
        elif kind == 8:
            traits = _traits(random)
            name = random.choice(list(traits))
            yield _message(source, user, "identify", traits={name: traits[name]})
        else:
            yield _message(source, user, "page", name="Home", properties={"path": "/"})


def _message(source: str, user: int, type: str, **parts: object) -> bytes:
    known = {"type": type, "messageId": str(uuid4()), "writeKey": source, "userId": f"bench-user-{user}"}
    return json.dumps({**known, **parts}).encode()


def _traits(random: Random) -> dict[str, object]:
    return {
        "plan": random.choice(PLANS),
        "seats": random.randrange(50),
        "score": random.randrange(100),
        "role": random.choice(("owner", "member", "guest")),
        "interests": [f"topic {random.randrange(7)}", f"topic {random.randrange(7)}"],
        "address": {"city": random.choice(TOWNS)},
    }


def _order(random: Random) -> dict[str, object]:
    total = random.randrange(500, 20_000) / 100
    return {"id": str(uuid4()), "total": total, "category": f"category {random.randrange(4)}", "currency": "EUR"}
