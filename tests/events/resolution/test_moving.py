"""Events and sessions that follow a merged profile: all of them, whoever moves them and however often."""

from uuid import UUID

import pytest
from django.db import connections

from apps.core import locks
from apps.events import jobs
from apps.events.models import Event
from apps.events.resolution import by_hand, moving
from apps.events.store.timeline import page_of_events
from apps.profiles import ledger
from apps.profiles.models import Merge, Profile
from apps.sessions.models import Session
from tests.factories import ANNA
from tests.shop import Shop


@pytest.fixture
def merged(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> tuple[Profile, UUID]:
    """A visitor of a few events, merged into another; pages are small."""
    monkeypatch.setattr(moving, "PAGE", 2)
    shop.track("page-view", session="first")
    shop.track(*["page-view"] * 5, session="second")
    shop.track("page-view", session="third", profile={"id": str(Profile.objects.order_by("id")[1].id)})
    kept, gone = Profile.objects.order_by("id").values_list("id", flat=True)
    by_hand.merge(kept, gone, actor=ANNA, now=shop.later(seconds=1))
    return Profile.objects.get(), gone


def listed(profile: Profile) -> int:
    return sum(len(events) for _, events in page_of_events(profile_id=profile.id).days)


def test_readers_see_all_before_anything_is_moved(merged: tuple[Profile, UUID]) -> None:
    profile, gone = merged

    assert Event.objects.filter(profile_id=gone).exists()
    assert listed(profile) == profile.event_count == Event.objects.count()
    assert Session.objects.filter(ledger.belonging_to(profile.id)).count() == 3


def test_everything_is_moved_page_by_page(merged: tuple[Profile, UUID]) -> None:
    profile, gone = merged

    assert jobs.move_merged() == "1 merges are finished."

    assert set(Event.objects.values_list("profile_id", flat=True)) == {profile.id}
    assert set(Session.objects.values_list("profile_id", flat=True)) == {profile.id}
    assert Event.objects.filter(original_profile_id=gone).exists()
    assert listed(profile) == profile.event_count
    assert moving.move(secs=10) == 0


def test_between_pages_others_have_their_turn(merged: tuple[Profile, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    monkeypatch.setattr(moving.time, "sleep", rests.append)

    moving.move(secs=60)

    assert len(rests) >= 2
    assert all(0 < rest <= moving.MAX_REST_SECS for rest in rests)


def test_what_is_not_finished_in_time_goes_on_the_next_time(merged: tuple[Profile, UUID]) -> None:
    assert moving.move(secs=0) == 0
    assert Merge.objects.filter(moved_at=None).exists()

    assert moving.move(secs=10) == 1


@pytest.mark.django_db(transaction=True)
def test_one_mover_at_a_time_is_enough(merged: tuple[Profile, UUID]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import transaction

    def move() -> int:
        try:
            return moving.move(secs=10)
        finally:
            connections.close_all()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        assert locks.try_by_name(moving.LOCK)
        assert pool.submit(move).result(timeout=30) == 0

    assert moving.move(secs=10) == 1
