"""Segments of a shop's customers are those that plain Python finds in the file of its purchases.

They are evaluated as of the last day of the file: by SQL over all at once, and in memory one by one.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection

from apps.collector import accept
from apps.conditions import History, compile, to_sql
from apps.events.computed_traits import definitions
from apps.events.models import Event
from apps.profiles.models import Profile
from apps.segments import counting, language, memberships
from apps.segments.models import Cause, Segment
from tests.factories import ComputedTraitFactory, SegmentFactory, SourceFactory
from tests.stories.purchases import BATCH, Purchase, purchases, send

TYPE = "checkout-completed"
AS_OF = datetime(1998, 6, 30, 23, 59, tzinfo=UTC)
Bought = list[Purchase]


def within(days: int, bought: Bought) -> Bought:
    """Those within so many days before the end."""
    return [each for each in bought if at(each) >= AS_OF - timedelta(days=days)]


def at(purchase: Purchase) -> datetime:
    return datetime(purchase.day.year, purchase.day.month, purchase.day.day, 12, tzinfo=UTC)


def three_in_any_90_days(bought: Bought) -> bool:
    """Three, each at most 45 days after the one before: within 90 days, whenever that was."""
    times = sorted(map(at, bought))
    return any(
        second - first <= timedelta(days=45) and third - second <= timedelta(days=45)
        for first, second, third in zip(times, times[1:], times[2:], strict=False)
    )


def begins_well(bought: Bought) -> bool:
    """The first was over 50 dollars, and another one followed within 30 days."""
    first, *rest = bought
    return first.dollars > 50 and bool(rest) and at(rest[0]) - at(first) <= timedelta(days=30)


def spent(bought: Bought) -> Decimal:
    return sum((each.dollars for each in bought), Decimal())


# What marketers write, and what it says of one customer's purchases, which are in their order.
SEGMENTS: dict[str, Callable[[Bought], bool]] = {
    f'COUNT("{TYPE}" LAST 90 DAYS) >= 3': lambda bought: len(within(90, bought)) >= 3,
    f'SEQUENCE("{TYPE}" THEN "{TYPE}" WITHIN 45 DAYS THEN "{TYPE}" WITHIN 45 DAYS)': three_in_any_90_days,
    f'DID NOT("{TYPE}" LAST 180 DAYS)': lambda bought: not within(180, bought),
    "DID NOT(ANY EVENT LAST 30 DAYS)": lambda bought: not within(30, bought),
    "COUNT(ANY EVENT LAST 365 DAYS) >= 2": lambda bought: len(within(365, bought)) >= 2,
    "LAST(event@time OF ANY EVENT) < now() - 365 DAYS": lambda bought: at(bought[-1]) < AS_OF - timedelta(days=365),
    'DID NOT("Checkout Completed" LAST 180 DAYS)': lambda bought: not within(180, bought),
    f'DID NOT("{TYPE}" FROM "1998-01-02" TO "1998-06-30")': lambda bought: (
        not any(each.day.isoformat() >= "1998-01-02" for each in bought)
    ),
    f'FIRST(event@properties.value OF "{TYPE}") > 50 '
    f'AND SEQUENCE(FIRST "{TYPE}" THEN "{TYPE}" WITHIN 30 DAYS)': begins_well,
    f'SUM(event@properties.value OF "{TYPE}") > 200 AND COUNT("{TYPE}") BETWEEN 2 AND 5': lambda bought: (
        spent(bought) > 200 and 2 <= len(bought) <= 5
    ),
    f'AVERAGE(event@properties.value OF "{TYPE}") >= 40.5': lambda bought: (
        spent(bought) / len(bought) >= Decimal("40.5")
    ),
    f'LAST(event@time OF "{TYPE}") < now() - 365 DAYS': lambda bought: at(bought[-1]) < AS_OF - timedelta(days=365),
    f'MAX(event@properties.value OF "{TYPE}" WHERE event@properties.quantity >= 3) > 100': lambda bought: any(
        each.quantity >= 3 and each.dollars > 100 for each in bought
    ),
    "profile@computed.spent > 150 AND profile@computed.purchases >= 3": lambda bought: (
        spent(bought) > 150 and len(bought) >= 3
    ),
    f'profile@computed.purchases = 1 AND DID("{TYPE}" BEFORE "1997-03-31")': lambda bought: (
        len(bought) == 1 and bought[0].day.isoformat() < "1997-03-31"
    ),
    "profile@computed.last_purchase < now() - 180 DAYS AND profile@computed.spent >= 100": lambda bought: (
        at(bought[-1]) < AS_OF - timedelta(days=180) and spent(bought) >= 100
    ),
}


@pytest.fixture
def bought(db: None, alone: None) -> dict[str, Bought]:
    """The purchases of each customer, in their order, in the platform and here."""
    for key, function in (("spent", "sum"), ("purchases", "count"), ("last_purchase", "last_time")):
        path = "properties.value" if function == "sum" else ""
        row = ComputedTraitFactory.build(key=key, function=function, event_types=[TYPE], path=path)
        definitions.save(row)
    found: dict[str, Bought] = defaultdict(list)
    everything = list(purchases())
    send(SourceFactory(), everything)
    # Events of the same time follow each other by their ids, which are those of their arrival.
    for purchase in everything:
        found[purchase.customer].append(purchase)
    others_come_and_go()
    return {customer: sorted(each, key=lambda purchase: purchase.day) for customer, each in found.items()}


def others_come_and_go() -> None:
    """Let a segment take everybody in, and let them go, shortly before the end: nobody has done anything by that."""
    other = SegmentFactory.create(kind=Segment.Kind.LIST)
    pairs = [(other.id, id) for id in Profile.objects.values_list("id", flat=True)]
    for days, changes in ((9, {"entered": pairs}), (5, {"left": pairs})):
        memberships.change(**changes, because=Cause.LIST, now=AS_OF - timedelta(days=days), is_silent=False)
        while accept.ingest(BATCH, at=datetime.now(UTC)):
            pass


@pytest.mark.django_db
def test_segments_of_customers_are_those_of_the_file(bought: dict[str, Bought]) -> None:
    histories = _histories()
    people = list(Profile.objects.exclude(primary_id=None))
    assert len(people) == len(bought)

    for text, expects in SEGMENTS.items():
        condition = language.parse(text, catalogue=language.catalogue([TYPE]))
        expected = {customer for customer, each in bought.items() if expects(each)}
        sql, params = to_sql(condition, now=AS_OF, layout=language.layout())
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT primary_id FROM profiles_profile AS p WHERE {sql}", params)
            by_sql = {customer for (customer,) in cursor.fetchall()}
        matches = compile(condition)
        in_memory = {
            person.primary_id
            for person in people
            if matches(language.document_of(person, ()), now=AS_OF, history=histories[person.id])
        }

        assert 0 < len(expected) < len(bought), text
        assert by_sql == in_memory == expected, text
        assert counting.count(condition, now=AS_OF, within=timedelta(minutes=1)).value == len(expected), text


def _histories() -> dict[UUID, History]:
    events: dict[UUID, list[dict[str, object]]] = defaultdict(list)
    for event in Event.objects.filter(is_valid=True):
        assert event.profile_id
        events[event.profile_id].append(language.event_of(event))
    return {profile_id: language.history(each) for profile_id, each in events.items()}
