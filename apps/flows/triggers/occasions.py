"""What a clock comes to: a day that is a date of people, or a time of a schedule; and whom it concerns, by pages."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from apps.conditions import Kind
from apps.conditions.parse import parse_field
from apps.core import schedules
from apps.flows.definition.parts import DateTrigger, ScheduleTrigger
from apps.flows.moments import Leap, zone_of
from apps.flows.triggers import happened, turns
from apps.flows.triggers.turns import DATE_LENGTH, Rule, Turn
from apps.segments import language

MADE_UP: Final = timedelta(days=1)  # dates that came earlier, and were missed, are over
# The day is looked for in the text of what is stored: it may be anything, and nothing of it is converted.
_DATED: Final = """
SELECT p.id, v.value, p.aux #>> '{{geo,time_zone}}', p.data #>> '{{devices,last,geo,time_zone}}'
FROM profiles_profile AS p CROSS JOIN LATERAL (SELECT {value} AS value) AS v
WHERE p.id > %s AND (
    (length(v.value) = %s AND {part} = ANY(%s)) OR (length(v.value) > %s AND {part} = ANY(%s))
) ORDER BY p.id LIMIT %s
"""
_MEMBERS: Final = """
SELECT profile_id FROM segments_membership
WHERE segment_id = (SELECT id FROM segments_segment WHERE key = %s) AND left_at IS NULL AND profile_id > %s
ORDER BY profile_id LIMIT %s
"""
_WHOLE_DAY: Final = "left(v.value, 10)"
_MONTH_AND_DAY: Final = "substr(v.value, 6, 5)"


class Page(NamedTuple):
    """People whom something concerns; the next page begins after the last one who was looked at."""

    ids: list[UUID]
    last: UUID | None  # null: it was the last page


class Occasion(ABC):
    """Something that has come, once."""

    name: str  # what tells it from others of its trigger
    is_of_nobody: bool = False

    @property
    @abstractmethod
    def event(self) -> dict[str, Any]:
        """What takes the place of an event."""

    @abstractmethod
    def page(self, *, after: UUID, size: int) -> Page:
        """Return whom it concerns, in the order of their ids."""


@dataclass(frozen=True)
class Day(Occasion):
    """A day that is, or is the anniversary of, a date of people in some zones."""

    part: DateTrigger
    zone: str  # of whom none is known
    turn: Turn
    moment: datetime

    @property
    def name(self) -> str:  # type: ignore[override]
        """The day."""
        return self.turn.day.isoformat()

    @property
    def event(self) -> dict[str, Any]:
        """Name the field and the day."""
        return happened.made("date", at=self.moment, properties={"field": self.part.field, "day": self.name})

    def page(self, *, after: UUID, size: int) -> Page:
        """Look at all whose date begins as it does, and at each in their zone."""
        rule, meant = rule_of(self.part), rule_of(self.part).day_meant(self.turn.day)
        value, params = _column(self.part.field)
        statement = _DATED.format(value=value, part=_MONTH_AND_DAY if rule.yearly else _WHOLE_DAY)
        wanted: list[Any] = [DATE_LENGTH, rule.texts(meant), DATE_LENGTH, rule.texts_around(meant)]
        with connection.cursor() as cursor:
            cursor.execute(statement, [*params, after, *wanted, size])
            rows = cursor.fetchall()
        ids = []
        for id, text, *places in rows:
            zone = self._zone_of(*places)
            day = turns.day_of(text, zone) if zone.key in self.turn.zones else None
            if day is not None and rule.is_met(day, meant):
                ids.append(id)
        return Page(ids, rows[-1][0] if len(rows) == size else None)

    def _zone_of(self, said: str | None, last: str | None) -> ZoneInfo:
        data = {"devices": {"last": {"geo": {"time_zone": last}}}}
        return zone_of({"geo": {"time_zone": said}}, data) or ZoneInfo(self.zone)


@dataclass(frozen=True)
class Time(Occasion):
    """A time of a schedule."""

    part: ScheduleTrigger
    moment: datetime

    @property
    def name(self) -> str:  # type: ignore[override]
        """The moment."""
        return self.moment.isoformat()

    @property
    def is_of_nobody(self) -> bool:  # type: ignore[override]
        """Whether it begins one run without a person."""
        return not self.part.segment

    @property
    def event(self) -> dict[str, Any]:
        """Name the schedule."""
        return happened.made("schedule", at=self.moment, properties={"schedule": self.part.cron})

    def page(self, *, after: UUID, size: int) -> Page:
        """Return the members of its segment."""
        return members(self.part.segment, after=after, size=size)


def members(segment: str, *, after: UUID, size: int) -> Page:
    """Return who is in a segment, in the order of their ids."""
    with connection.cursor() as cursor:
        cursor.execute(_MEMBERS, [segment, after, size])
        ids = [id for (id,) in cursor.fetchall()]
    return Page(ids, ids[-1] if len(ids) == size else None)


def due(part: DateTrigger | ScheduleTrigger, zone: str, *, after: datetime, until: datetime) -> list[Occasion]:
    """List what has come after a moment, until another; of a schedule, however late, the last time alone."""
    if isinstance(part, ScheduleTrigger):
        last = schedules.last_before(part.cron, until, zone=ZoneInfo(zone))
        return [Time(part, last)] if last > after else []
    since = max(after, until - MADE_UP)
    return [Day(part, zone, turn, until) for turn in turns.come(rule_of(part).at, after=since, until=until)]


def next_after(part: DateTrigger | ScheduleTrigger, zone: str, time: datetime) -> datetime:
    """Return when a clock is to be looked at next."""
    if isinstance(part, ScheduleTrigger):
        return schedules.next_after(part.cron, time, zone=ZoneInfo(zone))
    return turns.following(rule_of(part).at, after=time)


def rule_of(part: DateTrigger) -> Rule:
    """Return which dates a trigger is about."""
    return Rule(time.fromisoformat(part.at), part.offset_days, part.yearly, Leap(part.leap))


def _column(reference: str) -> tuple[str, list[Any]]:
    """Return SQL that gives a field of a profile as text."""
    column, keys = language.layout().columns.find(parse_field(reference))
    if column.kind is Kind.JSON:
        return f"({column.sql} #>> %s)", [list(keys)]
    if column.kind is Kind.TIME:
        return f"to_char({column.sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')", []
    return column.sql, []
