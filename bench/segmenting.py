"""A hundred segments as marketers make them, and the events of known people on which evaluating them is measured."""

import json
from collections.abc import Iterator
from random import Random
from typing import Final
from uuid import uuid4

from apps.events.computed_traits import definitions as computed_traits
from apps.events.models import ComputedTrait
from apps.segments import definitions
from apps.segments.models import Segment
from apps.segments.stream import index

USERS: Final = 1_000
N_ORDERS: Final = 4
PLANS: Final = ("free", "pro", "team", "business")
TOWNS: Final = ("Berlin", "Oslo", "Gdańsk", "Lyon", "Porto", "Graz")
# Of no type that we know: what our own types copy to the profile is not what is measured.
BUYS, VIEWS, OPENS = "lesson-finished", "lesson-opened", "letter-opened"
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
        base, other = number * 9, number * 9 + 4
        yield f'profile@segments CONTAINS "bench-{base}" AND NOT profile@segments CONTAINS "bench-{other}"'


CONDITIONS: Final = tuple(_conditions())


def make() -> None:
    """Define computed traits, which both runs have, and the segments."""
    for key, function, event_type, path, days in COMPUTED:
        row = ComputedTrait(key=key, name=key, function=function, event_types=[event_type], path=path, days=days)
        computed_traits.save(row)
    for number, condition in enumerate(CONDITIONS):
        key = f"bench-{number}"
        definitions.save(Segment(key=key, name=key, condition=condition))


def switch(*, is_on: bool) -> None:
    """Switch all segments on or off."""
    for row in Segment.objects.all():
        row.is_enabled = is_on
        definitions.save(row)
    index.current.latest()  # what a change of definitions costs is not what evaluating costs


def everybody(source: str) -> Iterator[bytes]:
    """Make the past of each person: who they are, and so many orders that few segments depend on the next one."""
    random = Random(1)
    for user in range(USERS):
        yield _message(source, user, "identify", traits=_traits(user))
        yield _message(source, user, "track", event=OPENS, properties={"campaign": "winter"})
        for _ in range(N_ORDERS):
            yield _message(source, user, "track", event=BUYS, properties=_order(user, random))
        for _ in range(N_ORDERS):
            yield _message(source, user, "track", event=VIEWS, properties={"category": f"category {user % 4}"})


def traffic(source: str, *, half: int) -> Iterator[bytes]:
    """Make messages of one half of the people, who are all known.

    Of twenty, thirteen are views of products, two orders, two opened e-mails, one another page, and two say what is
    known of the person already, as SDKs do at each sign-in; of these one in five says something new.
    """
    random = Random(half)
    while True:
        user, kind = 2 * random.randrange(USERS // 2) + half, random.randrange(20)
        if kind < 13:
            properties = {"category": _category(user, random), "id": str(random.randrange(500))}
            yield _message(source, user, "track", event=VIEWS, properties=properties)
        elif kind < 15:
            yield _message(source, user, "track", event=BUYS, properties=_order(user, random))
        elif kind < 17:
            yield _message(source, user, "track", event=OPENS, properties={"campaign": "spring"})
        elif kind == 17:
            yield _message(source, user, "page", name="Home", properties={"path": "/"})
        else:
            news = {"seats": random.randrange(50)} if random.randrange(5) == 0 else {}
            yield _message(source, user, "identify", traits={**_traits(user), **news})


def _message(source: str, user: int, type: str, **parts: object) -> bytes:
    known = {"type": type, "messageId": str(uuid4()), "writeKey": source, "userId": f"bench-user-{user}"}
    return json.dumps({**known, **parts}).encode()


def _traits(user: int) -> dict[str, object]:
    random = Random(user)
    return {
        "plan": random.choice(PLANS),
        "seats": random.randrange(50),
        "score": random.randrange(100),
        "role": random.choice(("owner", "member", "guest")),
        "interests": [f"topic {random.randrange(7)}", f"topic {random.randrange(7)}"],
        "address": {"city": random.choice(TOWNS)},
    }


def _order(user: int, random: Random) -> dict[str, object]:
    total = random.randrange(500, 20_000) / 100
    return {"id": str(uuid4()), "total": total, "category": _category(user, random), "currency": "EUR"}


def _category(user: int, random: Random) -> str:
    """Name what a person likes, or, one time of five, something else."""
    return f"category {user % 4 if random.randrange(5) else random.randrange(4)}"
