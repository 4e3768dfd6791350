"""What the platform itself says: events that are nothing that people did, each declared beside whoever says it.

An app declares its own in a module of this name, and all that has to be known of them follows from that: they are event
types like any other, senders cannot say them, and they count as events only where their type is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from apps.conditions.type_names import event_type
from apps.core.registry import Registry, caller_place

TAG: Final = "event:system"  # no sender can set it
GROUP: Final = "internal"


@dataclass(frozen=True, slots=True, eq=False)
class PlatformEvent:
    """An event of the platform: its type, and what the default event types say of it."""

    type: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)  # with types in place of values: {"segment": "text"}
    journey: str | Mapping[str, str] = ""
    tags: tuple[str, ...] = (TAG,)
    group: str = GROUP
    # How long before the event that caused it, in every list that is sorted by time. None: nobody did anything, and its
    # person is neither seen by it nor more active.
    lead: timedelta | None = None
    # Whether segments are evaluated at once by what was only said of somebody; otherwise a re-evaluation run looks at
    # them in its time. Not for what segments cause: they could chase each other without end.
    evaluates_segments: bool = False

    @property
    def definition(self) -> dict[str, Any]:
        """Return it as an entry of the default event types."""
        own = {"journey": self.journey, "tags": list(self.tags), "properties": dict(self.properties)}
        said = {key: value for key, value in own.items() if value}
        return {"id": self.type, "group": self.group, "name": self.name, **said}


DECLARED: Final = Registry[PlatformEvent]("platform event", module="platform_events")


def declare(event: PlatformEvent) -> PlatformEvent:
    """Make an event of the platform known, and return it.

    Raises ImproperlyConfigured for a type that there is, or that is not written as types are.
    """
    if event.type != event_type(event.type):
        raise ImproperlyConfigured(f"{caller_place()}: the type {event.type!r} is written {event_type(event.type)!r}.")
    return DECLARED.register(event.type, event, stacklevel=2)


@cache
def types() -> frozenset[str]:
    """Name all of them. From senders they are refused: else strangers could let people enter segments."""
    return frozenset(DECLARED)


@cache
def unseen() -> frozenset[str]:
    """Name those by which nobody is seen: the platform found it out, or others did it to somebody."""
    return frozenset(event.type for event in DECLARED.values() if event.lead is None)


@cache
def unevaluated() -> frozenset[str]:
    """Name those by which no segment is evaluated at once."""
    return frozenset(event.type for event in DECLARED.values() if event.lead is None and not event.evaluates_segments)


@cache
def leads() -> Mapping[str, timedelta]:
    """Return {type: lead} of those that come before what caused them."""
    return {event.type: event.lead for event in DECLARED.values() if event.lead is not None}


def caused_at(type: str, time: datetime) -> datetime:
    """Return the time of the event that caused an event of the platform; of any other event its own."""
    lead = leads().get(type)
    return time + lead if lead else time


# Those of people who come: the pipeline puts them before what caused them, in this order.
PROFILE_CREATED: Final = declare(
    PlatformEvent("profile-created", "Profile Created", journey="awareness", lead=timedelta(seconds=3))
)
SESSION_OPENED: Final = declare(
    PlatformEvent(
        "session-opened",
        "Session Opened",
        journey={"first_visit": "awareness", "later_visits": "consideration"},
        lead=timedelta(seconds=2),
    )
)
TRIGGERS: Final = "trigger-event-types"  # the property of `visit-started`, which those of senders never had
VISIT_STARTED: Final = declare(
    PlatformEvent("visit-started", "Visit Started", properties={TRIGGERS: ["text"]}, lead=timedelta(seconds=1))
)


def starts_visit(type: str, properties: Mapping[str, Any]) -> bool:
    """Tell whether an event says that a visit began, and is ours."""
    return type == VISIT_STARTED.type and TRIGGERS in properties
