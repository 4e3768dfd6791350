"""Sessions and visits, and the events that tell of them."""

from datetime import timedelta
from typing import Any

import pytest

from apps.collector.stages.visit import visit
from apps.collector.track import Batch, Track, TrackedEvent
from apps.core.ids import new_id
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import NOON, ProfileFactory, SessionFactory, track

HOUR = timedelta(hours=1)


def event(type_: str = "page-view", at: timedelta = timedelta()) -> TrackedEvent:
    return TrackedEvent(type=type_, time=NOON + at)


def visited(*events: TrackedEvent, known: Session | None = None, new: Profile | None = None, **values: Any) -> Track:
    found = track(*events, **{"session_key": known.id if known else new_id(), "session_ref": "anna", **values})
    batch = Batch([found], NOON, sessions={known.id: known} if known else {})
    if new:
        found.raw_profile_id = new.id
        batch.directory.unannounced.add(new.id)
    visit(batch)
    return found


def told(found: Track) -> list[str]:
    return [event.type for event in found.going if event.is_system]


def test_a_new_session_of_a_new_profile_is_told_of_in_order() -> None:
    profile = ProfileFactory.build()

    found = visited(event(), profile=profile, raw_profile_id=profile.id, new=profile)

    assert told(found) == ["profile-created", "session-opened", "visit-started"]
    assert [event.happened_at - NOON for event in found.going] == [timedelta(seconds=secs) for secs in (-3, -2, -1, 0)]
    ids = [event.id for event in found.going]
    assert ids == sorted(ids)
    assert found.going[2].properties == {"trigger-event-types": ["page-view"]}
    assert (profile.visit_count, found.visit_count, profile.visit_started_at) == (1, 1, NOON)
    assert found.session is not None
    assert (found.session.profile_id, found.session.client_id, found.session.event_count) == (profile.id, "anna", 1)


@pytest.mark.parametrize(
    ("at", "status", "type_", "names"),
    [
        (timedelta(minutes=5), "active", "page-view", []),
        (HOUR, "active", "page-view", ["visit-started"]),
        (timedelta(minutes=5), "ended", "page-view", ["visit-started"]),
        (HOUR, "active", "visit-ended", []),
        (-HOUR, "active", "page-view", []),
        (-HOUR, "ended", "page-view", []),
    ],
)
def test_a_known_session_begins_a_visit_after_a_pause_or_an_end(
    at: timedelta, status: str, type_: str, names: list[str]
) -> None:
    assert told(visited(event(type_, at), known=SessionFactory.build(status=status))) == names


def test_a_client_that_tells_of_a_new_profile_itself_is_not_repeated() -> None:
    profile = ProfileFactory.build()

    assert told(visited(event("profile-created"), profile=profile, new=profile)) == ["session-opened", "visit-started"]


@pytest.mark.parametrize("is_known", [True, False])
def test_what_does_not_keep_its_session_leaves_none_behind(is_known: bool) -> None:
    known = SessionFactory.build() if is_known else None

    found = visited(event(at=HOUR), known=known, saves_session=False)

    assert told(found) == []
    if known:
        assert (known.event_count, known.visit_count, known.last_seen_at) == (0, 0, NOON)
    else:
        assert found.session is None


def test_a_profile_that_is_not_kept_is_not_announced_and_owns_no_session() -> None:
    profile = ProfileFactory.build()

    found = visited(event(), profile=profile, new=profile, saves_profile=False)

    assert told(found) == ["session-opened", "visit-started"]
    assert found.session is not None
    assert found.session.profile_id is None


def test_a_repetition_gets_the_session_of_the_first_in_the_same_batch() -> None:
    key = new_id()
    first, again = track(event(), session_key=key), track(event(), session_key=key)
    again.events[0].is_duplicate = True
    again.settle()

    visit(Batch([first, again], NOON))

    assert again.session is first.session is not None
    assert first.session.event_count == 1
