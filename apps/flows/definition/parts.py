"""What a definition consists of: the document that people write, as it is read; docs/flows.md explains it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any, ClassVar, Final, Literal

from apps.core import schedules
from apps.core.typed_settings import (
    Problem,
    choice,
    condition,
    items,
    mapping,
    number,
    reference,
    text,
    texts,
    yes_no,
)
from apps.flows.definition.drawing import Group, Note, Position
from apps.flows.definition.part_ids import MAX_ID, check_id
from apps.flows.engine.matching import check_paths
from apps.flows.moments import named_zone

DAY: Final = 86_400
YEAR: Final = 366 * DAY
# The languages of admin/languages.py in which their conditions ask.
AT_ENTRY: Final = "flow-entry"
BY_RULES: Final = "flow-rules"


def check_zone(value: str) -> None:
    """Refuse what is no time zone."""
    if named_zone(value) is None:
        message = f"There is no time zone {value}: it is written as Europe/Vienna is."
        raise ValueError(message)


def check_time(value: str) -> None:
    """Refuse what is no time of a day."""
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        message = "Expected a time of the day, as 09:00 is."
        raise ValueError(message)


def check_cron(value: str) -> None:
    """Refuse what is no schedule, or never comes."""
    schedules.next_after(value, datetime.now(UTC))


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What lets people enter."""

    kind: ClassVar[str]
    is_about_person: ClassVar[bool] = True  # whoever it starts for has a profile
    id: str = text("Id", max_length=MAX_ID, format="id", check=check_id)


@dataclass(frozen=True, kw_only=True)
class EventTrigger(Trigger):
    """An event of the person has come."""

    kind = "event"
    event_type: str = reference("Event type", to="event_type", max_length=255)
    condition: str = condition(
        "Condition", help="Of the event, the person and the session.", language=AT_ENTRY, default=""
    )
    max_age_secs: int = number("Oldest event in seconds", help="What is older starts nothing.", least=1, default=DAY)


@dataclass(frozen=True, kw_only=True)
class SegmentTrigger(Trigger):
    """The person has entered a segment, or left it."""

    kind = "segment"
    segment: str = reference("Segment", to="segment")
    change: str = choice("Change", {"entered": "entered", "left": "left"}, default="entered")
    includes_members: bool = yes_no("Who is in it already enters when the flow is switched on", default=False)


@dataclass(frozen=True, kw_only=True)
class FieldTrigger(Trigger):
    """A field of the person has changed."""

    kind = "field"
    field: str = text("Field", format="path", help="As profile@traits.plan.")
    condition: str = condition("Condition", help="Of the person as they are now.", language=AT_ENTRY, default="")


@dataclass(frozen=True, kw_only=True)
class ConsentTrigger(Trigger):
    """The person has given a consent, or withdrawn it."""

    kind = "consent"
    consent: str = reference("Consent", to="consent")
    state: str = choice("State", {"given": "given", "withdrawn": "withdrawn"}, default="given")


@dataclass(frozen=True, kw_only=True)
class DateTrigger(Trigger):
    """A date of the person is there, or near."""

    kind = "date"
    field: str = text("Field", format="path", help="It holds a date: profile@data.pii.birthday.")
    offset_days: int = number("Days after it", help="Negative: before it.", least=-366, most=366, default=0)
    at: str = text("Time of the day", max_length=5, format="time", check=check_time, default="09:00")
    yearly: bool = yes_no("Each year", default=False)
    leap: str = choice("29 February", {"feb28": "on 28 February", "mar1": "on 1 March"}, default="feb28")


@dataclass(frozen=True, kw_only=True)
class ScheduleTrigger(Trigger):
    """A time has come, for all of a segment, or for nobody."""

    kind = "schedule"
    cron: str = text("Schedule", check=check_cron)
    segment: str = reference("Segment", to="segment", help="Empty: one run without a person.", default="")

    @property
    def is_about_person(self) -> bool:  # type: ignore[override]
        """Whether it starts for people."""
        return bool(self.segment)


@dataclass(frozen=True, kw_only=True)
class WebhookTrigger(Trigger):
    """An event of nobody has come."""

    kind = "webhook"
    is_about_person = False
    event_type: str = reference("Event type", to="event_type", max_length=255)
    condition: str = condition("Condition", help="Of the event.", language=AT_ENTRY, default="")
    max_age_secs: int = number("Oldest event in seconds", help="What is older starts nothing.", least=1, default=DAY)


@dataclass(frozen=True, kw_only=True)
class ManualTrigger(Trigger):
    """Somebody, a program, or another flow lets people enter."""

    kind = "manual"


