"""A silence is told of once, also of people who were merged since, or whose merge was undone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.events.event_types import planned
from apps.events.models import Event
from apps.events.resolution import by_hand, unmerging
from apps.heartbeats.models import Silence
from apps.profiles.models import Merge, Profile
from apps.sessions.models import Session
from tests.factories import ANNA
from tests.heartbeats.beating import ago, beat, let_pass, said
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
REARM = pytest.mark.parametrize("rearm", ["once", "silence"])


def visit(shop: Shop, session: str, **since: float) -> Profile:
    shop.now = ago(**since)
    shop.track("page-view", session=session)
    return person(id=Session.objects.get(client_id=session).profile_id)


def merge(one: Profile, other: Profile) -> Merge:
    return by_hand.merge(one.id, other.id, actor=ANNA, now=timezone.now())


def undo(row: Merge) -> None:
    unmerging.undo(row.id, actor=ANNA, rules=planned.rules(), now=timezone.now())


@REARM
@pytest.mark.parametrize("told_first", ["who was active last", "who was active first"])
def test_a_merge_between_two_runs_gives_no_second_one(shop: Shop, rearm: str, told_first: str) -> None:
    row = HeartbeatFactory(rearm=rearm)
    anna, bo = visit(shop, "anna", days=5), visit(shop, "bo", days=4)
    assert beat(row) == 2

    merge(anna, bo)

    assert beat(row) == 0
    let_pass(days=1)
    assert len(said("profile-inactive")) == 2


@REARM
def test_who_was_told_of_is_not_again_as_a_part_of_somebody_else(shop: Shop, rearm: str) -> None:
    """The one who stays was not told of: they were silent for long before."""
    row = HeartbeatFactory(rearm=rearm, first_run="ripening")
    row.counted_from = ago(days=6)
    row.save()
    old = visit(shop, "old", days=30)
    anna = visit(shop, "anna", days=5)
    assert beat(row) == 1

    merge(old, anna)

    assert old.id == Profile.objects.get().id
    assert beat(row) == 0
    assert said("profile-inactive") == [anna.id]


def test_who_is_active_as_one_person_and_silent_again_is_told_of_once_more(shop: Shop) -> None:
    row, once = HeartbeatFactory(rearm="silence"), HeartbeatFactory(rearm="once")
    anna, bo = visit(shop, "anna", days=9), visit(shop, "bo", days=8)
    assert (beat(row), beat(once)) == (2, 2)
    merge(anna, bo)

    visit(shop, "bo", days=3)

    assert (beat(row), beat(once)) == (1, 0)


@REARM
def test_what_was_said_of_a_person_counts_for_each_once_the_merge_is_undone(shop: Shop, rearm: str) -> None:
    row = HeartbeatFactory(rearm=rearm)
    anna, bo = visit(shop, "anna", days=9), visit(shop, "bo", days=8)
    made = merge(anna, bo)
    assert beat(row) == 1

    undo(made)

    assert Profile.objects.get(id=anna.id).last_active_at == anna.last_active_at
    assert Profile.objects.get(id=bo.id).last_active_at == bo.last_active_at
    assert beat(row) == 0
    assert Silence.objects.filter(said_at__isnull=False).count() == 1


def test_each_has_the_activity_of_their_own_after_a_merge_is_undone(shop: Shop) -> None:
    row = HeartbeatFactory(rearm="silence", wait_period=timedelta(days=2))
    anna, bo = visit(shop, "anna", days=9), visit(shop, "bo", days=9)
    made = merge(anna, bo)
    visit(shop, "bo", days=5)
    visit(shop, "anna", hours=1)
    assert beat(row) == 0

    undo(made)

    # Bo was silent for five days, which nobody had noticed as long as Anna was taken for them.
    assert beat(row) == 1
    assert Event.objects.get(type="profile-inactive").profile_id == bo.id
    assert beat(row) == 0


def test_sessions_of_merged_people_are_closed_once(shop: Shop) -> None:
    row = HeartbeatFactory(strategy="session-not-closed", rearm="silence")
    anna, bo = visit(shop, "anna", days=5), visit(shop, "bo", days=4)
    assert beat(row) == 2
    late = visit(shop, "late", days=3)
    merge(anna, bo)
    made = merge(Profile.objects.exclude(id=late.id).get(), late)

    assert beat(row) == 1
    undo(made)
    shop.settle()

    assert beat(row) == 0
    closed = Event.objects.filter(type="session-closed")
    assert closed.count() == closed.values("session_id").distinct().count() == 3
    assert closed.order_by("-time")[0].profile_id == late.id
