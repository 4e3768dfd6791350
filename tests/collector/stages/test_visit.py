"""Sessions and visits, and the events that tell of them."""

from datetime import timedelta
from typing import Any

import pytest

from apps.collector.payload import Batch, Payload, PayloadEvent
from apps.collector.stages.visit import visit
from apps.core.ids import new_id
from apps.profiles.identity import Claim
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import NOON, IdentifierFactory, ProfileFactory, SessionFactory, payload

HOUR = timedelta(hours=1)


def event(type_: str = "page-view", at: timedelta = timedelta()) -> PayloadEvent:
    return PayloadEvent(type=type_, time=NOON + at)


def visited(*events: PayloadEvent, known: Session | None = None, new: Profile | None = None, **values: Any) -> Payload:
    found = payload(*events, **{"session_key": known.id if known else new_id(), "session_ref": "anna", **values})
    batch = Batch([found], NOON, sessions={known.id: known} if known else {})
    if new:
        found.raw_profile_id = new.id
        batch.directory.unannounced.add(new.id)
    visit(batch)
    return found


def told(found: Payload) -> list[str]:
    return [event.type for event in found.going if event.is_system]


def test_a_new_session_of_a_new_profile_is_told_of_in_order() -> None:
    profile = ProfileFactory.build()

    found = visited(event(), profile=profile, raw_profile_id=profile.id, new=profile)

    assert told(found) == ["profile-created", "session-opened", "visit-started"]
    assert [event.happened_at - NOON for event in found.going] == [timedelta(seconds=secs) for secs in (-3, -2, -1, 0)]
    ids = [event.id for event in found.going]
    assert ids == sorted(ids)
    assert found.going[2].properties == {"trigger-event-types": ["page-view"]}
    assert (profile.visit_count, found.going[-1].visit_count, profile.visit_started_at) == (1, 1, NOON)
    assert found.session is not None
    assert (found.session.profile_id, found.session.client_id, found.session.event_count) == (profile.id, "anna", 1)


@pytest.mark.parametrize(
    ("at", "status", "type_", "names"),
    [
        (timedelta(minutes=5), "active", "page-view", []),
        (HOUR, "active", "page-view", ["visit-started"]),
        (timedelta(minutes=5), "ended", "page-view", ["visit-started"]),
        (HOUR, "active", "visit-ended", []),
        (timedelta(minutes=-5), "active", "page-view", []),
        (timedelta(minutes=-5), "ended", "page-view", []),
        (-HOUR, "active", "page-view", ["visit-started"]),
        (-HOUR, "ended", "page-view", ["visit-started"]),
    ],
)
def test_a_known_session_begins_a_visit_after_a_pause_or_an_end(
    at: timedelta, status: str, type_: str, names: list[str]
) -> None:
    assert told(visited(event(type_, at), known=SessionFactory.build(status=status, visit_count=1))) == names


# Three visits: their events, in minutes after noon.
STAY = [0, 20, 40, 180, 190, 400]


@pytest.mark.parametrize("order", [STAY, STAY[::-1], [180, 0, 400, 20, 190, 40]])
@pytest.mark.parametrize("size", [1, 2, 6])
@pytest.mark.parametrize("names_session", [True, False])
def test_how_events_are_packed_and_in_which_order_they_come_is_no_matter(
    order: list[int], size: int, names_session: bool
) -> None:
    profile, device = ProfileFactory.build(), new_id()
    batch = Batch([], NOON + 24 * HOUR)
    batch.directory.identifiers[device] = IdentifierFactory.build(id=device, profile=profile, session_id=None)
    size = size if names_session else 1
    chunks = [order[start : start + size] for start in range(0, len(order), size)]
    key = new_id() if names_session else None
    batch.payloads = [
        payload(
            *[event(at=timedelta(minutes=minutes)) for minutes in chunk],
            session_key=key,
            claim=Claim() if names_session else Claim(anonymous_id="d"),
            profile=profile,
            raw_profile_id=profile.id,
        )
        for chunk in chunks
    ]
    if not names_session:
        for each in batch.payloads:
            assert each.claim.device
            batch.directory.identifiers[each.claim.device] = batch.directory.identifiers[device]

    visit(batch)

    names = [each.type for one in batch.payloads for each in one.going if each.is_system]
    assert names.count("visit-started") == profile.visit_count == 3
    assert sum(session.visit_count for session in batch.sessions.values()) == 3
    assert sum(session.event_count for session in batch.sessions.values()) == 6
    assert profile.visit_started_at == NOON + timedelta(minutes=400)


def test_each_visit_of_a_payload_is_told_of_before_its_first_event() -> None:
    profile = ProfileFactory.build()

    found = visited(
        event("a"), event("b"), event("visit-ended"), event("c", HOUR), profile=profile, raw_profile_id=profile.id
    )

    assert [each.type for each in found.going] == [
        *("session-opened", "visit-started", "a", "b", "visit-ended"),
        *("visit-started", "c"),
    ]
    assert [each.properties.get("trigger-event-types") for each in found.going if each.type == "visit-started"] == [
        ["a", "b", "visit-ended"],
        ["c"],
    ]
    assert [each.visit_count for each in found.going] == [1, 1, 1, 1, 1, 2, 2]
    ids = [each.id for each in found.going]
    assert ids == sorted(ids)


def test_visits_open_again_after_our_own_clock_was_ahead_for_a_moment() -> None:
    known = SessionFactory.build(status="active", visit_count=1)
    profile = known.profile
    ahead = timedelta(days=400)
    for at, now in [(HOUR, HOUR), (ahead, ahead), (2 * HOUR, 2 * HOUR), (3 * HOUR, 3 * HOUR)]:
        found = payload(event(at=at), session_key=known.id, profile=profile, raw_profile_id=profile.id)
        visit(Batch([found], NOON + now, sessions={known.id: known}))
        profile.last_seen_at = NOON + at

    assert (known.visit_count, known.last_seen_at) == (5, NOON + 3 * HOUR)
    assert profile.visit_started_at == NOON + 3 * HOUR


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
    first, again = payload(event(), session_key=key), payload(event(), session_key=key)
    again.events[0].is_duplicate = True
    again.settle()

    visit(Batch([first, again], NOON))

    assert again.session is first.session is not None
    assert first.session.event_count == 1
