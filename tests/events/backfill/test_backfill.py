"""A changed mapping reaches stored events and their profiles: the newest wins, and nothing counts twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.core.ids import new_id
from apps.events.backfill import people, profiles
from apps.events.backfill import traits as traits_task
from apps.events.backfill.selection import PROFILES, TRAITS, CannotBackfill, Selection, plan
from apps.events.models import BackfillHold, BackfillPerson, Event
from apps.profiles.models import Profile
from tests.events.backfill.acting import JANUARY, carry_on, happened, plan_type, run, start, traits_of
from tests.factories import AliasFactory, ProfileFactory

pytestmark = pytest.mark.django_db


def test_stored_events_get_the_traits_of_the_changed_type() -> None:
    event = happened(None, {"plan": "pro"})
    other = happened(None, {"plan": "pro"}, type="something-else")
    plan_type(traits={"data.plan": "plan"})

    task = run(TRAITS)

    event.refresh_from_db()
    other.refresh_from_db()
    assert event.traits == {"data": {"plan": "pro"}}
    assert other.traits == {}
    assert (task.state, task.progress, task.total, task.message) == ("done", 1, 1, "1 events got other traits")


def test_traits_that_are_as_they_should_be_are_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traits_task, "EVENTS", 2)
    for number in range(5):
        happened(None, {"plan": str(number)})
    plan_type(traits={"data.plan": "plan"})
    run(TRAITS)

    again = run(TRAITS)

    assert (again.progress, again.message) == (5, "0 events got other traits")


def test_only_the_period_is_worked_on() -> None:
    anna = ProfileFactory()
    for day in range(4):
        happened(anna, {"plan": f"plan {day}"}, day=day)
    plan_type(profile={"traits.plans": {"append_unique": "properties.plan"}})

    run(PROFILES, since=JANUARY + timedelta(days=1), until=JANUARY + timedelta(days=3))

    assert traits_of(anna) == {"plans": ["plan 1", "plan 2"]}


def test_the_newest_event_wins_whatever_the_order_of_arrival(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "EVENTS", 1)
    anna = ProfileFactory()
    for day, name in ((3, "team"), (1, "free"), (2, "pro")):
        happened(anna, {"plan": name}, day=day)
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}, "traits.first": {"first": "properties.plan"}})

    task = run(PROFILES)

    assert traits_of(anna) == {"plan": "team", "first": "free"}
    assert (task.state, task.progress, task.total) == ("done", 3, 3)


def test_a_run_that_is_repeated_changes_nothing() -> None:
    anna = ProfileFactory()
    for day, name in ((3, "team"), (1, "free")):
        happened(anna, {"plan": name}, day=day)
    plan_type(profile={"traits.plans": {"append_unique": "properties.plan"}, "traits.last": {"last_time": None}})
    run(PROFILES)
    before = Profile.objects.values().get()

    again = run(PROFILES)

    assert Profile.objects.values().get() == before
    assert again.message == "0 fields changed, of 0 people"


def test_what_somebody_entered_since_is_not_overwritten() -> None:
    entered = [(JANUARY + timedelta(days=9)).isoformat(), "user:1"]
    anna = ProfileFactory(traits={"plan": "special"}, provenance={"traits.plan": entered})
    happened(anna, {"plan": "free"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    run(PROFILES)

    assert traits_of(anna) == {"plan": "special"}


def test_sums_are_left_out_of_a_run_over_all_fields() -> None:
    anna = ProfileFactory(stats={"chosen": 1})
    happened(anna, {"plan": "free"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}, "stats.chosen": {"increment": 1}})

    run(PROFILES)

    anna.refresh_from_db()
    assert (anna.traits, anna.stats) == ({"plan": "free"}, {"chosen": 1})


def test_only_the_wanted_fields_are_copied() -> None:
    anna = ProfileFactory()
    happened(anna, {"plan": "free"})
    plan_type(profile={"traits.a": {"equals": "properties.plan"}, "traits.b": {"equals": "properties.plan"}})

    run(PROFILES, fields=("traits.b",))

    assert traits_of(anna) == {"b": "free"}


def test_events_of_merged_profiles_reach_the_living_one() -> None:
    anna = ProfileFactory()
    old = AliasFactory(profile=anna).id
    happened(old, {"plan": "free"})
    happened(new_id(), {"plan": "of nobody"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    run(PROFILES)

    assert traits_of(anna) == {"plan": "free"}


def test_events_that_are_not_valid_are_left_alone() -> None:
    anna = ProfileFactory()
    happened(anna, {"plan": "free"}, is_valid=False)
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    run(PROFILES)

    assert traits_of(anna) == {}


def test_the_columns_that_lists_search_follow() -> None:
    anna = ProfileFactory()
    happened(anna, {"mail": "Anna@Example.com"})
    plan_type(profile={"data.contact.email.main": {"equals": "properties.mail"}})

    run(PROFILES)

    anna.refresh_from_db()
    assert (anna.email, anna.is_anonymous) == ("anna@example.com", False)


@pytest.mark.parametrize(
    ("profile", "options", "message"),
    [
        ({"stats.n": {"increment": 1}}, {}, "change no field that can be copied again"),
        ({"stats.n": {"increment": 1}}, {"fields": ("stats.n",)}, "stats.n: it counts events"),
        ({"traits.a": {"equals": "properties.a"}}, {"fields": ("traits.b",)}, "traits.b: events of this type do not"),
        ({"traits.a": {"equals": "properties.a"}}, {"since": JANUARY, "until": JANUARY}, "ends before it begins"),
        ({"no.field": "equals"}, {}, "The event type is broken: profile.no.field"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(
    profile: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    plan_type(profile=profile)

    with pytest.raises(CannotBackfill, match=message):
        plan(Selection(PROFILES, "plan-chosen", **options), at=timezone.now())


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(CannotBackfill, match="no event type 'unheard-of'"):
        plan(Selection(TRAITS, "unheard-of"), at=timezone.now())


def test_somebody_with_more_events_than_a_page_is_gone_through_in_several(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "EVENTS", 3)
    busy, calm = ProfileFactory(), ProfileFactory()
    for number in range(10):
        happened(busy, {"plan": f"plan {9 - number}"}, day=9 - number)
    happened(calm, {"plan": "free"})
    plan_type(
        profile={"traits.plans": {"append_unique": "properties.plan"}, "traits.first": {"first": "properties.plan"}}
    )

    task = run()

    assert traits_of(busy) == {"plans": [f"plan {number}" for number in range(10)], "first": "plan 0"}
    assert traits_of(calm)["plans"] == ["free"]
    assert (task.progress, task.total) == (11, 11)


def test_the_list_of_people_is_made_in_pages_and_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "LISTED", 2)
    monkeypatch.setattr(people, "MAX_PEOPLE", 2)
    everybody = [ProfileFactory() for _ in range(5)]
    for person in everybody:
        happened(person, {"plan": "free"})
    happened(new_id(), {"plan": "of nobody"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    task = run()

    assert all(traits_of(person) == {"plan": "free"} for person in everybody)
    assert task.message == "5 fields changed, of 5 people"
    assert not BackfillPerson.objects.exists()
    assert not BackfillHold.objects.exists()


def test_what_arrives_later_is_left_to_the_pipeline() -> None:
    anna = ProfileFactory()
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})
    happened(anna, {"plan": "free"})
    task = start()
    task.created_at -= timedelta(minutes=5)
    task.save()
    assert carry_on(task).progress == 0
    assert traits_of(anna) == {}


def test_only_the_events_of_a_source_and_of_a_condition_are_copied() -> None:
    shop = new_id()
    anna, ben = ProfileFactory(), ProfileFactory()
    happened(anna, {"plan": "free", "price": 3}, source_id=shop)
    happened(ben, {"plan": "pro", "price": 9}, source_id=shop)
    happened(ben, {"plan": "team", "price": 9})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})

    run(source=shop, condition="event@properties.price > 5")

    assert (traits_of(anna), traits_of(ben)) == ({}, {"plan": "pro"})


def test_a_condition_that_asks_about_people_is_refused() -> None:
    plan_type(traits={"data.plan": "plan"})

    with pytest.raises(CannotBackfill, match="cannot be asked about here"):
        plan(Selection(TRAITS, "plan-chosen", condition='profile@name = "Anna"'), at=timezone.now())


@pytest.mark.parametrize("kind", [PROFILES, TRAITS])
def test_a_few_events_are_found_among_many_of_their_type_page_by_page(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "LISTED", 2)
    monkeypatch.setattr(traits_task, "LOOKED_AT", 2)
    monkeypatch.setattr(traits_task, "EVENTS", 1)
    anna = ProfileFactory()
    wanted = [happened(anna, {"plan": f"plan {n}", "n": n}, day=n) for n in range(9)][3::4]
    plan_type(profile={"traits.plans": {"append_unique": "properties.plan"}}, traits={"data.plan": "plan"})

    task = run(kind, condition="event@properties.n = 3 OR event@properties.n = 7")

    assert (task.state, task.progress, task.total) == ("done", 2, 2)
    if kind == PROFILES:
        assert traits_of(anna) == {"plans": ["plan 3", "plan 7"]}
    else:
        told = Event.objects.exclude(traits={}).order_by("id").values_list("id", flat=True)
        assert list(told) == [event.pk for event in wanted]
