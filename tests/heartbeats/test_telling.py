"""Of whom a heartbeat speaks, how often, and what it says."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.events.models import Event
from apps.heartbeats import definitions
from apps.heartbeats.models import Heartbeat, HeartbeatRun, Silence
from apps.profiles import erasure
from apps.profiles.jobs import start_erasure
from apps.profiles.models import PrivacyRequest, Profile
from apps.sessions.models import Session
from tests.factories import (
    ANNA,
    ConsentTypeFactory,
    EventTypeFactory,
    MembershipFactory,
    SegmentFactory,
    SourceFactory,
)
from tests.heartbeats.beating import ago, beat, let_pass, said
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop, person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
DAY = timedelta(days=1)


def visit(shop: Shop, session: str, *events: Any, **since: float) -> Profile:
    """Let somebody be active so long ago, and return them."""
    shop.now = ago(**since)
    shop.track(*(events or ("page-view",)), session=session)
    return person(id=Session.objects.get(client_id=session).profile_id)


def test_who_is_silent_for_long_enough_is_called_inactive_once(shop: Shop) -> None:
    anna = visit(shop, "anna", days=3)
    visit(shop, "bo", hours=3)
    row = HeartbeatFactory(wait_period=2 * DAY)

    assert beat(row) == 1
    assert beat(row) == 0

    event = Event.objects.get(type="profile-inactive")
    assert event.profile_id == anna.id
    assert event.time == anna.last_active_at + 2 * DAY  # when the silence ripened, and not when somebody noticed
    assert event.properties["heartbeat"] == row.name
    assert event.properties["strategy"] == "inactive-profile"
    assert event.properties["last_active_at"] == anna.last_active_at.isoformat()
    assert event.properties["wait_secs"] == 2 * 86_400
    assert event.properties["inactive_secs"] == pytest.approx(3 * 86_400 - 60, abs=50)
    assert not event.is_silent  # flows may start
    assert Silence.objects.get().said_at is not None


def test_what_the_platform_says_is_no_activity(shop: Shop) -> None:
    anna = visit(shop, "anna", days=3)

    assert beat(HeartbeatFactory(wait_period=DAY)) == 1

    after = person(id=anna.id)
    assert (after.last_active_at, after.last_seen_at) == (anna.last_active_at, anna.last_seen_at)
    assert beat(HeartbeatFactory(wait_period=2 * DAY)) == 1


@pytest.mark.parametrize(("rearm", "n_said"), [("once", 0), ("silence", 1)])
def test_who_comes_back_and_is_silent_again(shop: Shop, rearm: str, n_said: int) -> None:
    row = HeartbeatFactory(rearm=rearm)
    visit(shop, "anna", days=5)
    assert beat(row) == 1

    visit(shop, "anna", days=2)

    assert beat(row) == n_said
    assert beat(row) == 0


def test_those_who_were_silent_when_it_began_are_left_out(shop: Shop) -> None:
    row = HeartbeatFactory(first_run="ripening", wait_period=3 * DAY)
    row.counted_from = ago(days=1)
    row.save()
    visit(shop, "long-gone", days=30)
    visit(shop, "gone", days=4.5)  # ripened half a day before
    ripe = visit(shop, "ripe", days=3.5)

    assert beat(row) == 1
    assert said("profile-inactive") == [ripe.id]


def test_whoever_chooses_nothing_floods_nobody(shop: Shop) -> None:
    for number in range(3):
        visit(shop, f"long-gone-{number}", days=30)
    new = Heartbeat(name="New", strategy="inactive-profile", wait_period=DAY)
    definitions.save(new, now=timezone.now())

    assert [beat(new), beat(new)] == [0, 0]
    assert HeartbeatRun.objects.filter(n_seen=0).count() == 2
    assert said("profile-inactive") == []


def test_who_was_silent_again_before_each_silence_counted_is_left_out(shop: Shop) -> None:
    row = HeartbeatFactory(first_run="ripening")
    visit(shop, "anna", days=9)
    assert beat(row) == 1
    visit(shop, "anna", days=5)
    assert beat(row) == 0

    row.refresh_from_db()
    row.rearm = "silence"
    definitions.save(row, now=timezone.now())

    assert beat(row) == 0
    let_pass(days=2)
    visit(shop, "anna", days=1.5)
    assert beat(row) == 1


def test_no_more_are_said_in_a_run_than_may_be_and_the_rest_comes_with_the_next(shop: Shop) -> None:
    people = [visit(shop, f"p{number}", days=9 - number).id for number in range(5)]
    row = HeartbeatFactory(max_per_run=2)

    assert [beat(row) for _ in range(4)] == [2, 2, 1, 0]
    assert said("profile-inactive") == people
    runs = HeartbeatRun.objects.order_by("id")
    assert [(run.n_said, run.is_complete) for run in runs] == [(2, False), (2, False), (1, True), (0, True)]


def test_a_client_that_said_so_itself_is_not_told_again(shop: Shop) -> None:
    EventTypeFactory(type="we-miss-you")
    visit(shop, "anna", "page-view", "we-miss-you", days=3)
    bo = visit(shop, "bo", "page-view", days=3)
    row = HeartbeatFactory(event_type="We Miss You", rearm="silence")

    assert beat(row) == 1

    [event] = Event.objects.filter(type="we-miss-you", properties__has_key="heartbeat")
    assert event.profile_id == bo.id
    assert Silence.objects.filter(said_at=None).count() == 1
    assert HeartbeatRun.objects.get().n_suppressed == 1
    assert person(id=bo.id).last_active_at == bo.last_active_at  # though it counts as an event


@pytest.mark.parametrize(("rearm", "n_said"), [("once", 0), ("silence", 1)])
def test_what_a_client_said_of_an_earlier_silence_counts_only_where_it_is_said_once(
    shop: Shop, rearm: str, n_said: int
) -> None:
    EventTypeFactory(type="we-miss-you")
    visit(shop, "anna", "we-miss-you", days=9)
    visit(shop, "anna", days=3)

    assert beat(HeartbeatFactory(event_type="we-miss-you", rearm=rearm)) == n_said


def test_bots_are_nobody_unless_they_are_asked_for(shop: Shop) -> None:
    visit(shop, "robot", days=3)
    Session.objects.update(is_bot=True)

    assert beat(HeartbeatFactory()) == 0
    assert beat(HeartbeatFactory(strategy="inactive-session")) == 0
    assert beat(HeartbeatFactory(includes_bots=True)) == 1


def test_what_was_said_of_the_session_of_somebody_who_was_made_anonymous_is_not_said_again(shop: Shop) -> None:
    anna = visit(shop, "anna", days=3)
    row = HeartbeatFactory(strategy="inactive-session", rearm="silence")
    assert beat(row) == 1

    kind = PrivacyRequest.Kind.ANONYMISE
    request = start_erasure(anna.id, kind=kind, reference="T-1", actor=ANNA, at=timezone.now())

    assert request.finished_at
    assert Session.objects.get().status != Session.Status.ENDED
    assert beat(row) == 0


def test_who_was_erased_is_nobody_and_leaves_no_silence(shop: Shop) -> None:
    anna = visit(shop, "anna", days=3)
    row = HeartbeatFactory()
    closing = HeartbeatFactory(strategy="session-not-closed")
    assert (beat(row), beat(closing)) == (1, 1)

    erasure.begin(anna.id, kind=PrivacyRequest.Kind.ERASE, reference="ticket 7", actor=ANNA, at=timezone.now())

    assert not Silence.objects.exists()
    assert beat(row) == 0


def test_those_come_who_are_in_the_scope(shop: Shop) -> None:
    here, there = shop.source, SourceFactory()
    visit(shop, "anna", days=3)
    shop.source = there
    bo = visit(shop, "bo", days=3)

    assert beat(HeartbeatFactory(source=there)) == 1
    assert said("profile-inactive") == [bo.id]
    assert beat(HeartbeatFactory(source=there, strategy="session-not-closed")) == 1
    assert Session.objects.get(status=Session.Status.ENDED).client_id == "bo"
    assert beat(HeartbeatFactory(source=here)) == 1


def test_only_members_of_a_segment(shop: Shop) -> None:
    anna = visit(shop, "anna", days=3)
    visit(shop, "bo", days=3)
    members = SegmentFactory(key="vip")
    MembershipFactory(segment=members, profile_id=anna.id)
    left = visit(shop, "left", days=3)
    MembershipFactory(segment=members, profile_id=left.id, left_at=ago(days=1), left_because="time")

    assert beat(HeartbeatFactory(segment=members)) == 1
    assert said("profile-inactive") == [anna.id]


def test_only_those_who_have_agreed_and_have_not_withdrawn(shop: Shop) -> None:
    letters = ConsentTypeFactory(id="letters")
    agreed = {"type": "consent-update", "properties": {"consents": {"letters": True}}}
    withdrawn = {"type": "consent-update", "properties": {"consents": {"letters": False}}}
    visit(shop, "never", days=3)
    anna = visit(shop, "anna", agreed, days=3)
    visit(shop, "bo", agreed, days=4)
    visit(shop, "bo", withdrawn, days=3)

    assert beat(HeartbeatFactory(consent=letters)) == 1
    assert said("profile-inactive") == [anna.id]


def test_only_those_of_whom_a_condition_holds_also_one_of_their_history(shop: Shop) -> None:
    anna = visit(shop, "anna", "order-completed", days=3)
    visit(shop, "bo", days=3)

    assert beat(HeartbeatFactory(condition='DID("Order Completed") AND profile@events.count >= 1')) == 1
    assert said("profile-inactive") == [anna.id]


def test_a_session_of_nobody_is_closed_and_nothing_is_said(shop: Shop) -> None:
    visit(shop, "anna", days=3)
    Session.objects.update(profile_id=None, original_profile_id=None)

    assert beat(HeartbeatFactory(strategy="session-not-closed")) == 0
    assert Session.objects.get().status == Session.Status.ENDED
    assert said("session-closed") == []


def test_history_was_when_it_was(shop: Shop) -> None:
    shop.now = timezone.now()
    shop.call("track", userId="anna", event="bought", time=ago(days=40), historical=True)
    shop.call("track", userId="bo", event="bought", time=ago(days=20), historical=True)
    shop.call("track", userId="bo", event="bought", time=ago(days=30), historical=True)

    assert beat(HeartbeatFactory(wait_period=25 * DAY)) == 1
    assert said("profile-inactive") == [person(primary_id="anna").id]
    assert person(primary_id="bo").last_active_at == pytest.approx(ago(days=20), abs=timedelta(seconds=60))


@pytest.mark.parametrize("strategy", ["inactive-profile", "inactive-session", "session-not-closed"])
def test_what_fell_silent_in_history_starts_no_flow(shop: Shop, strategy: str) -> None:
    row = HeartbeatFactory(strategy=strategy, wait_period=25 * DAY)
    shop.now = timezone.now()
    shop.call("track", userId="anna", anonymousId="a", event="bought", time=ago(days=40), historical=True)
    shop.now = ago(days=40)
    shop.call("track", userId="bo", anonymousId="b", event="bought")

    assert beat(row) == 2

    told = Event.objects.filter(type=row.event_type)
    assert {event.profile_id: event.is_silent for event in told} == {
        person(primary_id="anna").id: True,
        person(primary_id="bo").id: False,
    }
