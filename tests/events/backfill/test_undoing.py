"""A run is undone: what it changed and nobody changed since is again as it was, value and provenance."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from apps.core import tasks
from apps.core.models import Task
from apps.events import jobs
from apps.events.backfill import images
from apps.events.backfill.selection import PROFILES, TRAITS, CannotBackfill
from apps.events.models import BackfilledEvent, BackfilledField, BackfillPerson
from apps.events.resolution import by_hand
from apps.profiles import editing
from apps.profiles.holdings import holdings, person_of
from apps.profiles.models import Dirty, Profile
from tests.events.backfill.acting import JANUARY, carry_on, happened, plan_type, run, start, traits_of, undo
from tests.factories import ANNA, ProfileFactory

pytestmark = pytest.mark.django_db


def plan_is_set(**more: Any) -> None:
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}, **more})


def all_of(profile: Profile) -> dict[str, Any]:
    found = Profile.objects.filter(pk=profile.pk).values().get()
    del found["updated_at"]
    return found


def test_what_a_run_changed_is_as_it_was() -> None:
    anna = ProfileFactory(traits={"plan": None}, provenance={"traits.plan": [JANUARY.isoformat(), "x", ""]})
    ben = ProfileFactory(traits={"other": 1})
    before = all_of(anna), all_of(ben)
    for person in (anna, ben):
        happened(person, {"plan": "pro", "mail": "p@example.com"}, day=1)
    plan_is_set(**{"data.contact.email.main": {"equals": "properties.mail"}})
    task = run()
    assert all_of(anna) != before[0]

    undone = undo(task)

    assert (all_of(anna)["traits"], all_of(ben)["traits"]) == (before[0]["traits"], before[1]["traits"])
    assert (all_of(anna)["provenance"], all_of(ben)["provenance"]) == (before[0]["provenance"], before[1]["provenance"])
    assert (all_of(anna)["email"], all_of(anna)["is_anonymous"]) == (before[0]["email"], before[0]["is_anonymous"])
    assert undone.message == "6 values are as they were; 0 were changed since, and stay"
    assert set(Dirty.objects.values_list("profile_id", flat=True)) >= {anna.pk, ben.pk}


def test_what_somebody_changed_since_stays() -> None:
    anna, ben = ProfileFactory(), ProfileFactory()
    for person in (anna, ben):
        happened(person, {"plan": "pro"})
    plan_is_set()
    task = run()
    editing.edit(anna.pk, {"traits.plan": "special"}, actor=ANNA, now=timezone.now())

    undone = undo(task)

    assert (traits_of(anna), traits_of(ben)) == ({"plan": "special"}, {})
    assert undone.message == "1 values are as they were; 1 were changed since, and stay"


def test_what_somebody_confirmed_since_stays_although_the_value_is_the_same() -> None:
    anna = ProfileFactory()
    happened(anna, {"plan": "pro"})
    plan_is_set()
    task = run()
    editing.edit(anna.pk, {"traits.plan": "pro"}, actor=ANNA, now=timezone.now())

    undo(task)

    assert traits_of(anna) == {"plan": "pro"}


def test_a_field_that_was_changed_on_two_pages_is_as_it_was_before_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.events.backfill.profiles.EVENTS", 1)
    anna = ProfileFactory(traits={"plan": "older"})
    for day, name in ((3, "team"), (1, "free"), (2, "pro")):
        happened(anna, {"plan": name}, day=day)
    plan_is_set()

    undo(run())

    assert traits_of(anna) == {"plan": "older"}


def test_undoing_survives_a_merge_and_finds_what_the_merge_had_put_aside() -> None:
    said = [(JANUARY - timedelta(days=1)).isoformat(), "x", ""]
    kept = ProfileFactory(primary_id="1", traits={"plan": "of old"}, provenance={"traits.plan": said})
    gone = ProfileFactory()
    happened(gone, {"plan": "pro"})
    plan_is_set()
    task = run()
    by_hand.merge(kept.pk, gone.pk, actor=ANNA, now=timezone.now())
    assert traits_of(kept) == {"plan": "pro"}

    undone = undo(task)

    assert traits_of(kept) == {"plan": "of old"}
    assert undone.message.startswith("1 values are as they were")


def test_an_address_that_came_since_keeps_somebody_reachable() -> None:
    anna = ProfileFactory()
    happened(anna, {"mail": "p@example.com"}, day=1)
    plan_is_set(**{"data.contact.email.main": {"equals": "properties.mail"}})
    task = run()
    anna.refresh_from_db()
    anna.data["contact"]["phone"] = {"main": "+47 1234567"}
    anna.save()

    undo(task)

    anna.refresh_from_db()
    assert (anna.email, anna.data["anonymous"]) == (None, False)


def test_the_traits_of_events_are_as_they_were_but_for_those_that_changed_since() -> None:
    first, second = happened(None, {"plan": "pro"}, traits={"old": 1}), happened(None, {"plan": "free"})
    plan_type(traits={"data.plan": "plan"})
    task = run(TRAITS)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_event SET traits = '{\"own\": 1}' WHERE id = %s", [second.pk])

    undone = undo(task)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.traits, second.traits) == ({"old": 1}, {"own": 1})
    assert undone.message == "1 values are as they were; 1 were changed since, and stay"


def test_only_a_run_that_has_ended_and_changed_something_is_undone() -> None:
    anna = ProfileFactory()
    happened(anna, {"plan": "pro"})
    plan_is_set()
    task = start()
    with pytest.raises(CannotBackfill, match="has not ended yet"):
        jobs.undo_backfill(task.pk, actor=ANNA, now=timezone.now())
    undo(carry_on(task))

    with pytest.raises(CannotBackfill, match="Nothing of the run can be undone"):
        jobs.undo_backfill(task.pk, actor=ANNA, now=timezone.now())
    with pytest.raises(CannotBackfill, match="no such run"):
        jobs.undo_backfill(anna.pk, actor=ANNA, now=timezone.now())


@pytest.mark.parametrize(("kind", "table"), [(PROFILES, BackfilledField), (TRAITS, BackfilledEvent)])
def test_what_was_before_is_forgotten_after_some_weeks(kind: str, table: Any) -> None:
    happened(ProfileFactory(), {"plan": "pro"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}}, traits={"data.plan": "plan"})
    task = run(kind)
    now = timezone.now()

    assert images.expire(now=now + timedelta(days=29)) == 0
    assert images.expire(now=now + timedelta(days=31)) == 1

    assert not table.objects.exists()
    assert Task.objects.filter(pk=task.pk).exists()


def test_who_was_not_reached_is_forgotten_once_a_run_is_over_for_good() -> None:
    task = start_listed()
    Task.objects.filter(pk=task.pk).update(state=Task.State.FAILED, finished_at=timezone.now())
    assert images.expire(now=timezone.now() + timedelta(days=99)) == 0, "it may be tried again"

    Task.objects.filter(pk=task.pk).update(state=Task.State.CANCELLED)
    assert images.expire(now=timezone.now()) == 1

    assert not BackfillPerson.objects.exists()


def start_listed() -> Task:
    """Start a run that has listed one person, and done no more."""
    happened(ProfileFactory(), {"plan": "pro"})
    plan_is_set()
    task = start()
    tasks._advance(task.pk)
    assert BackfillPerson.objects.count() == 1
    return task


def test_what_is_kept_of_a_person_is_exported_and_goes_with_them() -> None:
    anna, ben = ProfileFactory(), ProfileFactory()
    for person in (anna, ben):
        happened(person, {"plan": "pro"})
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}}, traits={"data.plan": "plan"})
    run(PROFILES)
    run(TRAITS)
    person = person_of(anna)

    assert [row["after"] for row in holdings["backfilled"].rows(person)] == [["pro"]]
    assert [row["before"] for row in holdings["backfilled-events"].rows(person)] == [{}]
    for name in ("backfilled", "backfilled-events"):
        assert holdings[name].erase(person, limit=10) == 1

    assert set(BackfilledField.objects.values_list("profile_id", flat=True)) == {ben.pk}
    assert set(BackfilledEvent.objects.values_list("profile_id", flat=True)) == {ben.pk}
