"""In the background computed traits become what stored events say, windows slide, and everybody gets scores."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core import tasks
from apps.core.models import Task
from apps.core.upsert import update
from apps.events import jobs
from apps.events.computed_traits import definitions as computed_traits
from apps.events.computed_traits import recomputing
from apps.events.computed_traits.counter import Counter
from apps.events.models import ComputedTrait, Event
from apps.events.resolution import by_hand
from apps.profiles.models import Dirty, Merge, Profile, ProfileQuerySet, ScoreScale
from tests.factories import ANNA, NOON, ComputedTraitFactory, EventFactory, ProfileFactory
from tests.shop import Shop

ORDERED = "order-completed"
pytestmark = pytest.mark.django_db


def define(key: str, function: str = "count", **parts: Any) -> ComputedTrait:
    path = "" if function in ("count", "first_time", "last_time") else "properties.total"
    row = ComputedTraitFactory.build(
        **{"key": key, "function": function, "event_types": [ORDERED], "path": path, **parts}
    )
    computed_traits.save(row)
    return row


def happened(profile: Profile, *totals: Any, at: datetime = NOON, **parts: Any) -> None:
    """Store events as they were before there were traits."""
    for number, total in enumerate(totals):
        time, ids = at + timedelta(seconds=number), {"profile_id": profile.id, "original_profile_id": profile.id}
        EventFactory(**{"time": time, "type": ORDERED, "properties": {"total": total}, **ids, **parts})


def recount(now: datetime = NOON) -> int:
    """Count whatever waits, page by page, and return the number of pages."""
    n_pages = 0
    while recomputing.recount_page(computed_traits.read(), now=now):
        n_pages += 1
    return n_pages


def run_task() -> Task:
    task = tasks.create(recomputing.KIND, params={}, requested_by="anna", now=timezone.now())
    while tasks.run(task.pk, secs=60):
        pass
    task.refresh_from_db()
    assert task.state == Task.State.DONE, task.message
    return task


def said(profile: Profile) -> dict[str, Any]:
    profile.refresh_from_db()
    return profile.computed


def test_a_new_trait_is_counted_from_the_events_that_are_stored() -> None:
    anna, bert = ProfileFactory.create_batch(2)
    happened(anna, 0.1, 0.2)
    happened(anna, 99, type="page-view")
    define("orders")
    define("revenue", "sum")

    recount()

    assert said(anna) == {"orders": 2, "revenue": 0.3}
    assert said(bert) == {}
    assert {anna.computed_version, bert.computed_version} == {computed_traits.read().version}


def test_events_that_are_flagged_as_invalid_do_not_count() -> None:
    anna = ProfileFactory()
    happened(anna, 5)
    happened(anna, 7, is_valid=False)
    define("revenue", "sum")

    recount()

    assert said(anna) == {"revenue": 5}


def test_only_what_changed_is_counted_anew() -> None:
    anna = ProfileFactory()
    define("orders")
    recount()
    # It was kept since, and its events are no longer stored.
    Profile.objects.update(computed_states={"orders": {"is": "count", "aggregate": 7}}, computed={"orders": 7})
    happened(anna, 5)
    define("revenue", "sum")

    recount()

    assert said(anna) == {"orders": 7, "revenue": 5}


def test_only_those_of_whom_something_else_is_said_are_looked_at_again() -> None:
    anna, _bert = ProfileFactory.create_batch(2)
    happened(anna, 5)
    define("orders")

    recount()

    assert Dirty.objects.get().profile_id == anna.id


def test_a_changed_trait_keeps_what_it_said_until_its_turn_comes() -> None:
    anna = ProfileFactory()
    happened(anna, 5, 7)
    row = define("orders", "count")
    recount()

    row.function, row.path = "sum", "properties.total"
    computed_traits.save(row)

    assert said(anna) == {"orders": 2}
    recount()
    assert said(anna) == {"orders": 12}


def test_a_trait_that_is_switched_off_or_deleted_disappears() -> None:
    anna = ProfileFactory()
    happened(anna, 5)
    off, _deleted = define("off"), define("deleted")
    recount()

    off.is_enabled = False
    computed_traits.save(off)
    computed_traits.delete(ComputedTrait.objects.filter(key="deleted"))
    recount()

    assert said(anna) == anna.computed_states == {}


def test_a_window_counts_the_days_in_it_alone() -> None:
    anna = ProfileFactory()
    happened(anna, 1, at=NOON - timedelta(days=7))
    happened(anna, 2, at=NOON - timedelta(days=6))
    define("week", "sum", days=7)

    recount()

    assert said(anna) == {"week": 2}
    assert anna.computed_until == NOON.date() + timedelta(days=1)


def test_windows_of_people_who_do_nothing_slide_on() -> None:
    anna, bert = ProfileFactory.create_batch(2)
    happened(anna, 5)
    happened(anna, 7, at=NOON - timedelta(days=6))
    happened(bert, 9, at=NOON - timedelta(days=6))
    define("week", "sum", days=7)
    recount()
    tomorrow = NOON + timedelta(days=1)

    assert recomputing.refresh_page(now=NOON) == 0
    assert recomputing.refresh_page(now=tomorrow) == 2
    assert recomputing.refresh_page(now=tomorrow) == 0

    assert said(anna) == {"week": 5}
    assert (said(bert), bert.computed_states, bert.computed_until) == ({}, {}, None)


def test_pages_are_cut_by_profiles_and_by_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "MAX_PROFILES", 4)
    monkeypatch.setattr(recomputing, "MAX_EVENTS", 10)
    for number, event_count in enumerate((1, 1, 1, 1, 1, 6, 6, 99)):
        ProfileFactory(event_count=event_count, name=str(number))
    define("orders")

    pages = []
    while n_done := recomputing.recount_page(computed_traits.read(), now=NOON):
        pages.append(n_done)

    assert sum(pages) == 8
    assert max(pages) <= 4
    assert len(pages) >= 3  # 6, 6 and 99 events share a page with no second one of them


def test_scores_are_those_of_the_whole_population() -> None:
    people = ProfileFactory.create_batch(5)
    for number, profile in enumerate(people, start=1):
        happened(profile, *[10] * number, at=NOON - timedelta(days=10 - number))
    define("rfm", "rfm")

    task = run_task()

    assert [said(profile)["rfm"]["text"] for profile in people] == ["111", "222", "333", "444", "555"]
    assert ScoreScale.objects.get().n_profiles == 5
    assert task.progress == task.total == 10  # each was counted and scored


def test_people_who_are_alike_have_the_same_score() -> None:
    people = ProfileFactory.create_batch(10)
    for profile in people[:6]:
        happened(profile, 10)
    for profile in people[6:]:
        happened(profile, 10, 5)
    define("rfm", "rfm")

    run_task()

    assert [said(profile)["rfm"]["frequency"] for profile in people] == [3] * 6 + [5] * 4


def test_a_task_that_was_interrupted_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recomputing, "MAX_PROFILES", 2)
    people = ProfileFactory.create_batch(5)
    for profile in people:
        happened(profile, 10)
    define("rfm", "rfm")
    task = tasks.create(recomputing.KIND, params={}, requested_by="anna", now=timezone.now())

    while tasks.run(task.pk, secs=0.01):  # as if the worker died after each step
        pass

    assert {said(profile)["rfm"]["text"] for profile in people} == {"555"}
    assert recomputing.is_needed(now=timezone.now()) is False


def test_the_clock_starts_a_task_when_there_is_something_to_do() -> None:
    assert jobs.compute_traits() == "All is up to date."
    ProfileFactory()
    define("orders")

    assert jobs.compute_traits() == "A task was started."
    assert jobs.compute_traits() == "It is under way."
    assert Task.objects.get().requested_by == "clock"


def test_scores_are_due_once_a_day() -> None:
    happened(ProfileFactory(), 10)
    define("rfm", "rfm")
    run_task()
    now = timezone.now()

    assert recomputing.is_needed(now=now) is False
    assert recomputing.is_needed(now=now + timedelta(days=1)) is True


def test_the_command_does_it_here_and_now() -> None:
    anna = ProfileFactory()
    happened(anna, 10)
    define("orders")
    out = StringIO()

    call_command("compute_traits", stdout=out)

    assert out.getvalue() == "1 profiles; all is up to date.\n"
    assert said(anna) == {"orders": 1}


def test_the_command_counts_again_what_it_is_told() -> None:
    anna = ProfileFactory()
    happened(anna, 10)
    define("orders")
    recount()
    Profile.objects.update(computed_states={"orders": {"is": "count", "aggregate": 7}}, computed={"orders": 7})

    call_command("compute_traits", again=["orders"], stdout=StringIO())

    assert said(anna) == {"orders": 1}
    with pytest.raises(CommandError, match="no computed trait nothing"):
        call_command("compute_traits", again=["nothing"])


def test_the_command_says_that_somebody_cancelled_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    define("orders")

    def meanwhile(task_id: UUID, **_: float) -> bool:
        tasks.cancel([task_id], by="otto", now=timezone.now())
        return False

    monkeypatch.setattr(tasks, "run", meanwhile)

    with pytest.raises(CommandError, match="Somebody has cancelled it"):
        call_command("compute_traits", stdout=StringIO())


def test_while_a_task_is_paused_the_clock_starts_no_other() -> None:
    ProfileFactory()
    define("orders")
    task = tasks.create(recomputing.KIND, params={}, requested_by="anna", now=timezone.now())
    tasks.pause([task.pk], by="anna", now=timezone.now())

    assert jobs.compute_traits() == "It is under way."

    tasks.cancel([task.pk], by="anna", now=timezone.now())
    assert jobs.compute_traits() == "A task was started."


def test_columns_are_written_alone() -> None:
    anna = ProfileFactory(name="Anna", computed={"orders": 1})
    anna.name, anna.computed = "Not to be written", {"orders": 2}

    update(Profile, [anna], ["computed"])
    update(Profile, [], ["computed"])

    anna.refresh_from_db()
    assert (anna.name, anna.computed) == ("Anna", {"orders": 2})


def test_a_value_is_the_same_counted_now_or_from_the_database() -> None:
    """Numbers come back from the database in another shape: 5.0 and 4e16 as 5.0 and 40000000000000000."""
    anna = ProfileFactory()
    values = [5.0, 4.026968851312394e16, 9e17, 1e-7, -0.0, 1e22, 0.1, 123456789.125, True, "7.50"]
    for function in ("sum", "min", "max", "last", "distinct", "most_frequent", "average"):
        define(function, function)
    definitions = computed_traits.read()
    counter = Counter(definitions, today=NOON.date())
    for number, value in enumerate(values):
        at = NOON + timedelta(seconds=number)
        happened(anna, value, at=at)
        event = {"type": ORDERED, "properties": {"total": value}, "traits": {}, "context": {}}
        event_id = Event.objects.get(time=at).id
        counter.count(anna.computed_states, event, time=at, event_id=event_id, version=definitions.version)

    stored = recomputing.count_stored([anna.id], definitions, now=NOON)

    assert stored[anna.id] == anna.computed_states


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Let something happen between the count of a profile with many events and the lock of its row."""
    monkeypatch.setattr(recomputing, "MAX_EVENTS", 5)
    count_ahead = recomputing._count_ahead

    def happens(what: Callable[[], None]) -> None:
        def count_and_wait(*args: Any, **kwargs: Any) -> Any:
            ahead = count_ahead(*args, **kwargs)
            what()
            return ahead

        monkeypatch.setattr(recomputing, "_count_ahead", count_and_wait)

    return happens


