"""Whether a flow may write to somebody now: not in quiet hours, and no more often than the caps over all flows say.

A question that is answered with yes books the message in the same transaction. The caller holds the person's row, as
whoever advances runs does, so of many workers that ask at once each sees what the one before has booked.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Literal, NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from apps.core.ids import digest
from apps.core.snapshot import Snapshot
from apps.core.upsert import upsert
from apps.flows.models import Contact, FrequencyCap, QuietHours
from apps.flows.models.contact import MAX_PERIOD
from apps.flows.moments import Window, default_zone, opens_at
from apps.profiles import ledger

_SOME_DAY: Final = datetime(2024, 1, 1, tzinfo=UTC)
_SOMEWHERE: Final = ZoneInfo("UTC")
REFRESH_SECS: Final = 5.0
_OLD: Final = "SELECT id FROM flows_contact WHERE at < %s ORDER BY at LIMIT %s"

Answer = dict[str, Any]
Times = dict[str, list[datetime]]  # by channel, when somebody was written to


class Hours(Protocol):
    """The quiet hours of a flow, each day."""

    @property
    def bounds(self) -> tuple[time, time]:
        """Return when they begin and end; if that is not later, on the day after."""
        ...


class Rules(NamedTuple):
    """What operators have said of all flows."""

    caps: tuple[FrequencyCap, ...]
    hours: tuple[QuietHours, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A node wants to write to a person."""

    run_id: UUID
    node: str
    visit: int
    profile_id: UUID  # the living profile's
    raw_id: UUID  # by which they entered: the contact is theirs, should a merge be undone
    channel: str
    zone: str  # whose clocks quiet hours go by
    ignores_hours: bool = False
    hours: Hours | Literal["none"] | None = None  # the flow's own; none at all; null: the installation's

    @property
    def key(self) -> UUID:
        """Return what the visit is booked by, once."""
        return digest("contact", str(self.run_id), self.node, str(self.visit))


def _read() -> Rules:
    caps = FrequencyCap.objects.filter(is_enabled=True).order_by("channel", "period")
    return Rules(tuple(caps), tuple(QuietHours.objects.filter(is_enabled=True)))


rules: Final = Snapshot(_read, of=(FrequencyCap, QuietHours), refresh_secs=REFRESH_SECS)


def answer(questions: Sequence[Question], *, now: datetime) -> list[Answer]:
    """Answer each question, in their order: who comes first has what a cap leaves. Three statements.

    An answer is {} for yes; {quiet_secs} says in how many seconds to ask again; {capped_by} names the cap.
    """
    known = rules.get()
    quiet = [quiet_until(question, known.hours, now=now) for question in questions]
    asking = [question for question, until in zip(questions, quiet, strict=True) if until is None]
    capped = iter(_book(asking, known.caps, now=now))
    return [{"quiet_secs": (until - now).total_seconds()} if until else next(capped) for until in quiet]


def delete_old(*, now: datetime, most: int) -> int:
    """Delete contacts that no cap can count any more, at most so many, and return their number."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM flows_contact WHERE id IN ({_OLD})", [now - MAX_PERIOD, most])  # noqa: S608
        return int(cursor.rowcount)


def silenced(rows: Iterable[QuietHours]) -> str | None:
    """Return a channel by which nobody could ever be written to beside these, empty for all; None if there is none."""
    known = list(rows)
    for channel in sorted({row.channel for row in known}):
        windows = [row.window for row in known if row.channel in ("", channel)]
        if opens_at(_SOME_DAY, windows, _SOMEWHERE) is None:
            return channel
    return None


def quiet_until(question: Question, rows: Iterable[QuietHours], *, now: datetime) -> datetime | None:
    """Return when quiet hours will be over, or None if there are none now."""
    if question.ignores_hours or question.hours == "none":
        return None
    if question.hours is None:
        windows = [row.window for row in rows if row.channel in ("", question.channel)]
    else:
        start, end = question.hours.bounds
        windows = [Window(start=start, end=end)]
    zone = default_zone(question.zone)
    opens = opens_at(now, windows, zone) if windows else now
    # Hours that never end are refused when they are saved; those of two people at one instant wait for a correction.
    return opens or now + timedelta(days=1) if opens != now else None


def _book(questions: Sequence[Question], caps: Sequence[FrequencyCap], *, now: datetime) -> list[Answer]:
    owners = ledger.owners({question.profile_id for question in questions}) if questions else {}
    longest = max((cap.period for cap in caps), default=timedelta())
    booked, times = _booked(owners, since=now - longest)
    answers, contacts = [], []
    for question in questions:
        own = times[question.profile_id]
        cap = None if question.key in booked else reached(caps, question.channel, own, now=now)
        if cap is None and question.key not in booked:
            booked.add(question.key)
            own[question.channel].append(now)
            contacts.append(_contact(question, now=now))
        answers.append({"capped_by": str(cap)} if cap else {})
    upsert(Contact, contacts)  # one that is tried again long after is known by its key, and counts from now on
    return answers


def _contact(question: Question, *, now: datetime) -> Contact:
    return Contact(
        id=question.key,
        profile_id=question.raw_id,
        channel=question.channel,
        at=now,
        run_id=question.run_id,
        node=question.node,
    )


def _booked(owners: Mapping[UUID, UUID], *, since: datetime) -> tuple[set[UUID], dict[UUID, Times]]:
    """Return the keys of what was booked since, and when each living profile was written to."""
    keys: set[UUID] = set()
    times: dict[UUID, Times] = defaultdict(lambda: defaultdict(list))
    if owners:
        found = Contact.objects.filter(profile_id__in=[*owners], at__gt=since)
        for key, profile_id, channel, at in found.values_list("id", "profile_id", "channel", "at"):
            keys.add(key)
            times[owners[profile_id]][channel].append(at)
    return keys, times


def reached(caps: Iterable[FrequencyCap], channel: str, times: Times, *, now: datetime) -> FrequencyCap | None:
    """Return a cap that leaves no message more by a channel to somebody who was written to at these times."""
    for cap in caps:
        if cap.channel in ("", channel):
            counted = times.values() if not cap.channel else [times[channel]]
            if sum(at > now - cap.period for ats in counted for at in ats) >= cap.most:
                return cap
    return None
