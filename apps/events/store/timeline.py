"""What happened to a person or in a session, newest first: the read model of timelines."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core import keyset
from apps.core.ids import as_uuid
from apps.events.models import Event
from apps.profiles import ledger
from apps.sessions.visited_page import page_of

PAGE, SESSION_PAGE = 30, 200
# Properties that say most of what an event was about, the first that it has.
TELLING = ("name", "title", "query", "order_id", "interest", "id", "email", "category")


@dataclass(frozen=True, slots=True)
class Page:
    """Events by day, and the position after the last of them; no position at the end."""

    days: list[tuple[str, list[Event]]]
    after: str


def page_of_events(*, profile_id: UUID, before: str | None = None, type: str | None = None) -> Page:
    """Read the next PAGE events of a profile; by the index on (profile_id, time). A broken position is the start."""
    events = Event.objects.filter(ledger.belonging_to(profile_id)).order_by("-time", "-id")
    if type:
        events = events.filter(type=type)
    found = list(_beyond(events, before)[: PAGE + 1])
    shown, more = found[:PAGE], len(found) > PAGE
    return Page(days=_by_day(shown), after=f"{shown[-1].time.isoformat()},{shown[-1].id}" if more else "")


def page_of_session(*, session_id: UUID, profile_id: UUID | None) -> Page:
    """Read the first SESSION_PAGE events of a session, in their order; by the index on (profile_id, time)."""
    whose = ledger.belonging_to(ledger.living_id(profile_id)) if profile_id else Q(profile_id=None)
    events = Event.objects.filter(whose, session_id=session_id).order_by("time", "id")
    return Page(days=_by_day(events[:SESSION_PAGE]), after="")


def gist(event: Event) -> str:
    """Say in a few words what an event was about."""
    page: Any = event.context.get("page")
    title = page.get("title") if isinstance(page, dict) else ""
    title = title or page_of(event.type, event.properties, event.context).get("url", "")
    told = next((event.properties[name] for name in TELLING if isinstance(event.properties.get(name), str | int)), "")
    return str(told or title or "")


def _by_day(events: Iterable[Event]) -> list[tuple[str, list[Event]]]:
    return [(day, list(group)) for day, group in groupby(events, key=_day)]


def _day(event: Event) -> str:
    return timezone.localtime(event.time).strftime("%A, %d %B %Y")


def _beyond(events: QuerySet[Event], position: str | None) -> QuerySet[Event]:
    time_text, _, id_text = (position or "").partition(",")
    event_id = as_uuid(id_text)
    try:
        time = datetime.fromisoformat(time_text)
    except ValueError:
        return events
    if event_id is None or time.tzinfo is None:
        return events
    return events.filter(keyset.beyond(("time", "id"), (time, event_id), "lt"))
