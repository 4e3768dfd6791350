"""What a node does with the person who has come to it: it says so, and the engine and the runner do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

JSON = Any
ERROR: Final = "error"  # the port by which somebody leaves whose node could not do what it should
_NOTHING: Final[Mapping[str, JSON]] = MappingProxyType({})


class Change(NamedTuple):  # as Go is: made and dropped at each step
    """An operation on a field of the profile, done under its lock; the provenance names flow, version, run and node."""

    operation: str  # of apps/events/event_types/operations.py: equals, increment, append, remove, ...
    path: str  # data.contact.email.main, traits.plan
    value: JSON = None


@dataclass(frozen=True, slots=True)
class Membership:
    """The person enters a segment that goes by flows, or leaves it."""

    segment: str
    is_in: bool


@dataclass(frozen=True, slots=True)
class Raised:
    """An event of the person that goes into the inbox in the run's transaction, once for each visit of the node."""

    type: str
    properties: Mapping[str, JSON] = field(default_factory=dict)
    recorded: Mapping[str, str] | None = None  # of a decision that is recorded for them: see Emission.recorded


@dataclass(frozen=True, slots=True)
class Awaited:
    """Events that wake the run; the node looks at each, and may go on waiting."""

    type: str  # or Wait.ANYTHING
    match: Mapping[str, str] | None = None  # {path in the event: value as text}, which have to be equal


@dataclass(frozen=True, slots=True)
class Sent:
    """A delivery that the run plans: its key is made of run, node and visit, so that it exists once."""

    connection_id: UUID
    request: Mapping[str, JSON]  # as the connection's kind reads it
    channel: str = ""  # of a message to the person: caps and quiet hours count by it
    is_waited_for: bool = True  # the node is asked again with `Delivered`; else the person goes on at once


# --- what a node returns; exactly one of these


class Go(NamedTuple):  # not a dataclass: one is made at each step, and takes a fifth of the time
    """The person leaves by a port, with all that the node does."""

    port: str = "out"
    payload: JSON = None  # null: what it came with
    memory: Mapping[str, JSON] = _NOTHING  # set in the memory of the run
    changes: tuple[Change, ...] = ()
    memberships: tuple[Membership, ...] = ()
    raised: tuple[Raised, ...] = ()
    sent: tuple[Sent, ...] = ()  # not waited for
    started: "tuple[Started, ...]" = ()  # not waited for
    response: Mapping[str, JSON] = _NOTHING  # for the caller of /track, of flows that answer inline
    ux: tuple[Mapping[str, JSON], ...] = ()
    took: Mapping[str, Any] | None = None  # the event that was waited for: who waits again waits for another one


@dataclass(frozen=True, slots=True)
class Stay:
    """The person waits here; the node is asked again, with `step.wake`."""

    until: datetime | None  # in the engine's time; null: only what is awaited wakes it (an expiry bounds all runs)
    events: tuple[Awaited, ...] = ()
    sent: Sent | None = None  # wakes it with its outcome
    child: "Started | None" = None  # wakes it with its end
    kept: JSON = None  # what the node is to be handed when it is asked again (`step.kept`)
    leaves_inline: bool = False  # a worker goes on at once: nobody who waits for an answer waits for it
    is_dated: bool = False  # `until` is a moment of the calendar: a pause of the flow does not move it


@dataclass(frozen=True, slots=True)
class Started:
    """A run of another flow, for the same person."""

    flow: str
    payload: JSON = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A question that only the database can answer; the node is asked again, with `step.answer`, in the same batch.

    kinds: `limit`, `slot`, `past_event`, `past_session`, `holds` (a condition that reads past events), `counted` (a
    value that does), `contact` (caps), `assignment`, `changed`, `people` (others), `consents` (what may be agreed to),
    `shared` and `share` (values of all flows), `records` and `record` (of the person).
    Its runner answers all of one kind in one statement (runs/answers.py).
    """

    kind: Literal[
        "limit", "slot", "past_event", "past_session", "holds", "counted",
        "contact", "assignment", "changed", "people", "consents",
        "shared", "share", "records", "record",
    ]  # fmt: skip
    about: JSON
    kept: JSON = None


@dataclass(frozen=True, slots=True)
class Fail:
    """It cannot be done: the person leaves by the port `error` if an edge leads on, or the run fails."""

    reason: str
    is_given_up: bool = False  # it is not tried again, and what was sent for it is cancelled


class End(NamedTuple):  # as Go is
    """The whole run ends here, all its branches; its name is one of Run.Status."""

    status: int
    reason: str = ""
    result: JSON = None  # for the flow whose sub-flow it is
    is_branch: bool = False  # this branch ends, and the run once all of them have


Move = Go | Stay | Ask | Fail | End


class Failure(Exception):
    """Raised by what a node calls, with a reason without data in it: the same as if the node returned Fail with it."""


class Unanswered(Exception):
    """Raised by what a node calls, for what only the database can tell: the node is asked again once that is known.

    The answer is `step.held[field]`; the node itself asks nothing, and keeps nothing.
    """

    def __init__(self, field: str, ask: Ask) -> None:
        super().__init__(field)
        self.field = field
        self.ask = ask


# --- why a node is asked again


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The time until which it waited has come."""


@dataclass(frozen=True, slots=True)
class Met:
    """Events that it awaited have come, in their order, each as `scope['event']` has it."""

    events: tuple[Mapping[str, JSON], ...]


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery has ended."""

    outcome: str  # delivered, refused, expired, cancelled
    answer: JSON
    error: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """A sub-flow has ended."""

    status: int
    payload: JSON
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Somebody decided that the person does not wait any longer."""


Wake = TimedOut | Met | Delivered | Returned | Skipped