def people_with_orders(shop: Shop) -> tuple[Profile, Profile]:
    """Two people, of whom the first has more orders than a page counts."""
    for number in range(5):
        shop.call("track", anonymousId="phone", event=ORDERED, properties={"total": number})
    shop.call("track", anonymousId="laptop", event=ORDERED, properties={"total": 10})
    first, second = Profile.objects.order_by("id")
    return first, second


def test_a_profile_with_many_events_is_counted_before_its_row_is_held(
    shop: Shop, meanwhile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, other = people_with_orders(shop)
    other.delete()  # who is taken first of those that wait for the same is open
    define("revenue", "sum")
    count, locked, done = recomputing._count, ProfileQuerySet.locked, []
    monkeypatch.setattr(recomputing, "_count", lambda *args, **more: done.append("count") or count(*args, **more))
    monkeypatch.setattr(ProfileQuerySet, "locked", lambda *args: done.append("hold") or locked(*args))
    meanwhile(lambda: None)

    recomputing.recount_page(computed_traits.read(), now=NOON)

    assert done == ["count", "hold"]
    assert said(anna) == {"revenue": 10}


def test_what_is_stored_meanwhile_counts_whenever_it_happened(shop: Shop, meanwhile: Any) -> None:
    anna, _ = people_with_orders(shop)
    define("revenue", "sum")
    define("earliest", "first")
    late = NOON - timedelta(days=3)

    def order() -> None:
        shop.call("track", anonymousId="phone", event=ORDERED, properties={"total": 100})
        shop.call("track", anonymousId="phone", event=ORDERED, properties={"total": 1000}, time=late)

    meanwhile(order)
    recount()

    assert said(anna) == {"revenue": 1110, "earliest": 1000}


def test_what_comes_by_a_merge_meanwhile_counts_and_what_goes_by_its_undoing_does_not(
    shop: Shop, meanwhile: Any
) -> None:
    anna, bert = people_with_orders(shop)
    define("revenue", "sum")
    meanwhile(lambda: merge_by_hand(anna, bert, shop))
    recount()
    assert said(anna) == {"revenue": 20}

    computed_traits.renew(ComputedTrait.objects.all(), actor=ANNA, now=NOON)
    meanwhile(lambda: shop.undo(Merge.objects.get(), settles=False))
    recount()

    assert said(anna) == {"revenue": 10}
    assert said(bert) == {"revenue": 10}


def merge_by_hand(one: Profile, other: Profile, shop: Shop) -> None:
    if not Merge.objects.exists():
        by_hand.merge(one.id, other.id, actor=ANNA, now=shop.later(seconds=1))
