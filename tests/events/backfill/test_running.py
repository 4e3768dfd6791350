"""Runs beside each other and beside people: refused, paused, cancelled, merged under, and with rows that fail."""

import os
import threading
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from apps.core import tasks
from apps.core.jobs import resume_tasks
from apps.core.models import Task
from apps.events import jobs
from apps.events.backfill.selection import PROFILES, TRAITS, CannotBackfill, Selection
from apps.events.event_types.traits import extract
from apps.events.models import Event, EventType, InboxItem
from apps.events.resolution import by_hand
from apps.profiles.models import Profile
from tests.events.backfill.acting import carry_on, happened, plan_type, run, start, traits_of
from tests.factories import ANNA, ProfileFactory


def one_step(task: Task) -> None:
    tasks._advance(task.pk)


def plan_is_set(**more: Any) -> EventType:
    return plan_type(profile={"traits.plan": {"equals": "properties.plan"}, **more})


@pytest.mark.django_db
def test_a_second_run_over_the_same_field_is_refused_with_the_name_of_the_first() -> None:
    plan_is_set(**{"traits.other": {"equals": "properties.other"}})
    first = start(fields=("traits.plan",))

    with pytest.raises(
        CannotBackfill,
        match=r"traits\.plan: another run works on it: Copy stored events to profiles: plan-chosen, which anna",
    ) as it:
        start()
    assert str(first.pk) in str(it.value)

    assert start(fields=("traits.other",)), "other fields are free"
    assert start(TRAITS), "and so are the traits of events"
    with pytest.raises(CannotBackfill, match="traits of plan-chosen: another run"):
        start(TRAITS)


@pytest.mark.django_db
def test_a_field_and_what_it_holds_are_one_to_runs() -> None:
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}, "traits.plan.name": {"equals": "properties.name"}})
    start(fields=("traits.plan",))

    with pytest.raises(CannotBackfill, match="another run works on it"):
        start(fields=("traits.plan.name",))


@pytest.mark.django_db
def test_a_run_that_has_ended_in_whatever_way_keeps_nobody_away() -> None:
    plan_is_set()
    tasks.cancel([start().pk], by="anna", now=timezone.now())
    run()
    start()


@pytest.mark.django_db
def test_a_run_that_failed_and_is_tried_again_finds_its_fields_taken() -> None:
    plan_is_set()
    failed = start()
    Task.objects.filter(pk=failed.pk).update(state=Task.State.FAILED)
    start()

    resume_tasks([failed.pk], by="anna", now=timezone.now())

    task = carry_on(failed)
    assert (task.state, "another run works on it" in task.message) == ("failed", True)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_are_started_at_once_one_is_refused() -> None:
    plan_is_set()
    told: list[str] = []
    both = threading.Barrier(2)

    def begin() -> None:
        both.wait()
        try:
            told.append(str(start().pk))
        except CannotBackfill as error:
            told.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=begin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [task] = Task.objects.all()
    assert sum(str(task.pk) == each for each in told) == 1
    assert sum("another run works on it" in each for each in told) == 1


@pytest.mark.django_db(transaction=True)
def test_who_is_made_anonymous_while_their_events_are_read_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    event = happened(ProfileFactory(), {"name": "Anna"})
    plan_type(traits={"data.name": "name"})

    def anonymise() -> None:
        Event.objects.filter(pk=event.pk).update(properties={}, traits={})
        connection.close()

    other = threading.Thread(target=anonymise)

    def meanwhile(*args: Any, **options: Any) -> Any:
        other.start()
        other.join(timeout=1)
        return extract(*args, **options)

    monkeypatch.setattr("apps.events.backfill.traits.extract", meanwhile)
    run(TRAITS)
    other.join()

    event.refresh_from_db()
    assert (event.properties, event.traits) == ({}, {})


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.events.backfill.profiles.EVENTS", 1)
    monkeypatch.setattr("apps.events.backfill.people.MAX_PEOPLE", 1)


@pytest.mark.django_db
@pytest.mark.usefixtures("small_pages")
def test_a_run_is_paused_goes_on_and_is_cancelled_between_two_pages() -> None:
    people = [ProfileFactory() for _ in range(4)]
    for person in people:
        happened(person, {"plan": "pro"})
    plan_is_set()
    task = start()
    one_step(task)
    one_step(task)
    tasks.pause([task.pk], by="anna", now=timezone.now())
    one_step(task)
    assert [bool(traits_of(person)) for person in people].count(True) == 1

    resume_tasks([task.pk], by="anna", now=timezone.now())
    one_step(task)
    tasks.cancel([task.pk], by="anna", now=timezone.now())
    one_step(task)

    assert [bool(traits_of(person)) for person in people].count(True) == 2
    task.refresh_from_db()
    assert task.state == "cancelled"


