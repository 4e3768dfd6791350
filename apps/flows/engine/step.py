"""What a node knows when it is asked: of the run, the person, what happened, and why it is asked."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from apps.core.ids import as_uuid
from apps.flows.engine.moves import JSON, Change, Membership, Wake

FLOW: Final = "flow"


class Setter(NamedTuple):
    """Who changes a profile: a node of a version, in a run; so the provenance of a field names a flow."""

    flow: str
    version: int
    node: str
    run_id: UUID

    def __str__(self) -> str:
        return f"{FLOW}:{self.flow}:{self.version}:{self.node}:{self.run_id}"

    @classmethod
    def read(cls, text: str) -> "Setter | None":
        """Read what provenance says; None where it was no flow."""
        kind, flow, version, node, run = [*text.split(":"), "", "", "", ""][:5]
        run_id = as_uuid(run)
        return cls(flow, int(version), node, run_id) if kind == FLOW and version.isdecimal() and run_id else None


class Subject(Protocol):
    """The person of a run while their row is held, or nobody; the runner makes one of each person of a batch.

    What nodes change is changed in it at once, so that later nodes, and later runs of the batch, read it.
    """

    @property
    def profile_id(self) -> UUID | None:
        """The living profile's id."""
        ...

    @property
    def scope(self) -> Mapping[str, Any]:
        """What conditions and templates read: {'profile': ..., 'consents': ...}, as segments.language has it."""
        ...

    @property
    def zone(self) -> str:
        """The name of the time zone where they are (moments.zone_of), empty where nobody knows."""
        ...

    def change(self, changes: Sequence[Change], setter: Setter, now: datetime) -> None:
        """Do all of these to the profile, or none. Raises moves.Failure, which says what cannot be."""
        ...

    def say(self, types: Collection[str]) -> None:
        """Be somebody of whom events of these types can be raised. Raises moves.Failure, which says what cannot be."""
        ...

    def join(self, memberships: Sequence[Membership], setter: Setter, now: datetime) -> None:
        """Let the person enter segments, and leave them. Raises moves.Failure, which says what cannot be."""
        ...


@dataclass(slots=True)
class Step:
    """One visit of a node."""

    run_id: UUID
    flow: str  # its key
    version: int
    node: str
    visit: int  # 1 for the first; one that is tried again is the same
    now: datetime  # the engine's time
    subject: Subject
    scope: Mapping[str, Any]  # profile, session, event, payload, memory, flow: by the names of references
    zone: str  # the flow's
    flow_id: UUID | None = None  # stays the same when its key is changed; null: a draft
    payload: JSON = None
    wake: Wake | None = None  # why it is asked again; null: the person has just come
    kept: JSON = None  # what it returned with `Stay` or `Ask`
    answer: JSON = None  # to `Ask`
    is_inline: bool = False  # somebody waits for an answer
    came_at: datetime | None = None  # when the person came to this node
    due_at: datetime | None = None  # when they would have, had no worker been late; null: just now
    took: Mapping[str, Any] | None = None  # the event by which the person has gone on just now, on this branch
    met: Collection[str] = ()  # ids of all events by which the person has gone on, on this branch
    behind: timedelta = timedelta()  # by which the engine's time is behind that of the world: see Run.behind
    # What conditions and values came to that the database had to answer, by field; see Place.condition.
    held: Mapping[str, JSON] | None = None
    told: dict[str, JSON] | None = None  # what a trace is to show besides input and output; null: it is not traced

    @property
    def seed(self) -> str:
        """What chance is drawn from, so that it comes out the same whenever it is asked again."""
        return f"{self.run_id}:{self.node}:{self.visit}"
