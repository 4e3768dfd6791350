"""When a visit begins and ends, and what events add to a session, in whatever order they come."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.core.ids import new_id
from apps.sessions import tracking
from apps.sessions.models import Session
from tests.factories import NOON, SessionFactory

MINUTE = timedelta(minutes=1)


def session(status: str = Session.Status.ACTIVE) -> Session:
    return SessionFactory.build(status=status)


@pytest.mark.parametrize(
    ("minutes", "is_over"), [(-600, False), (0, False), (30, False), (30.1, True), (60 * 24 * 400, True)]
)
def test_a_visit_is_over_after_half_an_hour_without_an_event(minutes: float, is_over: bool) -> None:
    assert tracking.is_over(session(), at=NOON + minutes * MINUTE) == is_over


@pytest.mark.parametrize(("minutes", "is_over"), [(0, True), (1, True), (-1, False)])
def test_what_follows_the_end_is_another_visit_and_what_comes_late_is_not(minutes: int, is_over: bool) -> None:
    assert tracking.is_over(session(Session.Status.ENDED), at=NOON + minutes * MINUTE) == is_over


def test_a_session_has_the_clients_id_or_one_of_ours() -> None:
    key, given = new_id(), str(uuid4())
    opened = [
        tracking.open_session(key=key, reference=reference, source_id=key, channel="Web", at=NOON, active_at=NOON)
        for reference in ("anna", given)
    ]
    lent = tracking.open_session(key=None, reference="", source_id=key, channel="", at=NOON, active_at=NOON)

    assert [each.client_id for each in opened] == ["anna", ""]
    assert [each.reference for each in opened] == ["anna", str(key)]
    assert lent.id not in (None, key)
    assert (opened[0].started_at, opened[0].last_seen_at, opened[0].duration_secs) == (NOON, NOON, 0)


def record(found: Session, minutes: int, type_: str = "page-view", page: str = "") -> None:
    tracking.record(found, event_type=type_, at=NOON + minutes * MINUTE, page=page)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_ends_and_pages_do_not_depend_on_the_order_of_arrival(order: tuple[int, ...]) -> None:
    found = SessionFactory.build(started_at=NOON + order[0] * MINUTE, last_seen_at=NOON + order[0] * MINUTE)

    for minutes in order:
        record(found, minutes, page=f"/{minutes}")

    assert (found.started_at, found.last_seen_at) == (NOON, NOON + 2 * MINUTE)
    assert (found.entry_page, found.exit_page) == ("/0", "/2")
    assert (found.event_count, found.page_count, found.duration_secs) == (3, 3, 120)


def test_only_views_count_as_pages_and_an_event_without_one_keeps_the_last() -> None:
    found = session()

    for minutes, (type_, page) in enumerate([("page-view", "/a"), ("sign-in", "/b"), ("screen-view", "/c"), ("x", "")]):
        record(found, minutes, type_, page)

    assert (found.event_count, found.page_count, found.entry_page, found.exit_page) == (4, 2, "/a", "/c")


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ([(0, "visit-ended")], "ended"),
        ([(0, "visit-ended"), (1, "page-view")], "active"),
        ([(2, "visit-ended"), (1, "page-view")], "ended"),  # the view came late
        ([(2, "page-view"), (1, "visit-ended")], "active"),  # so did the end
    ],
)
def test_a_late_event_neither_ends_nor_revives(events: list[tuple[int, str]], status: str) -> None:
    found = session()

    for minutes, type_ in events:
        record(found, minutes, type_)

    assert found.status == status


def test_a_visit_that_starts_is_counted() -> None:
    found = session(Session.Status.ENDED)

    tracking.start_visit(found, at=NOON)

    assert (found.visit_count, found.status) == (1, "started")


def test_newer_context_replaces_older_key_by_key() -> None:
    found = SessionFactory.build(context={"a": 1, "b": 1}, properties={"x": 1})

    found.merge_context({"b": 2}, {"y": 2})

    assert (found.context, found.properties) == ({"a": 1, "b": 2}, {"x": 1, "y": 2})
