"""What the platform says itself is nothing that people did: segments of any event hold still beside others.

The people of a shop are asked the same as plain Python asks the list of what they did, while other segments take them
in and let them go.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import pytest
from django.utils import timezone

from apps.collector import accept
from apps.events.computed_traits import definitions as computed_traits
from apps.events.models import Event
from apps.profiles.models import Profile
from apps.segments import definitions
from apps.segments.models import Membership, Reevaluation, Segment
from tests.factories import ComputedTraitFactory
from tests.segments.people import members as ids_in
from tests.segments.people import run, segment
from tests.shop import Shop, person

pytestmark = pytest.mark.django_db
QUIET = "DID NOT(ANY EVENT LAST 30 DAYS)"


class Did(NamedTuple):
    """Something that somebody did, in the order of time."""

    type: str
    at: datetime


Story = list[Did]


def of_days(did: Story, days: int) -> Story:
    return [each for each in did if each.at >= timezone.now() - timedelta(days=days)]


def in_two_days(did: Story) -> bool:
    return any(later.at - earlier.at <= timedelta(days=2) for earlier, later in pairwise(did))


# What marketers ask of any event, and what it says of the list of what somebody did.
ASKED: dict[str, Callable[[Story], bool]] = {
    QUIET: lambda did: not of_days(did, 30),
    "DID(ANY EVENT LAST 7 DAYS)": lambda did: bool(of_days(did, 7)),
    "COUNT(ANY EVENT) = 2": lambda did: len(did) == 2,
    "COUNT(ANY EVENT LAST 60 DAYS) >= 3": lambda did: len(of_days(did, 60)) >= 3,
    'LAST(event@type OF ANY EVENT) = "Order Completed"': lambda did: did[-1].type == "order-completed",
    "FIRST(event@time OF ANY EVENT) < now() - 60 DAYS": lambda did: did[0] not in of_days(did, 60),
    "DISTINCT(event@type OF ANY EVENT) = 1": lambda did: len({each.type for each in did}) == 1,
    "SEQUENCE(ANY EVENT THEN ANY EVENT WITHIN 2 DAYS)": in_two_days,
    'SEQUENCE("view" THEN ANY EVENT)': lambda did: "view" in [each.type for each in did[:-1]],
    'DID NOT("Order Completed" LAST 30 DAYS)': lambda did: (
        "order-completed" not in [each.type for each in of_days(did, 30)]
    ),
    "profile@computed.done >= 4": lambda did: len(did) >= 4,
}


@pytest.fixture
def stories(shop: Shop, alone: None) -> dict[str | None, Story]:
    """What each customer did within a hundred days; all are new to the platform."""
    dice, found = random.Random(9), {}
    shop.now = timezone.now() - timedelta(hours=1)
    computed_traits.save(ComputedTraitFactory.build(key="done", function="count", event_types=[], path=""))
    for number in range(40):
        days = sorted((dice.uniform(1, 100) for _ in range(dice.randrange(1, 7))), reverse=True)
        did = [Did(dice.choice(["view", "view", "order-completed"]), shop.now - timedelta(days=day)) for day in days]
        for each in dice.sample(did, len(did)):
            name = {"view": "View", "order-completed": "Order\u00a0Completed"}[each.type]
            shop.call("track", userId=f"u{number}", event=name, time=each.at)
        found[f"u{number}"] = did
    return found


def members(rows: dict[str, Segment]) -> dict[str, set[str | None]]:
    people = dict(Profile.objects.values_list("id", "primary_id"))
    return {text: {people[id] for id in ids_in(row.key)} for text, row in rows.items()}


def expected(stories: dict[str | None, Story]) -> dict[str, set[str | None]]:
    return {text: {name for name, did in stories.items() if test(did)} for text, test in ASKED.items()}


def everything_is_evaluated(*kinds: Reevaluation.Kind) -> None:
    """Evaluate everybody for all segments, and let what was announced become events, as often as that says more."""
    keys = [each.key for each in definitions.read().segments]
    for kind in kinds:
        run(kind, *keys, now=timezone.now())
        while accept.ingest(1_000, at=timezone.now()):
            pass


def test_segments_of_any_event_are_those_of_what_people_did(shop: Shop, stories: dict[str | None, Story]) -> None:
    rows = {text: segment(f"asked-{number:02}", text) for number, text in enumerate(ASKED)}
    everything_is_evaluated(Reevaluation.Kind.BUILD)
    wanted = expected(stories)
    assert members(rows) == wanted
    assert all(0 < len(found) < len(stories) for found in wanted.values())

    other = segment("other-0", 'profile@primary_id STARTS WITH "u"')
    for number in range(1, 4):
        segment(f"other-{number}", f'profile@primary_id ENDS WITH "{number}"')
        other.condition = f'NOT profile@primary_id ENDS WITH "{number}"'
        definitions.save(other)
        everything_is_evaluated(Reevaluation.Kind.BUILD, Reevaluation.Kind.INCREMENTAL, Reevaluation.Kind.FULL)
        assert members(rows) == wanted

    assert Event.objects.filter(type="segment-entered").exclude(properties__segment__startswith="asked-").count() > 40
    memberships = Membership.objects.filter(segment__in=rows.values())
    assert not memberships.exclude(left_at=None).exists()  # nobody came and went


def test_a_quiet_person_is_quiet_until_they_do_something(shop: Shop) -> None:
    shop.now = timezone.now() - timedelta(hours=1)
    segment("quiet", QUIET)
    segment("known", "profile@primary_id EXISTS")
    shop.call("track", userId="anna", event="Hello", time=shop.now - timedelta(days=89))
    everything_is_evaluated(
        Reevaluation.Kind.BUILD, Reevaluation.Kind.FULL, Reevaluation.Kind.INCREMENTAL, Reevaluation.Kind.FULL
    )
    assert stays_of("anna") == [("known", True), ("quiet", True)]

    shop.now = timezone.now() - timedelta(minutes=1)
    shop.call("page", userId="anna", name="Home")
    everything_is_evaluated(Reevaluation.Kind.FULL)
    assert stays_of("anna") == [("known", True), ("quiet", False)]


def stays_of(name: str) -> list[tuple[str, bool]]:
    """Tell in which segments somebody was, and whether they are now."""
    memberships = Membership.objects.filter(profile_id=person(primary_id=name).id).order_by("segment__key")
    return [
        (membership.segment.key, membership.left_at is None) for membership in memberships.select_related("segment")
    ]
