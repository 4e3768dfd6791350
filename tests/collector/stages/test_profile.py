"""What events tell about a person, and the columns that lists are made of."""

from datetime import timedelta
from typing import Any

import pytest

from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.collector.stages.profile import profile as copy_to_profile
from apps.core.ids import new_id
from apps.core.snapshot import Snapshot
from apps.events.event_types import default_types, planned
from apps.events.event_types.compiling import compile as compile_rules
from apps.profiles.models import Profile
from tests.factories import NOON, ProfileFactory, payload

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def default_types_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the default event types from their files: no database is asked."""
    rules = {type_: compile_rules(definition) for type_, definition in default_types.load().items()}
    monkeypatch.setattr(planned, "current", Snapshot(lambda: rules, of=(), refresh_secs=60))


def tell(row: Profile, type_: str, at: timedelta = timedelta(), traits: Any = None, **properties: Any) -> Payload:
    event = PayloadEvent(type=type_, id=new_id(), time=NOON + at, properties=properties, traits=traits or {})
    found = payload(event, profile=row)
    copy_to_profile(Batch([found], NOON + HOUR))
    return found


def test_events_and_their_times_are_counted_in_any_order() -> None:
    row = ProfileFactory.build(first_seen_at=NOON + HOUR, last_seen_at=NOON + HOUR)

    for hours in (0, 2, -3):
        tell(row, "anything", hours * HOUR)

    assert (row.event_count, row.first_seen_at, row.last_seen_at) == (3, NOON - 3 * HOUR, NOON + 2 * HOUR)
    assert row.updated_at == NOON + HOUR


def test_free_traits_remember_who_said_them_and_a_late_event_changes_nothing() -> None:
    row = ProfileFactory.build()

    tell(row, "identify", **{"plan": "pro", "a.b": 1, "": None})
    tell(row, "identify", -HOUR, plan="free", new=True)

    assert row.traits == {"plan": "pro", "a.b": 1, "": None, "new": True}
    assert row.provenance["traits.plan"][0] == NOON.isoformat()


@pytest.mark.parametrize(
    ("data", "primary_id", "email", "name", "is_anonymous"),
    [
        ({}, None, None, "", True),
        ({"contact": {"email": {"main": " Anna@Shop.example "}}}, None, "anna@shop.example", "", False),
        ({"contact": {"email": {"main": "", "private": "b@x.example"}}}, None, "b@x.example", "", False),
        ({"contact": None, "pii": None}, None, None, "", True),
        ({"pii": {"firstname": "Anna", "lastname": "Berg"}}, None, None, "Anna Berg", True),
        ({"pii": {"firstname": "Anna", "lastname": None}}, None, None, "Anna", True),
        ({"pii": {"firstname": "Anna", "display_name": "annab"}}, None, None, "annab", True),
        ({"anonymous": False}, None, None, "", False),
        ({}, "17", None, "", False),
    ],
)
def test_lists_show_what_the_document_says(
    data: dict[str, Any], primary_id: str | None, email: str | None, name: str, is_anonymous: bool
) -> None:
    row = ProfileFactory.build(data=data, primary_id=primary_id)

    tell(row, "anything")

    assert (row.email, row.name, row.is_anonymous) == (email, name, is_anonymous)


def test_a_property_that_does_not_fit_is_noted_and_the_rest_is_copied() -> None:
    row = ProfileFactory.build()

    found = tell(row, "increase-interest", interest="jazz", value="much")

    assert row.interests == {}
    assert [problem["field"] for problem in found.going[0].problems] == ["interests.jazz"]
    tell(row, "increase-interest", interest="jazz")
    assert row.interests == {"jazz": 1.0}


def test_events_of_nobody_change_nothing() -> None:
    found = payload(PayloadEvent(type="identify", time=NOON, properties={"a": 1}))

    copy_to_profile(Batch([found], NOON))

    assert found.profile is None
