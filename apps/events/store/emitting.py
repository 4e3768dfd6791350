"""How the platform itself says something of people: one verb, and one shape in which it waits in the inbox."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.conf import settings

from apps.core import storable
from apps.events import internal, platform_events
from apps.events.models import EventType, InboxItem
from apps.events.store import inbox

EMISSIONS: Final = "emissions"  # the list in a message
PER_MESSAGE: Final = 500  # the inbox processes a message as a whole
# Tuples, and what is usual first: Python takes ten times as long to look through a union, or an abstract class.
_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "type": (str,),
    "profile_id": (UUID,),
    "key": (str,),
    "time": (datetime,),
    "properties": (dict, Mapping),
    "session_id": (UUID, NoneType),
    "chain": (int,),
    "recorded": (NoneType, dict, Mapping),
}
_OPTIONAL: Final = ("chain", "recorded")  # nothing is written of them where there is nothing to say


class CannotEmit(ValueError):
    """Something that was to be said cannot be: its type is not the platform's, it is too large, or no event at all."""


@dataclass(frozen=True, slots=True)
class Emission:
    """An event that the platform says of somebody whom it knows; it makes nobody, and no session.

    Raises CannotEmit for values of another kind: whoever reads the message later would lose all that it holds.
    """

    type: str  # as an app declares it (platform_events.py), or an operator made it: that counts as an activity
    profile_id: UUID  # any that the person ever had
    key: str  # by which a repetition is known, among all of its type: unique over all people
    time: datetime  # when it came about
    properties: Mapping[str, Any] = field(default_factory=dict)
    session_id: UUID | None = None  # in which it came about, if it did
    chain: int = 0  # how many flows in a row have led to it: they must not start each other without end
    # By whom a decision about consents is recorded for them, as `key` and `name`, and what proves it, as `reference`.
    recorded: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise CannotEmit(f"{name} of an event of the type {self.type} cannot be {type(value).__name__}.")
        if self.time.utcoffset() is None:
            raise CannotEmit(f"time of an event of the type {self.type} has no time zone.")

    def as_dict(self) -> dict[str, Any]:
        """Shape it for a message."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {name: value for name, value in said.items() if value or name not in _OPTIONAL}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> "Emission":
        """Read what `as_dict` made, once it was JSON."""
        read = {
            "profile_id": UUID(said["profile_id"]),
            "time": datetime.fromisoformat(said["time"]).astimezone(UTC),
            "session_id": UUID(said["session_id"]) if said["session_id"] else None,
        }
        return cls(**{**said, **read})


class Emitted(NamedTuple):
    """What a message holds."""

    emissions: list[Emission]
    is_silent: bool


def emit(
    emissions: Iterable[Emission], *, is_silent: bool, now: datetime, source_id: UUID = internal.SOURCE_ID
) -> None:
    """Put events into the inbox, in their order and in the caller's transaction, in one statement however many.

    Once that has committed they are processed, each of them once: a repetition changes nothing. They belong to whom
    the profile leads then; of somebody who is gone they are refused. Silent ones are stored and counted, and no message
    goes out because of them. Raises CannotEmit, and puts nothing, where one of them cannot be said.
    """
    said = list(emissions)
    if not said:
        return
    _check_types({each.type for each in said})
    bodies = [_body(texts, is_silent=is_silent) for texts in _messages(said)]
    inbox.put([inbox.Item(source_id, InboxItem.Dialect.PLATFORM, body, {}, now) for body in bodies])


def write(emissions: Iterable[Emission], *, is_silent: bool) -> str:
    """Write a message of these, for whoever processes it at once."""
    return _body([storable.dumps(each.as_dict()) for each in emissions], is_silent=is_silent)


def read(said: Mapping[str, Any]) -> Emitted:
    """Read what was written, as the JSON of it says."""
    return Emitted([Emission.from_dict(each) for each in said[EMISSIONS]], said["is_silent"])


def _check_types(types: Collection[str]) -> None:
    unknown = set(types) - platform_events.types()
    if unknown:
        # Those that are built in are of senders: they say what people did.
        made = EventType.objects.filter(type__in=unknown, is_builtin=False)
        unknown -= set(made.values_list("type", flat=True))
    if unknown:
        named = ", ".join(sorted(unknown))
        raise CannotEmit(f"{named} cannot be said: no app declares it in its platform_events, and no operator made it.")


def _messages(emissions: Iterable[Emission]) -> Iterator[list[str]]:
    """Write emissions, and divide them into messages that the inbox can carry."""
    texts: list[str] = []
    n_bytes, max_bytes = 0, settings.MAX_EVENT_BYTES
    for each in emissions:
        text = storable.dumps(each.as_dict())
        size = len(text.encode())
        if size > max_bytes:
            raise CannotEmit(
                f"An event of the type {each.type} with the key {each.key} has {size} bytes: "
                f"MAX_EVENT_BYTES is {max_bytes}."
            )
        if len(texts) == PER_MESSAGE or n_bytes + size > inbox.MAX_BATCH_BYTES:
            yield texts
            texts, n_bytes = [], 0
        texts.append(text)
        n_bytes += size
    yield texts


def _body(texts: Iterable[str], *, is_silent: bool) -> str:
    return f'{{"is_silent":{"true" if is_silent else "false"},"{EMISSIONS}":[{",".join(texts)}]}}'
