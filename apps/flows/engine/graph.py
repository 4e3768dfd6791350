"""A version of a flow as the engine walks it: made once, shared by all runs, and never changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

from apps.flows.engine.moves import Move
from apps.flows.engine.step import Step

Scope = Mapping[str, Any]
Value = Callable[[Scope], Any]
Test = Callable[[Scope, datetime], bool]  # unknown does not hold


class Lead(NamedTuple):
    """An edge, from where it begins."""

    spot: "Spot"
    name: str  # by which a join knows what came along it


@dataclass(frozen=True, slots=True)
class Joining:
    """How a node brings branches together: the engine does so, and asks the node once for those that have come.

    The node is asked with `step.payload` {name of the edge: what came along it}, and with `TimedOut` where not all did
    in time. What comes later, of the same round, ends there.

    - `all` waits for each branch that can still come; when none can, it goes on with what has.
    - `any` goes on with the first; the others go on as well, and end there.
    - `first` goes on with the first, and cancels the other branches that lead here, with all that they wait for.
    - `key` goes on with those that have one key, once there are `count` of them, or no more can come.
    """

    mode: Literal["all", "any", "first", "key"]
    time_out: timedelta | None = None  # from the first that came
    key: Value | None = None
    count: int = 0


@dataclass(slots=True, eq=False)
class Spot:
    """A node in its place."""

    id: str
    kind: str
    run: Callable[[Step], Move]
    ports: tuple[str, ...]
    leads: dict[str, tuple[Lead, ...]] = field(default_factory=dict)  # by port; more than one is a fork
    is_disabled: bool = False  # people pass it, and nothing happens
    goes_on: bool = False  # by its first port, where it fails and no edge leads on from `error`
    retries: int = 0
    rest: timedelta = timedelta()
    joining: Joining | None = None
    reaches: frozenset[str] = frozenset()  # the joins to which it leads, by whatever way; itself, if in a circle
    entered: tuple[str, str] = field(init=False)  # as it is counted

    def __post_init__(self) -> None:
        """Make what each visit would make anew."""
        self.entered = (self.id, "")


@dataclass(frozen=True, slots=True)
class Rule:
    """An exit, or what a goal asks for.

    One with an event type is judged by events of the type alone; one without by whatever happens to the person, and
    before each step. `match` joins an event to the one that started the run: {path in the event: value of the scope}.
    Its condition reads the event that has come as `event@`; before a step it is the one that started the run.
    """

    event_type: str = ""
    match: Mapping[str, Value] = field(default_factory=dict)
    condition: Test | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """What a flow is for."""

    id: str
    name: str
    rule: Rule
    within: timedelta | None = None  # from the start of the run; null: while it is under way
    ends_run: bool = True


@dataclass(frozen=True, slots=True)
class Compiled:
    """A version, compiled."""

    version_id: UUID | None  # null: a draft
    flow_id: UUID | None
    flow: str  # its key
    name: str
    number: int
    zone: str
    start: Spot
    spots: Mapping[str, Spot]
    exits: tuple[Rule, ...] = ()
    goals: tuple[Goal, ...] = ()
    consents: tuple[str, ...] = ()  # without which nobody is in it
    max_steps: int = 1_000
    max_duration: timedelta = timedelta(days=400)
    trace_percent: float = 1
    answers_inline: bool = False
    inline_budget: timedelta = timedelta(milliseconds=50)
    reads_segments: bool = True  # of the person
    pass_every: timedelta = timedelta(hours=1)  # of one over everybody
    # What the engine does not read; definition.compile says what they are.
    triggers: tuple[Any, ...] = ()
    entry: Any = None
    quiet_hours: Any = None
    # Where rules without a type have to be judged before each step.
    judges_steps: bool = field(init=False)
    has_joins: bool = field(init=False)

    def __post_init__(self) -> None:
        """Note what is asked at each step."""
        rules = [*self.exits, *(goal.rule for goal in self.goals)]
        object.__setattr__(self, "judges_steps", any(not rule.event_type for rule in rules))
        object.__setattr__(self, "has_joins", any(spot.joining for spot in self.spots.values()))
