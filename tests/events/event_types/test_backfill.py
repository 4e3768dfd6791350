"""A changed mapping reaches stored events and their profiles: the newest wins, and nothing counts twice."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from apps.core import jobs, tasks
from apps.core.ids import new_id
from apps.core.models import Task
from apps.events.event_types import backfill
from apps.events.jobs import INDEX_TRAITS
from apps.events.models import Event, EventType
from apps.events.store import partitions
from apps.profiles.models import Profile
from tests.factories import AliasFactory, EventTypeFactory, ProfileFactory

pytestmark = pytest.mark.django_db
JANUARY = datetime(2026, 1, 10, 12, tzinfo=UTC)


def happened(profile: Profile | UUID | None, properties: dict[str, Any], *, day: int = 0, **parts: Any) -> Event:
    """Store an event, as arrived after all others."""
    at = JANUARY + timedelta(days=day)
    partitions.ensure([partitions.month_of(at)])
    profile_id = profile.id if isinstance(profile, Profile) else profile
    parts = {"type": "plan-chosen", "source_id": new_id(), "profile_id": profile_id, **parts}
    return Event.objects.create(id=new_id(), time=at, received_at=at, processed_at=at, properties=properties, **parts)


def plan_type(*, profile: dict[str, Any] | None = None, traits: dict[str, Any] | None = None) -> EventType:
    return EventTypeFactory(type="plan-chosen", overrides={"profile": profile or {}, "traits": traits or {}})


def run(kind: str, **options: Any) -> Task:
    options = {"since": None, "until": None, **options}
    task = jobs.start_task(kind, params=backfill.plan(kind, "plan-chosen", **options), requested_by="anna")
    assert tasks.run(task.pk, secs=60) is False
    task.refresh_from_db()
    return task


def traits_of(profile: Profile) -> Any:
    profile.refresh_from_db()
    return profile.traits


def test_stored_events_get_the_traits_of_the_changed_type() -> None:
    event = happened(None, {"plan": "pro"})
    other = happened(None, {"plan": "pro"}, type="something-else")
    plan_type(traits={"data.plan": "plan"})

    task = run(backfill.TRAITS)

    event.refresh_from_db()
    other.refresh_from_db()
    assert event.traits == {"data": {"plan": "pro"}}
    assert other.traits == {}
    assert (task.state, task.progress, task.total, task.message) == ("done", 1, 1, "1 events got other traits")


def test_traits_that_are_as_they_should_be_are_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "TRAITS_PAGE", 2)
    for number in range(5):
        happened(None, {"plan": str(number)})
    plan_type(traits={"data.plan": "plan"})
    run(backfill.TRAITS)

    again = run(backfill.TRAITS)

    assert (again.progress, again.message) == (5, "0 events got other traits")


def test_only_the_period_is_worked_on() -> None:
    anna = ProfileFactory()
    for day in range(4):
        happened(anna, {"plan": f"plan {day}"}, day=day)
    plan_type(profile={"traits.plans": {"append_unique": "properties.plan"}})

    run(backfill.PROFILES, since=JANUARY + timedelta(days=1), until=JANUARY + timedelta(days=3))

    assert traits_of(anna) == {"plans": ["plan 1", "plan 2"]}


def test_the_newest_event_wins_whatever_the_order_of_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "PROFILES_PAGE", 1)
    anna = ProfileFactory()
    for day, plan in ((3, "team"), (1, "free"), (2, "pro")):
        happened(anna, {"plan": plan}, day=day)
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}, "traits.first": {"first": "properties.plan"}})

    task = run(backfill.PROFILES)

    assert traits_of(anna) == {"plan": "team", "first": "free"}
    assert (task.state, task.progress, task.total) == ("done", 3, 3)


def test_a_run_that_is_repeated_changes_nothing() -> None:
    anna = ProfileFactory()
    for day, plan in ((3, "team"), (1, "free")):
        happened(anna, {"plan": plan}, day=day)
    plan_type(profile={"traits.plans": {"append_unique": "properties.plan"}, "traits.last": {"last_time": None}})
    run(backfill.PROFILES)
    before = Profile.objects.values().get()

    again = run(backfill.PROFILES)

    assert Profile.objects.values().get() == before
    assert again.message == "0 times a profile changed"


def test_what_somebody_entered_since_is_not_overwritten() -> None:
    entered = [(JANUARY + timedelta(days=9)).isoformat(), "user:1"]
    anna = ProfileFactory(traits={"plan": "special"}, provenance={"traits.plan": entered})
    happened(anna, {"plan": "free"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    run(backfill.PROFILES)

    assert traits_of(anna) == {"plan": "special"}


def test_sums_are_left_out_of_a_run_over_all_fields() -> None:
    anna = ProfileFactory(stats={"chosen": 1})
    happened(anna, {"plan": "free"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}, "stats.chosen": {"increment": 1}})

    run(backfill.PROFILES)

    anna.refresh_from_db()
    assert (anna.traits, anna.stats) == ({"plan": "free"}, {"chosen": 1})


def test_only_the_wanted_fields_are_copied() -> None:
    anna = ProfileFactory()
    happened(anna, {"plan": "free"})
    plan_type(profile={"traits.a": {"equals": "properties.plan"}, "traits.b": {"equals": "properties.plan"}})

    run(backfill.PROFILES, fields=["traits.b"])

    assert traits_of(anna) == {"b": "free"}


def test_events_of_merged_profiles_reach_the_living_one() -> None:
    anna = ProfileFactory()
    old = AliasFactory(profile=anna).id
    happened(old, {"plan": "free"})
    happened(new_id(), {"plan": "of nobody"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    run(backfill.PROFILES)

    assert traits_of(anna) == {"plan": "free"}


def test_events_that_are_not_valid_are_left_alone() -> None:
    anna = ProfileFactory()
    happened(anna, {"plan": "free"}, is_valid=False)
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    run(backfill.PROFILES)

    assert traits_of(anna) == {}


def test_the_columns_that_lists_search_follow() -> None:
    anna = ProfileFactory()
    happened(anna, {"mail": "Anna@Example.com"})
    plan_type(profile={"data.contact.email.main": {"equals": "properties.mail"}})

    run(backfill.PROFILES)

    anna.refresh_from_db()
    assert (anna.email, anna.is_anonymous) == ("anna@example.com", False)


@pytest.mark.parametrize(
    ("profile", "options", "message"),
    [
        ({"stats.n": {"increment": 1}}, {}, "change no field that can be copied again"),
        ({"stats.n": {"increment": 1}}, {"fields": ["stats.n"]}, "stats.n: it counts events"),
        ({"traits.a": {"equals": "properties.a"}}, {"fields": ["traits.b"]}, "traits.b: events of this type do not"),
        ({"traits.a": {"equals": "properties.a"}}, {"since": JANUARY, "until": JANUARY}, "ends before it begins"),
        ({"no.field": "equals"}, {}, "The event type is broken: profile.no.field"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    profile: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    plan_type(profile=profile)

    with pytest.raises(backfill.CannotBackfill, match=message):
        backfill.plan(backfill.PROFILES, "plan-chosen", **{"since": None, "until": None, **options})


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(backfill.CannotBackfill, match="no event type 'unheard-of'"):
        backfill.plan(backfill.TRAITS, "unheard-of", since=None, until=None)


def test_the_command_starts_a_task_in_the_queue_of_its_kind() -> None:
    plan_type(traits={"data.plan": "plan"})

    call_command("backfill", "traits", "plan-chosen", "--since", "2026-01-01", stdout=StringIO())

    task = Task.objects.get()
    assert (task.kind, task.requested_by) == (backfill.TRAITS, "A command")
    assert task.params == {"type": "plan-chosen", "since": "2026-01-01T00:00:00+00:00", "until": None}
    assert tasks.kind_of(task).queue is INDEX_TRAITS


def test_the_command_says_what_is_wrong() -> None:
    with pytest.raises(CommandError, match="no event type"):
        call_command("backfill", "profiles", "unheard-of")
