"""What happened to somebody, as flows read it: an event, or whatever else lets them enter."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from apps.core.ids import NIL
from apps.flows.engine import chains
from apps.profiles.models import Profile
from apps.sessions.models import Session


class Said(Protocol):
    """An event that is about to be stored."""

    id: UUID
    type: str
    time: Any
    properties: dict[str, Any]
    traits: dict[str, Any]
    context: dict[str, Any]
    tags: list[str]
    journey: str | None


@dataclass(slots=True, eq=False)
class Happened:
    """An event, with its person and session, if it has any."""

    said: Said
    profile: Profile | None = None
    raw_id: UUID | None = None  # of the profile, before any merge
    session: Session | None = None
    is_silent: bool = False  # history: it starts nothing, and wakes nobody
    chain: int = 0  # how many flows in a row have led to it
    is_answered: bool = False  # flows that answer inline have done their part
    _snapshot: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def snapshot(self) -> dict[str, Any]:
        """The event as conditions and templates read it, and as a run keeps it."""
        if self._snapshot is None:
            self._snapshot = snapshot_of(self.said, chain=self.chain)
        return self._snapshot


@dataclass(slots=True)
class Occurred:
    """What takes the place of an event where none has let somebody enter, but a clock or a hand."""

    type: str
    time: datetime
    properties: dict[str, Any]
    id: UUID = NIL
    traits: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    journey: str | None = None


def snapshot_of(event: Said, *, chain: int = 0) -> dict[str, Any]:
    """Return an event as conditions and templates read it; what it does not say is left out."""
    optional = {"journey": event.journey, "tags": list(event.tags), "traits": event.traits, "context": event.context}
    document: dict[str, Any] = {"type": event.type, "time": event.time.isoformat(), "properties": event.properties}
    if event.id != NIL:
        document["id"] = str(event.id)
    document |= {name: value for name, value in optional.items() if value}
    return document | {chains.KEY: chain} if chain else document


def made(type: str, *, at: datetime, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the snapshot of what takes the place of an event."""
    return snapshot_of(Occurred(type, at, dict(properties)))