@pytest.mark.django_db
@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("is_moved", [True, False])
def test_nobody_is_lost_who_is_merged_while_a_run_goes_on(is_moved: bool) -> None:
    kept, gone = ProfileFactory(primary_id="1"), ProfileFactory()
    kept, gone = sorted((kept, gone), key=lambda each: each.pk)
    Profile.objects.filter(pk=kept.pk).update(primary_id="1")
    happened(kept, {"plan": "free"}, day=1)
    happened(gone, {"plan": "pro"}, day=2)
    plan_is_set()
    task = start()
    one_step(task)
    one_step(task)
    assert traits_of(kept) == {"plan": "free"}
    by_hand.merge(kept.pk, gone.pk, actor=ANNA, now=timezone.now())
    if is_moved:
        Event.objects.update(profile_id=kept.pk)

    assert carry_on(task).state == "done"

    assert traits_of(kept) == {"plan": "pro"}


@pytest.mark.django_db
@pytest.mark.usefixtures("small_pages")
def test_who_is_gone_is_passed_by() -> None:
    anna, ben = ProfileFactory(), ProfileFactory()
    for person in (anna, ben):
        happened(person, {"plan": "pro"})
    plan_is_set()
    task = start()
    one_step(task)
    Profile.objects.filter(pk=anna.pk).delete()

    assert carry_on(task).state == "done"

    assert traits_of(ben) == {"plan": "pro"}


@pytest.mark.django_db
def test_values_that_do_not_fit_are_listed_without_what_they_say_and_the_rest_is_copied() -> None:
    anna = ProfileFactory()
    event = happened(anna, {"birthday": "at anna@example.com", "plan": "pro"})
    plan_is_set(**{"data.pii.birthday": {"equals": "properties.birthday"}})

    task = run()

    assert traits_of(anna) == {"plan": "pro"}
    [failure] = task.failures.all()
    assert failure.row == f"event {event.pk}"
    assert failure.reason == "data.pii.birthday: Expected a date such as 2024-05-31, not a text."


@pytest.mark.django_db
@pytest.mark.usefixtures("small_pages")
def test_too_many_values_that_do_not_fit_pause_a_run_until_somebody_lets_it_go_on() -> None:
    for _ in range(14):
        happened(ProfileFactory(), {"birthday": "no day"})
    plan_type(profile={"data.pii.birthday": {"equals": "properties.birthday"}})

    task = carry_on(start())
    assert (task.state, task.n_failed) == ("paused", 11)

    resume_tasks([task.pk], by="anna", now=timezone.now())
    assert carry_on(task).state == "done"


@pytest.mark.django_db
def test_a_run_says_nothing_to_anybody() -> None:
    happened(ProfileFactory(), {"plan": "pro"})
    plan_is_set()
    n_before = Event.objects.count()

    run()

    assert (Event.objects.count(), InboxItem.objects.count()) == (n_before, 0)


@pytest.mark.django_db
def test_a_run_keeps_its_rate() -> None:
    for _ in range(3):
        happened(ProfileFactory(), {"plan": "pro"})
    plan_is_set()
    task = start(max_rate=1)
    one_step(task)
    one_step(task)
    task.refresh_from_db()

    assert task.progress == 1
    assert task.rests_until is not None
    assert (task.rests_until - task.advanced_at).total_seconds() > 0.5


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("small_pages")
def test_a_run_rests_while_others_work_and_not_otherwise() -> None:
    for _ in range(4):
        happened(ProfileFactory(), {"plan": "pro"})
    plan_is_set()
    task = start()
    one_step(task)
    one_step(task)
    task.refresh_from_db()
    assert (task.progress, task.rests_until) == (1, None)

    with psycopg.connect(os.environ["DATABASE_URL"], dbname=connection.settings_dict["NAME"]) as other:
        other.execute("SELECT 1")  # in the middle of a transaction
        began = timezone.now()
        one_step(task)

    task.refresh_from_db()
    assert task.progress == 2
    assert task.rests_until is not None
    worked = task.advanced_at - began
    assert timedelta(0) < task.rests_until - task.advanced_at <= tasks.REST_TIMES * worked


@pytest.mark.django_db
def test_kinds_are_asked_in_the_form_of_their_params() -> None:
    asked = Selection(
        PROFILES, "plan-chosen", condition="event@properties.a = 1", fields=("traits.plan",), only_flagged=False
    )

    assert Selection.of(PROFILES, asked.params) == asked
    assert "fields" not in Selection(TRAITS, "plan-chosen").params
    assert jobs.COPY_TO_PROFILES.name == "event_to_profile_coping:worker"