TRIGGERS: Final[Mapping[str, type[Trigger]]] = {
    each.kind: each
    for each in (
        *(EventTrigger, SegmentTrigger, FieldTrigger, ConsentTrigger),
        *(DateTrigger, ScheduleTrigger, WebhookTrigger, ManualTrigger),
    )
}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How often somebody may enter."""

    frequency: str = choice(
        "Who was in it",
        {"every": "enters each time", "once": "enters once", "interval": "enters again after a while"},
        default="every",
    )
    interval_secs: int = number(
        "Seconds from one entry to the next", least=1, most=10 * YEAR, when=("frequency", "interval")
    )
    max_live: int | None = number("Most runs of one person at once", least=1, most=1_000, default=None)
    key: str = text(
        "Key",
        format="path",
        help="One run for each value: event@properties.order_id. Empty: none of that.",
        max_length=2_000,
        default="",
    )


@dataclass(frozen=True, kw_only=True)
class Exit:
    """What ends a run, wherever it is."""

    id: str = text("Id", help="Empty: exit-1, or whichever it is.", max_length=MAX_ID, check=check_id, default="")
    event_type: str = reference("Event type", to="event_type", help="Empty: any.", max_length=255, default="")
    match: dict[str, str] = mapping(
        "Joined to the event that started it",
        help="Path in the event, and the value that is there.",
        default={},
        check=check_paths,
    )
    condition: str = condition("Condition", help="event@ is the one that has come.", language=BY_RULES, default="")

    def problems(self) -> Iterator[Problem]:
        """Refuse one that always holds."""
        if not self.event_type and not self.condition.strip():
            yield Problem("event_type", "Name a type of events, or a condition: else nobody would ever be in the flow.")


@dataclass(frozen=True, kw_only=True)
class GoalPart(Exit):
    """What a flow is for."""

    id: str = text("Id", max_length=MAX_ID, format="id", check=check_id)
    name: str = text("Name", default="")
    within_secs: int | None = number(
        "Seconds from the start",
        help="It counts for so long, also once the run has ended.",
        least=1,
        most=YEAR,
        default=None,
    )
    ends_run: bool = yes_no("It ends the run", default=True)


@dataclass(frozen=True, kw_only=True)
class QuietHours:
    """When nothing is sent to people, on their clocks."""

    from_: str = text("From", max_length=5, format="time", check=check_time)
    to: str = text("To", max_length=5, format="time", check=check_time)

    @property
    def bounds(self) -> tuple[time, time]:
        """Return both times."""
        return time.fromisoformat(self.from_), time.fromisoformat(self.to)

    def problems(self) -> Iterator[Problem]:
        """Refuse a whole day."""
        if self.from_ == self.to:
            yield Problem("to", "Quiet hours end at another time than they begin: else nothing would ever be sent.")


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often a node that fails is tried again."""

    times: int = number("Times", least=0, most=20, default=0)
    rest_secs: int = number("Seconds in between", least=1, most=30 * DAY, default=60)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What holds for the whole flow."""

    consents: tuple[str, ...] = texts(
        "Consents", help="Nobody is in it who has not given them all.", to="consent", default=()
    )
    exits: tuple[Exit, ...] = items("Exits", Exit, default=())
    goals: tuple[GoalPart, ...] = items("Goals", GoalPart, default=())
    zone: str = text(
        "Time zone", help="Of people of whom none is known. Empty: the installation's.", check=check_zone, default=""
    )
    answers_inline: bool = yes_no("It answers whoever tracks", default=False)
    inline_ms: int = number("Milliseconds for that", least=1, most=1_000, default=50)
    trace_percent: float = number("Percent of runs that are traced", least=0, most=100, is_whole=False, default=1)
    every_secs: int = number(
        "Seconds between two times",
        help="A flow over everybody is gone through so often.",
        least=600,
        most=30 * DAY,
        default=3_600,
    )
    max_steps: int = number("Most steps of a run", least=1, most=100_000, default=1_000)
    max_days: int = number("Most days of a run", least=1, most=3_650, default=400)


@dataclass(frozen=True)
class NodePart:
    """A node, as somebody placed it."""

    id: str
    kind: str
    name: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    position: Position = field(default_factory=Position)
    on_error: str = "fail"
    retry: Retry = Retry()
    is_disabled: bool = False  # people pass it by its first port, and nothing happens


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A way from a port to a node; the name is what a join knows it by."""

    from_: str = text("From", max_length=MAX_ID)
    port: str = text("Port", max_length=40, default="out")
    to: str = text("To", max_length=MAX_ID)
    name: str = text("Name", max_length=100, default="")

    def __str__(self) -> str:
        """Name it."""
        return f"{self.from_}.{self.port} -> {self.to}"


@dataclass(frozen=True)
class Definition:
    """A definition, read: its shape is right."""

    nodes: tuple[NodePart, ...]
    edges: tuple[Edge, ...]
    triggers: tuple[Trigger, ...]
    entry: Entry
    options: Options
    quiet_hours: QuietHours | Literal["none"] | None  # null: the installation's
    notes: tuple[Note, ...] = ()
    groups: tuple[Group, ...] = ()
