"""Timelines: newest first, page by page, and in a few words."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.core.ids import new_id
from apps.events.models import Event
from apps.events.store import timeline
from tests.factories import NOON, EventFactory, ProfileFactory

MINUTE = timedelta(minutes=1)


pytestmark = pytest.mark.django_db


def walk(**filters: Any) -> list[Event]:
    seen: list[Event] = []
    before = None
    while True:
        page = timeline.page_of_events(before=before, **filters)
        seen += [event for _, events in page.days for event in events]
        if not page.after:
            return seen
        before = page.after


@pytest.mark.parametrize("n_events", [0, 1, timeline.PAGE, timeline.PAGE + 1, 2 * timeline.PAGE + 5])
def test_pages_show_each_event_once_newest_first(n_events: int) -> None:
    profile = ProfileFactory()
    # Many at the same time: the position between them is the id's.
    events = [EventFactory(profile_id=profile.id, time=NOON - (number // 7) * MINUTE) for number in range(n_events)]
    EventFactory(profile_id=new_id())

    assert walk(profile_id=profile.id) == sorted(events, key=lambda event: (event.time, event.id), reverse=True)


def test_one_type_can_be_looked_at() -> None:
    profile = ProfileFactory()
    wanted = EventFactory(profile_id=profile.id, type="search")
    EventFactory(profile_id=profile.id, type="page-view")

    assert walk(profile_id=profile.id, type="search") == [wanted]


def test_events_are_grouped_by_day_in_the_operators_time_zone(settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Tokyo"
    profile = ProfileFactory()
    for hours in (0, 2, 4):  # noon is nine in the evening there
        EventFactory(profile_id=profile.id, time=NOON + timedelta(hours=hours))

    days = timeline.page_of_events(profile_id=profile.id).days

    assert [(day, len(events)) for day, events in days] == [
        ("Tuesday, 24 November 2026", 1),
        ("Monday, 23 November 2026", 2),
    ]


@pytest.mark.parametrize(
    "before",
    ["", ",", "x", "2026-11-23T12:00:00+00:00", f"2026-11-23T12:00:00,{UUID(int=7)}", "2026-11-23T12:00:00+00:00,x"],
)
def test_a_broken_position_is_the_start(before: str) -> None:
    profile = ProfileFactory()
    EventFactory(profile_id=profile.id)

    assert len(timeline.page_of_events(profile_id=profile.id, before=before).days) == 1


@pytest.mark.parametrize(
    ("properties", "context", "gist"),
    [
        ({"id": "7", "name": "Shoes"}, {}, "Shoes"),
        ({"order_id": 17}, {"page": {"title": "Thanks"}}, "17"),
        ({"name": {"not": "a text"}}, {"page": {"title": "Thanks", "url": "/x"}}, "Thanks"),
        ({}, {"page": {"url": "/x"}}, "/x"),
        ({}, {"page": "text"}, ""),
        ({}, {}, ""),
    ],
)
def test_an_event_is_told_in_a_few_words(properties: dict[str, Any], context: dict[str, Any], gist: str) -> None:
    assert timeline.gist(EventFactory.build(properties=properties, context=context)) == gist
