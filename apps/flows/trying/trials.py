"""What somebody asks of a trial, as JSON has it: on whom, with which event, and what is to be taken for granted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from apps.core.ids import as_uuid
from apps.core.mistakes import DefinitionError
from apps.flows.engine.moves import JSON
from apps.flows.models import Run

PASS, STOP = "pass", "stop"
OUTCOMES: Final = ("delivered", "refused", "expired", "cancelled")
ENDS: Final = tuple(each.name.lower() for each in Run.Status if each is not Run.Status.LIVE)
FIRST_YEAR, END_YEAR = 1970, 2200  # calendars end, and flows wait for years
# What is of somebody whom we know, and not made up.
REAL: Final = ("profile_id", "event_id", "run_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What happens to whoever waits at a node; without any of these, their time comes."""

    node: str
    visit: int | None = None  # null: any
    after: timedelta | None = None  # they came there; null: at once
    at: datetime | None = None
    event: Mapping[str, JSON] | None = None  # comes
    delivery: Mapping[str, JSON] | None = None  # ends: outcome, answer, error
    returns: Mapping[str, JSON] | None = None  # a sub-flow does: status, payload, reason
    is_skipped: bool = False  # nobody waits any longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What a node is taken to say, without being asked."""

    node: str
    visit: int | None = None  # null: any
    port: str = "out"
    output: JSON = None  # null: what it came with
    memory: Mapping[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """All that is asked."""

    profile_id: UUID | None
    profile: Mapping[str, JSON] | None  # of a person who is made up
    event_id: UUID | None
    event: Mapping[str, JSON] | None
    run_id: UUID | None
    session: Mapping[str, JSON] | None
    payload: JSON
    memory: Mapping[str, JSON]
    now: datetime | None
    node: str  # which is tried alone
    answers: Sequence[Answer]
    pins: Sequence[Pin]
    stops_at_waits: bool


def read(document: Mapping[str, Any]) -> Trial:
    """Read what was sent, or kept. Raises DefinitionError for what contradicts itself, or is no time or id."""
    said = dict(document)
    if said.get("profile_id") and said.get("profile") is not None:
        raise DefinitionError("profile", "Name a person, or make one up, not both.")
    if said.get("event_id") and said.get("event") is not None:
        raise DefinitionError("event", "Name an event, or make one up, not both.")
    return Trial(
        profile_id=_id(said, "profile_id"),
        profile=said.get("profile"),
        event_id=_id(said, "event_id"),
        event=_event(said, ""),
        run_id=_id(said, "run_id"),
        session=said.get("session"),
        payload=said.get("payload"),
        memory=said.get("memory") or {},
        now=_time(said, "now", ""),
        node=said.get("node") or "",
        answers=[_answer(each, f"answers.{n}.") for n, each in enumerate(said.get("answers") or ())],
        pins=[_pin(each) for each in said.get("pins") or ()],
        stops_at_waits=said.get("waits") == STOP,
    )


def _answer(said: Mapping[str, Any], place: str) -> Answer:
    after, at = said.get("after_secs"), _time(said, "at", place)
    happens = [name for name in ("event", "delivery", "returns", "is_skipped") if said.get(name)]
    if len(happens) > 1:
        raise DefinitionError(f"{place}{happens[1]}", f"One thing happens at a time: here it is {happens[0]}.")
    if not happens and (at or after is not None):
        raise DefinitionError(f"{place}{'at' if at else 'after_secs'}", "Say what happens then: an event, say.")
    return Answer(
        node=said["node"],
        visit=said.get("visit"),
        after=None if after is None else timedelta(seconds=after),
        at=at,
        event=_event(said, place),
        delivery=said.get("delivery"),
        returns=said.get("returns"),
        is_skipped=bool(said.get("is_skipped")),
    )


def _pin(said: Mapping[str, Any]) -> Pin:
    return Pin(
        node=said["node"],
        visit=said.get("visit"),
        port=said.get("port") or "out",
        output=said.get("output"),
        memory=said.get("memory") or {},
    )


def _event(said: Mapping[str, Any], place: str) -> Mapping[str, JSON] | None:
    event: Mapping[str, JSON] | None = said.get("event")
    if event is not None:
        _time(event, "time", f"{place}event.")
    return event


def _id(said: Mapping[str, Any], name: str) -> UUID | None:
    if not said.get(name):
        return None
    found = as_uuid(said[name])
    if found is None:
        raise DefinitionError(name, "This is no id.")
    return found


def _time(said: Mapping[str, Any], name: str, place: str) -> datetime | None:
    if not said.get(name):
        return None
    try:
        found = datetime.fromisoformat(said[name])
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise DefinitionError(f"{place}{name}", "This is no time with a zone: 2026-11-30T12:00:00Z.")
    if not FIRST_YEAR <= found.year < END_YEAR:
        raise DefinitionError(f"{place}{name}", f"It has to be in the years {FIRST_YEAR} to {END_YEAR - 1}.")
    return found
