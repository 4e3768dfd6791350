"""What changes of a profile let people enter: fields, and the states of consents, compared before and after."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

import orjson

from apps.conditions.tree import Field
from apps.core import paths
from apps.flows.triggers import judging
from apps.flows.triggers.entry import Why
from apps.flows.triggers.starters import Starter
from apps.profiles import consents
from apps.profiles.consents import State
from apps.profiles.models import Profile
from apps.segments import language

logger = logging.getLogger(__name__)
_UNREADABLE: Final = object()  # nobody knows whether it has changed
Seen = tuple[Any, ...]
Read = Callable[[Profile, datetime], Any]


class Kind(StrEnum):
    """What is observed."""

    FIELD = "field"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """A field or a consent that triggers look at."""

    kind: Kind
    name: str  # its path in a profile, or the consent's id
    starters: tuple[Starter, ...]
    read: Read = field(repr=False)

    @property
    def path(self) -> str:
        """Return where the provenance says who set it."""
        return consents.path_of(self.name) if self.kind is Kind.CONSENT else self.name


class Change(NamedTuple):
    """Something that is observed is not any more what it was."""

    observed: Observed
    before: Any
    after: Any

    @property
    def document(self) -> dict[str, Any]:
        """Return it as the payload with which somebody enters."""
        return {self.observed.kind.value: self.observed.name, "before": self.before, "after": self.after}

    def starters(self) -> Iterator[Starter]:
        """Yield the triggers that it concerns: of a consent those that ask for what it is now."""
        for each in self.observed.starters:
            if self.observed.kind is Kind.FIELD or getattr(each.part, "state", "") == self.after:
                yield each


def see(observed: Sequence[Observed], profile: Profile, *, now: datetime) -> Seen:
    """Note what is observed of a profile; later changes of it do not show in that."""
    return tuple([_seen(each, profile, now) for each in observed])


def nothing(observed: Sequence[Observed]) -> Seen:
    """Return what is seen of somebody of whom nothing is known."""
    return tuple([State.NEVER if each.kind is Kind.CONSENT else None for each in observed])


def changes(observed: Sequence[Observed], before: Seen, profile: Profile, *, now: datetime) -> list[Change]:
    """List what has changed since it was seen."""
    found = []
    for each, old in zip(observed, before, strict=True):
        new = _seen(each, profile, now)
        if new is _UNREADABLE:
            for starter in each.starters:
                judging.note_fault(starter.compiled, Why.FAILS)
        if new is old or new is _UNREADABLE or old is _UNREADABLE:
            continue
        if new != old or type(new) is not type(old):
            found.append(Change(each, _value(old), _value(new)))
    return found


def of_field(wanted: Field) -> tuple[str, Read]:
    """Return the path of a field of the person, and how it is read. Raises ValueError where nobody can watch it."""
    if not language.is_part(wanted):
        message = f"{wanted} is no single field of the person."
        raise ValueError(message)
    read = language.reader_of(wanted)
    return paths.join(wanted.keys), lambda profile, _now: read(profile)


def of_consent(id: str) -> Read:
    """Return how the state of a consent is read."""
    return lambda profile, now: consents.state(profile.consents, profile.provenance, id, at=now)


def _seen(observed: Observed, profile: Profile, now: datetime) -> Any:
    """Read it; what cannot be read of somebody lets nobody enter, and holds up nobody's events."""
    try:
        return observed.read(profile, now)
    except Exception:
        logger.exception("What a flow watches cannot be read", extra={"watched": observed.name})
        return _UNREADABLE


def _value(seen: Any) -> Any:
    """Return what was seen as JSON has it: trees were written down."""
    return orjson.loads(seen) if isinstance(seen, bytes) else seen
