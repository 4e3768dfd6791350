"""What is carried through the pipeline: a track is one payload on its way, with its events."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.collector.sources import SourcePolicy
from apps.core.audit import Actor
from apps.core.ids import NIL
from apps.profiles.consents import Decision
from apps.profiles.identity import Cause, Claim, Directory
from apps.profiles.models import ErasedId, Profile
from apps.profiles.standing import Hand
from apps.segments.definitions import Definitions
from apps.segments.index import Bits, Index, Seen
from apps.sessions.models import Session


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something was not taken: the sender is at fault, and is told which field."""

    code: str
    message: str
    field: str = ""
    index: int | None = None  # the event's place in the request
    is_private: bool = False  # nothing that was sent may be kept, not even to explain the refusal

    def as_dict(self) -> dict[str, Any]:
        """Shape the refusal as responses carry it: {code, message, field, index}."""
        return {"code": self.code, "message": self.message, "field": self.field, "index": self.index}


@dataclass(frozen=True, slots=True)
class Recorded:
    """That somebody recorded for a person what they decided, and what proves it: a ticket, a letter."""

    actor: Actor
    reference: str


@dataclass(slots=True)
class TrackedEvent:
    """One event of a track; fields are filled from top to bottom, by the stage named beside them."""

    type: str
    properties: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    claimed_time: Any = None  # as the client wrote it
    message_id: str | None = None
    index: int = 0
    is_system: bool = False
    visit_count: int | None = None  # visit: of the profile, the event's own included
    id: UUID = NIL  # visit: in the order of the events, the system's before those that caused them
    time: datetime | None = None  # admit
    key: str | None = None  # admit: what makes a repetition of it known, 32 hex digits
    is_valid: bool = True  # validate
    is_set_aside: bool = False  # validate: it goes into quarantine
    is_duplicate: bool = False  # identify
    refusal: Refusal | None = None  # any
    decisions: list[Decision] = field(default_factory=list)  # identify: what it says about consents
    traits: dict[str, Any] = field(default_factory=dict)  # traits
    journey: str | None = None  # traits
    # validate, reshape; identify: what is no decision; profile: what could not be copied
    problems: list[dict[str, str]] = field(default_factory=list)

    @property
    def happened_at(self) -> datetime:
        """The time of the event once `admit` has read it."""
        assert self.time is not None
        return self.time


@dataclass(slots=True)
class Track:
    """One payload: who says it, of whom, what happened, and what is to be kept of it."""

    source: SourcePolicy
    received_at: datetime
    events: list[TrackedEvent]
    claim: Claim = field(default_factory=Claim)
    session_ref: str | None = None
    session_key: UUID | None = None  # the session's id, when the client named one
    device_key: UUID | None = None  # the device that the browser tracker names, or of the session that goes on
    context: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""
    ip: str = ""
    user_agent: str = ""
    accept_language: str = ""
    recorded: Recorded | None = None  # by whom, of what the person did not send themselves
    saves_events: bool = True
    saves_session: bool = True
    saves_profile: bool = True
    is_profileless: bool = False
    is_of_known: bool = False  # it is about somebody who is known, or is refused: it makes nobody
    is_silent: bool = False
    is_vouched: bool = False  # we know who sends it: somebody who may decide for others
    refusal: Refusal | None = None  # any
    going: list[TrackedEvent] = field(init=False)  # the events that later stages still have to do with
    client_claim: Claim = field(init=False)  # as the client makes it; `identify` adds to the claim what events prove
    profile: Profile | None = None  # identify
    raw_profile_id: UUID | None = None  # identify: by which the profile was found, before any merge
    session: Session | None = None  # visit; None for what neither names nor keeps one
    is_new_session: bool = False  # visit
    is_new_profile: bool = False  # visit

    def __post_init__(self) -> None:
        """Begin with the events that are not wrong in themselves."""
        self.client_claim = self.claim
        self.settle()

    def settle(self) -> None:
        """Note which events still go on; called by the stages that refuse, set aside or add events."""
        self.going = [
            event
            for event in self.events
            if event.refusal is None and not event.is_duplicate and not event.is_set_aside
        ]

    @property
    def kept(self) -> list[TrackedEvent]:
        """The events of which anything is kept: those that go on, and those that go into quarantine."""
        return [event for event in self.events if event.refusal is None and not event.is_duplicate]

    @property
    def keys(self) -> tuple[UUID, ...]:
        """Everything that leads to the track's person: a batch locks it, and an erasure looks for it."""
        return (*self.claim.keys, self.session_key) if self.session_key else self.claim.keys

    @property
    def hand(self) -> Hand:
        """What the sender holds: by this, and by no claim, somebody may decide again on what they decided."""
        keys = (self.session_key, self.device_key, self.claim.device)
        return Hand(frozenset([key for key in keys if key]), self.is_vouched or self.source.trusts_ids)

    def scope_of(self, event: TrackedEvent) -> dict[str, Any]:
        """Return what conditions and templates may refer to, before anybody knows whose the event is."""
        source = {"id": str(self.source.id), "name": self.source.name, "channel": self.source.channel}
        return {
            "event": {
                "id": event.message_id,
                "type": event.type,
                "time": event.happened_at.isoformat(),
                "properties": event.properties,
                "context": event.context,
            },
            "session": {"id": self.session_ref, "context": self.context},
            "payload": {"context": self.context, "properties": self.properties, "source": source},
        }

    def refusals(self) -> list[Refusal]:
        """All refusals, the payload's own or its events'."""
        own = [self.refusal] if self.refusal else []
        return own + [event.refusal for event in self.events if event.refusal]

    def warnings(self) -> list[Refusal]:
        """What was accepted and is not valid: the sender is told, as refusals are, though nothing is asked of him."""
        return [
            Refusal(
                "quarantined" if event.is_set_aside else "invalid",
                problem["message"],
                f"events.{event.index}.{problem['field']}",
                event.index,
            )
            for event in self.events
            if not event.is_valid and event.refusal is None
            for problem in event.problems
        ]


@dataclass(slots=True)
class Observed:
    """What segments read of the people of a batch, before its events said anything."""

    index: Index
    seen: dict[UUID, Seen] = field(default_factory=dict)
    bits: dict[UUID, Bits] = field(default_factory=dict)  # by what each is decided, whether it changed or not


@dataclass(slots=True)
class Batch:
    """Tracks that go through the pipeline together."""

    tracks: list[Track]
    now: datetime
    buried: dict[UUID, ErasedId] = field(default_factory=dict)  # identify: tombstones of what the tracks name
    directory: Directory = field(default_factory=Directory)  # identify
    causes: list[tuple[Cause, Track]] = field(default_factory=list)  # identify: merges, done or not
    sessions: dict[UUID, Session] = field(default_factory=dict)  # identify: those that the tracks go on with; visit
    observed: Observed = field(default_factory=lambda: Observed(Index(Definitions())))  # observe

    @property
    def going(self) -> list[Track]:
        """The tracks that still have an event to process."""
        return [track for track in self.tracks if track.refusal is None and track.going]

    @property
    def people(self) -> list[Profile]:
        """The profiles of these tracks that are to be stored, each once."""
        # By the object: there is one of each, and it is told apart at a fraction of what the hash of a UUID costs.
        found = {id(track.profile): track.profile for track in self.going if track.profile and track.saves_profile}
        return list(found.values())
