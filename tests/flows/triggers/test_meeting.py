"""What happens meets what runs wait for."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.collector.payload import PayloadEvent
from apps.core.ids import new_id
from apps.flows.models import AwaitedType, Run, Wait
from apps.flows.runs import awaited
from apps.flows.triggers import meeting
from apps.flows.triggers.happened import Happened
from apps.profiles.models import Profile
from tests.factories import NOON, ProfileFactory
from tests.flows.factories import RunFactory, WaitFactory

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def anna() -> Profile:
    return ProfileFactory()


def happened(person: Profile | None, type: str = "purchase", **values: Any) -> Happened:
    parts = {"time": LATER, "properties": {"order": {"id": "A-7"}}}
    said = {name: values.pop(name) for name in ("time", "properties") if name in values}
    return Happened(PayloadEvent(type, id=new_id(), **{**parts, **said}), person, **values)


def meet(*events: Happened, types: frozenset[str] = frozenset({"purchase"})) -> set[Any]:
    return meeting.meet(events, types=types, now=LATER)


def due(wait: Wait) -> datetime | None:
    return Run.objects.get(pk=wait.run_id).due_at


def met(wait: Wait) -> list[str]:
    wait.refresh_from_db()
    return [event["id"] for event in wait.met]


def test_a_run_that_waited_for_it_is_due_and_is_told_what_happened(anna: Profile) -> None:
    wait, event = WaitFactory(profile_id=anna.id), happened(anna)

    assert meet(event) == {wait.run_id}

    assert due(wait) == LATER
    wait.refresh_from_db()
    assert wait.met == [event.snapshot]
    assert wait.met[0]["properties"] == {"order": {"id": "A-7"}}


def test_events_are_kept_in_their_order_until_the_run_goes_on(anna: Profile) -> None:
    wait, events = WaitFactory(profile_id=anna.id), [happened(anna) for _ in range(3)]
    meet(*events[:2])
    meet(events[2])

    assert met(wait) == [str(event.said.id) for event in events]


def test_what_happens_to_others_or_is_something_else_wakes_nobody(anna: Profile) -> None:
    wait = WaitFactory(profile_id=anna.id)

    assert meet(happened(ProfileFactory()), happened(anna, "refund"), happened(None)) == set()

    assert due(wait) == NOON + timedelta(days=1)
    assert met(wait) == []


@pytest.mark.parametrize(("said", "is_met"), [("A-7", True), ("A-8", False), (None, False)])
def test_only_what_says_the_same_is_waited_for(anna: Profile, said: str | None, is_met: bool) -> None:
    wait = WaitFactory(profile_id=anna.id, match={"properties.order.id": "A-7"})

    meet(happened(anna, properties={"order": {"id": said}}))

    assert bool(met(wait)) is is_met


def test_of_two_names_for_one_thing_one_meets_the_other(anna: Profile) -> None:
    waits = [WaitFactory(profile_id=anna.id, type=type) for type in ("product-added", "product-added-to-basket")]

    meet(happened(anna, "product-added"), types=frozenset({"product-added", "product-added-to-basket"}))

    assert [len(met(wait)) for wait in waits] == [1, 1]


def test_anything_is_everything(anna: Profile) -> None:
    wait = WaitFactory(profile_id=anna.id, type=Wait.ANYTHING)

    meet(happened(anna, "whatever"), types=frozenset({Wait.ANYTHING}))

    assert len(met(wait)) == 1


@pytest.mark.parametrize(("kind", "is_met"), [(Wait.Kind.EVENT, False), (Wait.Kind.EXIT, True), (Wait.Kind.GOAL, True)])
def test_history_counts_for_exits_and_goals_and_lets_no_node_go_on(
    anna: Profile, kind: Wait.Kind, is_met: bool
) -> None:
    wait = WaitFactory(profile_id=anna.id, kind=kind)

    meet(happened(anna, is_silent=True))

    assert bool(met(wait)) is is_met


@pytest.mark.parametrize(
    ("days", "is_silent", "is_met"), [(-900, True, False), (0, True, True), (1, True, True), (-900, False, True)]
)
def test_what_happened_before_a_run_began_and_is_told_as_history_ends_no_run(
    anna: Profile, days: int, is_silent: bool, is_met: bool
) -> None:
    run = RunFactory(profile_id=anna.id, started_at=NOON)
    wait = WaitFactory(run_id=run.id, profile_id=anna.id, kind=Wait.Kind.EXIT)

    meet(happened(anna, time=NOON + timedelta(days=days), is_silent=is_silent))

    assert bool(met(wait)) is is_met


@pytest.mark.parametrize(("minutes", "is_met"), [(-1, True), (0, True), (1, False)])
def test_a_goal_is_reached_in_time_or_not_at_all(anna: Profile, minutes: int, is_met: bool) -> None:
    """By the time of the event: what arrives late may have happened in time."""
    wait = WaitFactory(profile_id=anna.id, kind=Wait.Kind.GOAL, expires_at=NOON)

    meet(happened(anna, time=NOON + timedelta(minutes=minutes)))

    assert bool(met(wait)) is is_met


def test_while_its_flow_is_paused_a_run_is_due_when_that_ends(anna: Profile) -> None:
    run = RunFactory(profile_id=anna.id, due_at=None, held_due_at=NOON + timedelta(days=9))
    WaitFactory(profile_id=anna.id, run_id=run.id)

    meet(happened(anna))

    run.refresh_from_db()
    assert (run.due_at, run.held_due_at) == (None, LATER)


def test_a_run_that_is_over_is_due_once_more_for_its_goal(anna: Profile) -> None:
    run = RunFactory(profile_id=anna.id, due_at=None, status=Run.Status.FINISHED)
    WaitFactory(profile_id=anna.id, run_id=run.id, kind=Wait.Kind.GOAL)

    meet(happened(anna))

    run.refresh_from_db()
    assert run.due_at == LATER


def test_a_run_that_is_due_already_is_not_put_off(anna: Profile) -> None:
    run = RunFactory(profile_id=anna.id, due_at=NOON)
    WaitFactory(profile_id=anna.id, run_id=run.id)

    meet(happened(anna))

    run.refresh_from_db()
    assert run.due_at == NOON


def test_one_that_was_given_up_stays_so(anna: Profile) -> None:
    run = RunFactory(profile_id=anna.id, due_at=None, dead_at=NOON)
    WaitFactory(profile_id=anna.id, run_id=run.id)

    meet(happened(anna))

    run.refresh_from_db()
    assert run.due_at is None


@pytest.mark.parametrize("count", [1, 30])
def test_the_number_of_statements_does_not_grow(count: int) -> None:
    people = ProfileFactory.create_batch(count)
    for person in people:
        WaitFactory(profile_id=person.id)

    with CaptureQueriesContext(connection) as captured:
        assert len(meet(*[happened(person) for person in people])) == count

    assert len(captured) == 3


def test_no_statement_is_spent_on_what_nobody_has_ever_waited_for(anna: Profile) -> None:
    with CaptureQueriesContext(connection) as captured:
        meet(happened(anna), types=frozenset())

    assert not captured.captured_queries


def test_a_type_is_noted_once(anna: Profile) -> None:
    awaited.note(["purchase", "refund", "purchase"])
    awaited.note(["purchase", Wait.ANYTHING])

    assert awaited.current.get() == {"purchase", "refund", Wait.ANYTHING}
    with CaptureQueriesContext(connection) as captured:
        awaited.note(["refund"])
    assert not captured.captured_queries
    assert AwaitedType.objects.count() == 3


def test_the_list_is_read_again_where_it_is_not_as_long_any_more_or_nobody_has_looked() -> None:
    AwaitedType.objects.create(type="purchase")
    for length, n_statements in ((1, 0), (2, 1), (None, 1)):
        awaited.current.get()
        with CaptureQueriesContext(connection) as captured:
            assert awaited.types(length) == {"purchase"}
        assert len(captured) == n_statements
