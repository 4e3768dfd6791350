"""Heartbeats as people read them: what one says of whom, how it is, when it runs, and what came of it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil

from apps.conditions.durations import in_words
from apps.core.admin.deleting import counted
from apps.core.admin.shown import badge
from apps.core.mistakes import DefinitionError
from apps.core.schedules import next_after
from apps.heartbeats import definitions
from apps.heartbeats.models import Heartbeat, HeartbeatRun
from apps.heartbeats.strategy import Of, Strategy
from apps.profiles.admin.privacy import SEES_PII
from apps.segments import discretion

# What a schedule means, for those that most people need.
SCHEDULES: Final = {
    "* * * * *": "every minute",
    "*/15 * * * *": "every 15 minutes",
    "0 * * * *": "every hour",
    "0 4 * * *": "every day at 4:00",
    "0 9 * * 1": "every Monday at 9:00",
    "0 9 1 * *": "on the first of each month at 9:00",
}
WEEKDAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_AT_AN_HOUR: Final = re.compile(r"(?P<minute>\d+) (?P<hour>\d+) (?P<day>\d+|\*) \* (?P<weekday>[0-7]|\*)")
LATE: Final = timedelta(minutes=5)  # after which nobody seems to run what is due
N_NEXT: Final = 3
LATEST: Final = ("started_at", "finished_at", "n_said", "error", "is_complete")


def is_private(user: Any, row: Heartbeat) -> bool:
    """Tell whether of whom a heartbeat speaks tells somebody personal data that they may not see."""
    if user.has_perm(SEES_PII):
        return False
    try:
        condition = definitions.condition_of(row)
    except DefinitionError:
        return True
    return condition is not None and discretion.telling_part(condition) is not None


def strategy_of(row: Heartbeat) -> Strategy | None:
    """Return the strategy of a heartbeat, None where it is no more."""
    try:
        return definitions.strategy_of(row)
    except DefinitionError:
        return None


def meaning(row: Heartbeat) -> str:
    """Say in a sentence what a heartbeat says, and of whom."""
    strategy = strategy_of(row)
    if strategy is None:
        return f"There is no strategy {row.strategy} any more."
    wait = in_words(row.wait_period)
    deed = "close it, and say" if strategy.act else "say"
    of_whom = " and ".join(_of_whom(row))
    only = f", of people who {of_whom}" if of_whom else ""
    return f"When {strategy.silence} for {wait}, {deed} {row.event_type or strategy.event.type}{only}."


def _of_whom(row: Heartbeat) -> Iterator[str]:
    if row.segment:
        yield f"are in {row.segment}"
    if row.source:
        yield f"came through {row.source}"
    if row.consent:
        yield f"agreed to {row.consent}"
    if row.condition:
        yield "meet a condition"


def subjects(row: Heartbeat, n: int) -> str:
    """Count people or sessions, whichever a heartbeat speaks of."""
    strategy = strategy_of(row)
    if strategy and strategy.of is Of.SESSION:
        return counted(n, "session")
    return counted(n, "person", "people")


def relative(at: datetime, *, now: datetime) -> str:
    """Say how far a time is away, in one unit: in 3 days, 2 hours ago."""
    if abs(at - now) < timedelta(minutes=1):
        return "within a minute" if at > now else "just now"
    return f"in {timeuntil(at, now, depth=1)}" if at > now else f"{timesince(at, now, depth=1)} ago"


def when(at: datetime, *, now: datetime) -> SafeString:
    """Show how far a time is away, with the exact one when pointed at."""
    exact = f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S} ({timezone.get_current_timezone_name()})"
    return format_html('<time title="{}">{}</time>', exact, relative(at, now=now))


def schedule_in_words(schedule: str) -> str:
    """Say when a schedule comes; the expression itself where there are no words for it."""
    if not schedule:
        return "only when somebody runs it"
    return SCHEDULES.get(schedule) or _at_an_hour(schedule) or f"at the times of {schedule}"


def _at_an_hour(schedule: str) -> str:
    """Say it of one that comes at one time of the day, each day, on a day of each week, or of each month."""
    found = _AT_AN_HOUR.fullmatch(schedule)
    if not found:
        return ""
    at = f"at {int(found['hour'])}:{int(found['minute']):02}"
    match found["day"], found["weekday"]:
        case "*", "*":
            return f"every day {at}"
        case "*", weekday:
            return f"every {WEEKDAYS[int(weekday) % 7]} {at}"
        case day, "*":
            return f"on day {day} of each month {at}"
    return ""


def next_times(schedule: str, *, after: datetime) -> list[datetime]:
    """Return when a schedule comes next, a few times. Raises ScheduleError."""
    found: list[datetime] = []
    while schedule and len(found) < N_NEXT:
        found.append(next_after(schedule, found[-1] if found else after))
    return found


def with_latest_run(rows: QuerySet[Heartbeat]) -> QuerySet[Heartbeat]:
    """Read what came of the latest runs with the heartbeats: by the index of their history."""
    runs = HeartbeatRun.objects.filter(heartbeat=OuterRef("pk")).order_by("-started_at")
    return rows.annotate(**{f"run_{name}": Subquery(runs.values(name)[:1]) for name in LATEST})


class State(NamedTuple):
    """How a heartbeat is, in a word and a colour, and what is to be said of it if something is wrong."""

    word: str
    colour: str
    problem: str = ""

    @property
    def badge(self) -> SafeString:
        """Show the word."""
        return badge(self.word, self.colour)


def state_of(row: Any, *, now: datetime) -> State:
    """Tell how a heartbeat that was read `with_latest_run` is."""
    if not row.is_enabled:
        return State("off", "grey")
    if row.attempts >= Heartbeat.STUCK:
        begun = f"{row} was begun {row.attempts} times, and none of these came to an end."
        return State("stuck", "red", f"{begun} The log of the workers tells what ended them.")
    if row.run_started_at and row.run_finished_at is None:
        return State("running", "blue")
    if row.run_error:
        return State("failed", "red", f"{row}: its last run failed. {row.run_error}")
    if row.due_at and row.due_at < now - LATE:
        late = timesince(row.due_at, now, depth=1)
        return State("overdue", "amber", f"{row} should have run {late} ago. Does the clock run (cron and a worker)?")
    return State("on", "green")


def took(run: HeartbeatRun) -> str:
    """Say how long a run took, or has taken until now."""
    secs = ((run.finished_at or timezone.now()) - run.started_at).total_seconds()
    return f"{secs:.1f} s" if secs < 60 else f"{secs / 60:.1f} min"


def outcome(run: HeartbeatRun) -> SafeString:
    """Show what became of a run."""
    if run.finished_at is None:
        return badge("running", "blue")
    if run.error:
        return format_html("{} {}", badge("failed", "red"), run.error)
    return badge("done", "green") if run.is_complete else badge("more to say", "amber")


def due(run: HeartbeatRun) -> str:
    """Show how many were due: at least so many, where it ended at its limit before it had looked at all."""
    n_due = f"{run.n_due:,}"
    return f"at least {n_due}" if run.finished_at and not run.is_complete and not run.error else n_due


def said(run: HeartbeatRun, user: Any) -> SafeString | str:
    """Show how many events a run said, linked to these, which name it, for who may ask of whom it spoke."""
    if not run.n_said or not user.has_perm(SEES_PII):
        return f"{run.n_said:,}"
    asked = {"type": run.heartbeat.event_type, "condition": f'event@properties.run = "{run.pk}"'}
    address = f"{reverse('admin:events_event_changelist')}?{urlencode(asked)}"
    return format_html('<a class="cdp-link" href="{}">{}</a>', address, f"{run.n_said:,}")


def trigger(run: HeartbeatRun) -> SafeString | str:
    """Say what began a run."""
    if run.trigger == HeartbeatRun.Trigger.HAND:
        return f"By hand: {run.requested_by}"
    return "By the clock"
