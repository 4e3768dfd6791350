"""What has become of a run when the engine has advanced it: all that its runner writes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from apps.flows.engine.graph import Compiled
from apps.flows.engine.moves import JSON, Ask, Change, Membership, Raised, Sent, Started, Wake
from apps.flows.engine.state import State
from apps.flows.models import Run, Wait


@dataclass(slots=True)
class Journey:
    """A run that is to be advanced."""

    run_id: UUID
    compiled: Compiled
    state: State
    session: Mapping[str, JSON] | None = None  # `session@`
    behind: timedelta = timedelta()  # see Run.behind
    due_at: datetime | None = None  # when it was to go on, by the engine's time; null: now, as it has just begun
    successor: Compiled | None = None  # a later version, where people go on at their next node, if that is there
    is_inline: bool = False
    is_traced: bool = False


@dataclass(frozen=True, slots=True)
class Wakes:
    """What has happened since the run was advanced last; the engine sees by itself whose time has come."""

    tokens: Mapping[int, tuple[Wake, ...]] = field(default_factory=dict)  # in the order in which it happened
    events: tuple[Mapping[str, JSON], ...] = ()  # that rows of kind EXIT and GOAL were met by, each once

    def __bool__(self) -> bool:
        """Tell whether anything has happened."""
        return bool(self.tokens or self.events)


class Question(NamedTuple):
    """What the engine has to know before it goes on."""

    token: int
    node: str
    visit: int
    ask: Ask
    scope: Mapping[str, JSON]  # what the node reads just now


class Awaiting(NamedTuple):
    """A row of flows_wait that is to be written; those of deliveries and children are made of these."""

    token: int  # 0: all of the run
    kind: Wait.Kind
    type: str
    match: Mapping[str, str] | None
    expires_at: datetime | None = None  # null: with the run


class Effect(NamedTuple):
    """Where something was done, which makes the key that it has once and for all."""

    node: str
    visit: int
    nth: int  # of several of one visit

    def key(self, run_id: UUID) -> str:
        """Return the key of a delivery, or of an event that is raised."""
        return f"{run_id}:{self.node}:{self.visit}" + (f":{self.nth}" if self.nth else "")


class Planned(NamedTuple):
    """A delivery that is to be planned."""

    by: Effect
    sent: Sent
    token: int | None  # which waits for its outcome


class Emitted(NamedTuple):
    """An event that is to be raised."""

    by: Effect
    raised: Raised


class Child(NamedTuple):
    """A run of another flow that is to be started."""

    by: Effect
    started: Started
    token: int | None  # which waits for its end


class Told(NamedTuple):
    """A row of flows_step: what happened at a node."""

    node: str
    visit: int
    at: datetime
    port: str
    took_us: int
    told: Mapping[str, JSON]
    error: str


class Ending(NamedTuple):
    """How a run ended."""

    status: Run.Status
    reason: str = ""


def unasked(_answer: JSON) -> "Outcome":
    """Refuse an answer. Raises ValueError."""
    message = "Nothing was asked."
    raise ValueError(message)


def unaskable() -> "Outcome":
    """Refuse to put anything off. Raises ValueError."""
    return unasked(None)


@dataclass(slots=True)
class Outcome:
    """What has become of a run; while there is a `question` it is not all: `answered` goes on.

    Changes of the profile, and memberships, have been done to the subject already.
    """

    state: State
    compiled: Compiled  # the version on which it stands now
    ending: Ending | None = None  # null: it is under way, until `due_at`; what it gives back is state.result
    due_at: datetime | None = None  # in the engine's time; null only once it has ended
    place: str = ""
    question: Question | None = None
    changes: list[Change] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    emissions: list[Emitted] = field(default_factory=list)
    deliveries: list[Planned] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    # Rows of flows_wait, deleted before others are written: of tokens that wait for other events now, those of kind
    # EVENT (of token 0 EXIT and GOAL); of tokens that do not wait any longer, all. Of a run that ends, all but GOAL.
    rewaiting: set[int] = field(default_factory=set)
    unwaiting: set[int] = field(default_factory=set)
    waits: list[Awaiting] = field(default_factory=list)
    unheard: set[int] = field(default_factory=set)  # of tokens to which nobody has said yet what has happened
    cancelled: set[int] = field(default_factory=set)  # whose deliveries and children are cancelled, too
    counts: list[tuple[str, str]] = field(default_factory=list)  # (node, port); of entries the port is empty
    steps: list[Told] = field(default_factory=list)
    goals: list[str] = field(default_factory=list)  # reached just now; state.goals has when
    response: dict[str, JSON] = field(default_factory=dict)
    ux: list[Mapping[str, JSON]] = field(default_factory=list)
    answered: "Callable[[JSON], Outcome]" = field(default=unasked, repr=False)  # with the answer; returns it itself
    put_off: "Callable[[], Outcome]" = field(default=unaskable, repr=False)  # unanswered: it is asked anew, at once
