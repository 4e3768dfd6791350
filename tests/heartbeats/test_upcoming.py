"""What is shown before anything is said: how many it would be, and when it is somebody's turn."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.heartbeats import preview, upcoming
from apps.heartbeats.models import Heartbeat, HeartbeatRun, Silence
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import MembershipFactory, SegmentFactory
from tests.heartbeats.beating import ago, beat
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
NEAR = timedelta(seconds=60)


def visit(shop: Shop, session: str, **since: float) -> Profile:
    shop.now = ago(**since)
    shop.track("page-view", session=session)
    return Profile.objects.get(id=Session.objects.get(client_id=session).profile_id)


def test_a_preview_counts_what_a_run_would_say_and_writes_nothing(shop: Shop) -> None:
    people = [visit(shop, f"p{number}", days=30 - number).id for number in range(12)]
    visit(shop, "here", hours=1)
    row = HeartbeatFactory()

    found = preview.preview(row)

    assert (found.n_due, found.n_left_out, found.is_exact) == (12, 0, True)
    assert [silent.id for silent in found.sample] == people[:10]
    assert not Silence.objects.exists()
    assert not HeartbeatRun.objects.exists()
    assert beat(row) == 12
    assert preview.preview(row).n_due == 0


def test_a_preview_counts_those_apart_who_were_silent_before(shop: Shop) -> None:
    for days in (3, 4, 30):
        visit(shop, f"{days}", days=days)
    new = Heartbeat(strategy="inactive-profile", event_type="profile-inactive", wait_period=timedelta(days=1))

    found = preview.preview(new)  # as if it was switched on now

    assert (found.n_due, found.n_left_out, found.sample) == (0, 3, [])
    new.first_run = Heartbeat.FirstRun.ALL
    assert preview.preview(new).n_due == 3


def test_a_preview_that_takes_too_long_says_that_there_are_more(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "PAGE", 2)
    for days in (3, 4, 30):
        visit(shop, f"{days}", days=days)

    found = preview.preview(HeartbeatFactory(), secs=0)

    assert (found.n_due, found.is_exact) == (2, False)
    assert preview.preview(HeartbeatFactory()).n_due == 3


def test_a_persons_page_says_when_they_will_be_called_inactive(shop: Shop) -> None:
    anna = visit(shop, "anna", days=4)
    week, day = HeartbeatFactory(wait_period=timedelta(days=7)), HeartbeatFactory(wait_period=timedelta(days=1))
    HeartbeatFactory(is_enabled=False)
    HeartbeatFactory(segment=SegmentFactory())
    HeartbeatFactory(strategy="session-not-closed")
    assert beat(day) == 1

    told, coming = upcoming.of_profile(anna)

    assert (told.heartbeat, told.is_told) == (day, True)
    assert told.said_at == pytest.approx(timezone.now(), abs=NEAR)
    assert (coming.heartbeat, coming.is_told, coming.said_at) == (week, False, None)
    assert coming.ripens_at == pytest.approx(ago(days=-3), abs=NEAR)


def test_who_was_silent_before_a_heartbeat_began_is_left_out(shop: Shop) -> None:
    anna = visit(shop, "anna", days=4)
    row = HeartbeatFactory(first_run=Heartbeat.FirstRun.RIPENING)
    row.counted_from = ago(days=1)
    row.save()

    [left_out] = upcoming.of_profile(anna)

    assert (left_out.heartbeat, left_out.is_told, left_out.is_left_out, left_out.runs_at) == (row, False, True, None)


def test_what_a_command_said_of_somebody_is_told(shop: Shop) -> None:
    anna = visit(shop, "anna", days=4)
    call_command("heartbeat", "--strategy", "inactive-profile", "--wait-period", "1 day", stdout=StringIO())

    [told] = upcoming.of_profile(anna)

    assert (told.heartbeat, told.is_told) == (None, True)
    assert told.said_at == pytest.approx(timezone.now(), abs=NEAR)


def test_who_comes_back_will_be_called_inactive_again_or_never(shop: Shop) -> None:
    visit(shop, "anna", days=4)
    once, again = HeartbeatFactory(rearm="once"), HeartbeatFactory(rearm="silence")
    assert (beat(once), beat(again)) == (1, 1)

    anna = visit(shop, "anna", hours=2)

    assert {each.heartbeat: each.is_told for each in upcoming.of_profile(anna)} == {once: True, again: False}


def test_a_sessions_page_says_when_it_will_be_closed_and_that_it_was(shop: Shop) -> None:
    visit(shop, "anna", hours=1)
    row = HeartbeatFactory(strategy="session-not-closed", wait_period=timedelta(hours=2), source=shop.source)
    members = SegmentFactory()
    HeartbeatFactory(strategy="inactive-session", segment=members)
    session = Session.objects.get()

    [coming] = upcoming.of_session(session)
    assert (coming.heartbeat, coming.is_told) == (row, False)
    assert coming.ripens_at == pytest.approx(ago(hours=-1), abs=NEAR)
    MembershipFactory(segment=members, profile_id=session.profile_id)
    assert len(upcoming.of_session(session)) == 2

    Session.objects.update(last_active_at=ago(hours=3))
    assert beat(row) == 1
    [told] = upcoming.of_session(Session.objects.get())
    assert (told.heartbeat, told.is_told) == (row, True)
