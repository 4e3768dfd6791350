"""What goes through the pipeline: payloads with their events, in batches."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.collector.envelope import Envelope, Recorded
from apps.core.ids import NIL
from apps.core.refusal import Refusal
from apps.events.consent_policy import Policy
from apps.events.sources import SourcePolicy
from apps.flows.triggers.answering import Answers
from apps.flows.triggers.observed import Seen as Observed
from apps.flows.triggers.trigger_index import Index as Triggers
from apps.profiles.consents import Decision
from apps.profiles.identity import Cause, Claim, Directory
from apps.profiles.models import ErasedId, Profile
from apps.profiles.standing import Hand
from apps.segments.stream.index import Bits, Index, Seen
from apps.sessions.models import Session

_DUPLICATE: Final = "It was taken before: this time it changes nothing."
_DIFFERS: Final = "Another event came with this id before: this one is not taken, and can be seen under Refused events."


def _same(name: str, _event: Any) -> str:
    return name


class Way(StrEnum):
    """How a batch comes to be processed."""

    NOW = "now"  # before its requests are answered
    INBOX = "inbox"  # after it was kept safe there
    HISTORY = "history"  # all at once, as sample data is


class Sent(NamedTuple):
    """The request that payloads came in: what is needed to name its parts as its sender does, and to send one again."""

    dialect: str
    envelope: Envelope
    body: Any
    # The name of the list that holds the events; empty when the body is that list, None when it is the event.
    events: str | None = None
    word: Callable[[str, Any], str] = _same  # from our name of an event's field, and the event, to the sender's


@dataclass(slots=True)
class PayloadEvent:
    """One event of a payload; fields are filled from top to bottom, by the stage named beside them."""

    type: str
    properties: dict[str, Any] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    claimed_time: Any = None  # as the client wrote it
    sent: Any = None  # the whole of it, as the client wrote it
    message_id: str | None = None
    index: int = 0
    is_system: bool = False  # visit: the platform put it before the event that caused it
    visit_count: int | None = None  # visit: of the profile, the event's own included
    id: UUID = NIL  # visit: in the order of the events, the platform's before those that caused them
    time: datetime | None = None  # admit
    said_at: datetime | None = None  # admit: the time by the sender's own clock, when it says one
    key: str | None = None  # recognise: what makes a repetition of it known, 32 hex digits
    content: int | None = None  # recognise: tells whether what claims to be a repetition is one
    meant: str = ""  # validate: the type of an event of a type that nobody planned, if it was probably mistyped
    is_valid: bool = True  # validate
    is_set_aside: bool = False  # validate: it goes into quarantine
    is_duplicate: bool = False  # dedupe
    differs: bool = False  # dedupe: though its id was seen before, it says something else
    refusal: Refusal | None = None  # any
    decisions: list[Decision] = field(default_factory=list)  # comply: what it says about consents
    traits: dict[str, Any] = field(default_factory=dict)  # traits
    journey: str | None = None  # traits
    # {field, message}, and the property that is meant where the field is the profile's; admit: its time; validate,
    # reshape; comply: what is no decision; profile: what could not be copied
    problems: list[dict[str, str]] = field(default_factory=list)

    @property
    def happened_at(self) -> datetime:
        """The time of the event once `admit` has read it."""
        assert self.time is not None
        return self.time

    @property
    def goes_on(self) -> bool:
        """Tell whether later stages still have to do with it."""
        return self.refusal is None and not self.is_duplicate and not self.is_set_aside

    def note(self, problem: dict[str, str]) -> None:
        """Note a problem, unless that is done: some are looked for again after a template has changed what is said."""
        if problem not in self.problems:
            self.problems.append(problem)

    def repeat(self, content: int | None) -> None:
        """Mark it as a repetition of a message with this content, if that is known."""
        self.is_duplicate = True
        self.differs = None not in (content, self.content) and content != self.content


@dataclass(slots=True, eq=False)
class Payload:
    """What a message says of one person: who says it, of whom, what happened, and what is to be kept of it."""

    source: SourcePolicy
    received_at: datetime
    events: list[PayloadEvent]
    claim: Claim = field(default_factory=Claim)
    session_ref: str | None = None
    session_key: UUID | None = None  # the session's id, when the client named one
    device_key: UUID | None = None  # the device that the browser tracker names, or of the session that goes on
    context: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    request_id: str = ""
    sent: "Sent | None" = None
    sent_at: datetime | None = None  # by the sender's clock, where that is wrong
    ip: str = ""
    user_agent: str = ""
    accept_language: str = ""
    is_whole: bool = False  # what it decides about consents counts as a whole, or not at all
    recorded: Recorded | None = None  # by whom, of what the person did not send themselves
    saves_events: bool = True
    saves_session: bool = True
    saves_profile: bool = True
    is_profileless: bool = False
    is_emitted: bool = False  # the platform says it, of somebody who is known, or it is refused: it makes nobody
    about_session: UUID | None = None  # which the platform says it of: nobody goes on with the session by that
    is_silent: bool = False
    chain: int = 0  # how many flows in a row have led to what the platform says
    asks: bool = False  # the sender wants to know what flows answer
    # From here on stages say it; what stands above is kept with an event that is set aside (wire/replay.py).
    keeps_decisions_only: bool = field(init=False, default=False)  # comply: consents are lacking to keep more
    refusal: Refusal | None = field(init=False, default=None)  # any
    mentions: str | None = field(init=False, default=None)  # where its e-mail addresses stand; wire; reshape: anywhere
    going: list[PayloadEvent] = field(init=False)  # the events that later stages still have to do with
    client_claim: Claim = field(init=False)  # as the client makes it; `claim` adds to the other what events prove
    profile: Profile | None = field(init=False, default=None)  # identify
    raw_profile_id: UUID | None = field(init=False, default=None)  # identify: which led to it, before any merge
    session: Session | None = field(init=False, default=None)  # visit; None for what neither names nor keeps one
    is_new_session: bool = field(init=False, default=False)  # visit
    is_answered: bool = field(init=False, default=False)  # answer: flows that answer inline have done their part

    def __post_init__(self) -> None:
        """Begin with the events that are not wrong in themselves."""
        self.client_claim = self.claim
        self.settle()

    def settle(self) -> None:
        """Note which events still go on; called by the stages that refuse, set aside or add events."""
        self.going = [event for event in self.events if event.goes_on]

    @property
    def kept(self) -> list[PayloadEvent]:
        """The events of which anything is kept: those that go on, and those that go into quarantine."""
        return [event for event in self.events if event.refusal is None and not event.is_duplicate]

    @property
    def keys(self) -> tuple[UUID, ...]:
        """Everything that leads to the payload's person: a batch locks it, and an erasure looks for it."""
        return (*self.claim.keys, self.session_key) if self.session_key else self.claim.keys

    @property
    def hand(self) -> Hand:
        """What the sender holds: by this, and by no claim, somebody may decide again on what they decided."""
        keys = (self.session_key, self.device_key, self.claim.device)
        return Hand(keys, self.recorded is not None or self.source.trusts_ids)

    @property
    def tells_of_client(self) -> bool:
        """Tell whether it says anything of what it was sent from."""
        return bool(self.context or self.ip or self.accept_language)

    def scope_of(self, event: PayloadEvent) -> dict[str, Any]:
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

    def place(self, event: PayloadEvent, name: str = "") -> str:
        """Name an event of the payload, or a field of it (time, properties.total), as its sender does."""
        where, word = (self.sent.events, self.sent.word) if self.sent else ("events", _same)
        parts = (where, "" if where is None else str(event.index), word(name, event.sent) if name else "")
        return ".".join(filter(None, parts))

    @property
    def is_refused(self) -> bool:
        """Tell whether nothing of it is taken."""
        if self.refusal:
            return True
        return bool(self.events) and all(event.refusal for event in self.events)

    def refusals(self) -> list[Refusal]:
        """All refusals, the payload's own or its events'."""
        own = [self.refusal] if self.refusal else []
        return own + [event.refusal for event in self.events if event.refusal]

    def warnings(self) -> list[Refusal]:
        """What was accepted and did not do all that it says: the sender is told, though nothing is asked of them."""
        return [
            warning
            for event in self.events
            if event.refusal is None and (event.problems or event.is_duplicate or event.meant)
            for warning in self._warnings_of(event)
        ]

    def _warnings_of(self, event: PayloadEvent) -> Iterator[Refusal]:
        if event.is_duplicate:
            message = _DIFFERS if event.differs else _DUPLICATE
            yield Refusal("duplicate", message, self.place(event, "id" if event.message_id else ""), event.index)
            return
        if event.meant:
            message = f"The type is not defined; the event was stored all the same. Did you mean {event.meant}?"
            yield Refusal("unplanned", message, self.place(event, "type"), event.index)
        if event.is_set_aside:
            code = "quarantined"
        else:
            code = "ignored" if event.is_valid else "invalid"
        # A property that goes to several fields of the profile is told of once.
        said: dict[str, dict[str, str]] = {}
        for problem in event.problems:
            said.setdefault(problem.get("property", problem["field"]), problem)
        for name, problem in said.items():
            yield Refusal(code, problem["message"], self.place(event, name), event.index)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender is answered besides what became of its events."""

    ux: tuple[dict[str, Any], ...] = ()  # what the page is to show
    response: Mapping[str, Any] = field(default_factory=dict)


NO_ANSWER: Final = Answer()


@dataclass(slots=True)
class Outcome:
    """What comes of a batch besides what it stores: who goes on with it, and what its senders are answered."""

    dirty: list[UUID] = field(default_factory=list)  # segment: profiles of which a re-evaluation run has to tell
    runs: set[UUID] = field(default_factory=set)  # plan: runs of flows that begin or go on
    answers: dict[Payload, Answer] = field(default_factory=dict)  # any


@dataclass(slots=True)
class Baseline:
    """What segments read of the people of a batch, before its events said anything."""

    index: Index
    seen: dict[UUID, Seen] = field(default_factory=dict)
    bits: dict[UUID, Bits] = field(default_factory=dict)  # by what each is evaluated, whether it changed or not


@dataclass(slots=True)
class Batch:
    """Payloads that go through the pipeline together, and what the stages tell each other; filled as the events are."""

    payloads: list[Payload]
    now: datetime  # by our clock
    way: Way = Way.INBOX
    names: dict[UUID, UUID] = field(default_factory=dict)  # claim: of all whom they name, by what tombstones say
    buried: dict[UUID, ErasedId] = field(default_factory=dict)  # prepare: tombstones of what the payloads name
    named: list[Payload] = field(default_factory=list)  # prepare: whose person is looked for, repetitions included
    directory: Directory = field(default_factory=Directory)  # prepare
    sessions: dict[UUID, Session] = field(default_factory=dict)  # prepare: those that the payloads go on with; visit
    owners: dict[UUID, UUID] = field(default_factory=dict)  # prepare: raw ids, by the sessions that clients name
    policy: Policy = field(init=False)  # prepare: what takes consent
    stored_at: datetime = field(init=False)  # prepare: later than all that was stored of these people, or now
    firsts: dict[str, PayloadEvent] = field(default_factory=dict)  # dedupe: the events that are no repetitions, by key
    deciding: list[Payload] = field(default_factory=list)  # comply: those that decide about consents
    causes: list[tuple[Cause, Payload]] = field(default_factory=list)  # identify: merges, done or not
    baseline: Baseline = field(init=False)  # baseline
    triggers: Triggers = field(init=False)  # baseline
    observed: dict[UUID, Observed] = field(default_factory=dict)  # baseline: what flows watch of the people, as it was
    n_awaited: int | None = None  # segment: how many types runs wait for, as it looked
    answers: Answers | None = None  # answer: of flows, whose runs are to be written
    outcome: Outcome = field(default_factory=Outcome)

    def __post_init__(self) -> None:
        """Nobody is known yet of whom something was stored."""
        self.stored_at = self.now

    @property
    def kept(self) -> list[Payload]:
        """The payloads of which anything is kept, be it in quarantine."""
        # What goes on is kept: most often that says it, and nothing has to be gone through.
        return [payload for payload in self.payloads if payload.refusal is None and (payload.going or payload.kept)]

    @property
    def going(self) -> list[Payload]:
        """The payloads that still have an event to process."""
        return [payload for payload in self.payloads if payload.refusal is None and payload.going]

    @property
    def people(self) -> list[Profile]:
        """The profiles of these payloads that are to be stored, each once."""
        # By the object: there is one of each, and it is told apart at a fraction of what the hash of a UUID costs.
        found = {
            id(payload.profile): payload.profile for payload in self.going if payload.profile and payload.saves_profile
        }
        return list(found.values())

    def owner_of(self, payload: Payload) -> UUID | None:
        """Return the raw id of the profile whose session the client names."""
        return self.owners.get(payload.session_key) if payload.session_key else None

    def take_again(self, event: PayloadEvent) -> None:
        """Let a repetition be the first of its key when the one before it was refused: nothing of that is kept."""
        first = self.firsts.get(event.key or "")
        if first is None:  # it was stored long ago
            return
        if first.refusal is None:
            event.repeat(first.content)
        else:
            event.is_duplicate = event.differs = False
            self.firsts[event.key or ""] = event
