"""How a heartbeat is saved: what is wrong is said of the field, and what counts from now on is noted."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.conditions import Condition, ConditionError
from apps.conditions.durations import parse_length
from apps.conditions.exceptions import TreeError
from apps.conditions.nearest import nearest
from apps.conditions.text import quote
from apps.conditions.type_names import event_type
from apps.core import schedules
from apps.core.ids import digest
from apps.core.mistakes import DefinitionError
from apps.core.schedules import ScheduleError
from apps.events import platform_events
from apps.events.models import EventType
from apps.heartbeats.models import Heartbeat, Silence
from apps.heartbeats.strategy import Strategy, strategies
from apps.segments import definitions, language
from apps.segments.models import Segment

LEAST: Final = timedelta(minutes=1)
MOST: Final = timedelta(days=3_650)
# What changes whose silence it is: what ripened before the change is not told of because of it.
_SCOPE: Final = (
    *("strategy", "wait_period", "source_id", "segment_id", "consent_id", "condition", "includes_bots", "rearm"),
)
_MEANING: Final = ("is_enabled", *_SCOPE)
# What people may change; all else is of runs, which go on while somebody edits.
_COLUMNS: Final = (
    *("name", "is_enabled", "strategy", "event_type", "wait_period", "schedule", "source", "segment", "consent"),
    *("condition", "includes_bots", "rearm", "first_run", "max_per_run", "updated_at"),
)
CHANGED: Final = "The heartbeat was changed meanwhile."


def strategy_of(row: Heartbeat) -> Strategy:
    """Return the strategy of a heartbeat. Raises DefinitionError for one that there is not."""
    try:
        return strategies[row.strategy]
    except KeyError:
        message = f"There is no strategy {row.strategy}. There are {', '.join(strategies)}."
        raise DefinitionError("strategy", message) from None


def wait_period_of(text: str) -> timedelta:
    """Read how long somebody has to be silent: 15 minutes, 1h30m, 180 days. Raises DefinitionError."""
    try:
        found = parse_length(text)
    except TreeError as error:
        raise DefinitionError("wait_period", error.message) from None
    if found.seconds is None:
        raise DefinitionError("wait_period", "Months and years differ in length: write it in days.")
    wait_period = timedelta(seconds=found.seconds)
    _check_wait(wait_period)
    return wait_period


def condition_of(row: Heartbeat) -> Condition | None:
    """Return what must hold of a person for the heartbeat to speak of them; None if nothing has to.

    Consent and segment are parts of it: there is one way to ask about people. Raises DefinitionError, also for a
    segment that is gone: everybody would not be in it.
    """
    parts = [f"({row.condition})"] if row.condition.strip() else []
    if row.consent_id:
        parts.append(f"CONSENTED({quote(row.consent_id)})")
    if row.segment:
        parts.append(f"profile@segments CONTAINS {quote(row.segment.key)}")
    if not parts:
        return None
    return _parsed(" AND ".join(parts), is_stored=True)


def check(row: Heartbeat) -> None:
    """Refuse what `save` refuses, and fill in what is usual. Raises DefinitionError, which names the field."""
    for problem in problems(row):
        raise problem


def problems(row: Heartbeat) -> list[DefinitionError]:
    """Return all that `save` refuses, one problem of each field at most, and fill in what is usual."""
    found: dict[str, DefinitionError] = {}
    for check_one in _CHECKS:
        try:
            check_one(row)
        except DefinitionError as error:
            found.setdefault(error.field, error)
    return list(found.values())


def save(row: Heartbeat, *, now: datetime) -> bool:
    """Store a heartbeat, and tell whether its meaning changed: then only silences count that ripen from now on.

    Raises DefinitionError, which names the field.
    """
    check(row)
    with transaction.atomic():
        before = Heartbeat.objects.select_for_update(no_key=True).filter(pk=row.pk).first()
        is_changed = before is None or differs(before, row)
        written = list(_COLUMNS)
        if is_changed:
            row.seen_until = row.seen_through_at = None
            row.counted_from = now if row.is_enabled else None
            written += ["seen_until", "seen_through_at", "counted_from"]
        if before is None or is_changed or before.schedule != row.schedule:
            row.due_at, row.leases = next_run(row, after=now), before.leases + 1 if before else 0
            row.attempts = 0
            written += ["due_at", "leases", "attempts"]  # whoever runs it just now sees that it is no longer theirs
            row.runs.filter(finished_at=None).update(finished_at=now, error=CHANGED)
        row.save(update_fields=written if before else None)
    return is_changed


def differs(before: Heartbeat, row: Heartbeat) -> bool:
    """Tell whether a change is one of meaning: whose silence it is, and whether it is on."""
    return any(getattr(before, name) != getattr(row, name) for name in _MEANING)


def next_run(row: Heartbeat, *, after: datetime) -> datetime | None:
    """Say when a heartbeat runs next; never, if it is off or has no schedule."""
    return schedules.next_after(row.schedule, after) if row.is_enabled and row.schedule else None


def delete(row: Heartbeat) -> None:
    """Delete a heartbeat with all that is known of what it said: one like it would begin anew."""
    with transaction.atomic():
        # One statement: Django would read millions of rows to delete them.
        Silence.objects.filter(heartbeat_id=row.pk)._raw_delete("default")
        row.delete()


def on_the_spot(row: Heartbeat) -> Heartbeat:
    """Make a heartbeat of flags, which nobody saves. Its id follows from what it means: again, it says nothing twice.

    Raises DefinitionError, which names the field.
    """
    row.name, row.schedule = row.name or row.strategy, ""
    check(row)
    meaning = ("event_type", *_SCOPE)
    row.id = digest("heartbeat", *(f"{name}={getattr(row, name)}" for name in meaning))
    return row


def _check_wait_period(row: Heartbeat) -> None:
    if not isinstance(row.wait_period, timedelta):
        raise DefinitionError("wait_period", "Write it as 15 minutes or 180 days.")
    _check_wait(row.wait_period)


def _check_wait(wait_period: timedelta) -> None:
    if wait_period < LEAST:
        raise DefinitionError("wait_period", "At least one minute of silence.")
    if wait_period > MOST:
        raise DefinitionError("wait_period", "At most ten years of silence, 3650 days.")


def _check_event_type(row: Heartbeat) -> None:
    own = strategy_of(row).event.type
    row.event_type = event_type(row.event_type) or own
    if row.event_type == own:
        return
    if row.event_type in platform_events.types():
        message = f"The platform itself says {row.event_type} of something else. Say {own}, or a type of your own."
        raise DefinitionError("event_type", message)
    known = EventType.objects.filter(type=row.event_type).values_list("is_builtin", flat=True).first()
    if known is None:
        made = EventType.objects.filter(is_builtin=False).values_list("type", flat=True)
        meant = nearest(row.event_type, [own, *made])
        hint = f" Did you mean {meant}?" if meant else f" Say {own}, or make the type first."
        raise DefinitionError("event_type", f"There is no event type {row.event_type}.{hint}")
    if known:
        message = f"{row.event_type} is what people do: senders say it. Say {own}, or a type of your own."
        raise DefinitionError("event_type", message)


def _check_rearm(row: Heartbeat) -> None:
    if strategy_of(row).act and row.rearm == Heartbeat.Rearm.ONCE:
        raise DefinitionError("rearm", "What begins anew has to end again: choose after each new silence.")


def _check_schedule(row: Heartbeat) -> None:
    row.schedule = " ".join(row.schedule.split())
    if not row.schedule:
        return
    try:
        schedules.next_after(row.schedule, datetime.now(UTC))
    except ScheduleError as error:
        raise DefinitionError("schedule", str(error)) from None


def _check_condition(row: Heartbeat) -> None:
    """Hold what is not stored yet to the rules of today; what is stored goes on."""
    row.condition = row.condition.strip()
    is_stored = Heartbeat.objects.filter(pk=row.pk, condition=row.condition).exists()
    if row.condition:
        _parsed(row.condition, is_stored=is_stored)


def _check_most(row: Heartbeat) -> None:
    if row.max_per_run is None or row.max_per_run < 1:
        raise DefinitionError("max_per_run", "At least one a run.")


def _check_columns(row: Heartbeat) -> None:
    try:
        row.clean_fields(exclude={field.name for field in Heartbeat._meta.fields}.difference(_COLUMNS))
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise DefinitionError(name, messages[0]) from None


def _check_name(row: Heartbeat) -> None:
    if Heartbeat.objects.filter(name=row.name).exclude(pk=row.pk).exists():
        raise DefinitionError("name", "There is another heartbeat of that name.")


_CHECKS: Final = (
    *(_check_wait_period, _check_event_type, _check_rearm, _check_schedule, _check_condition),
    *(_check_most, _check_columns, _check_name),
)


def _parsed(text: str, *, is_stored: bool) -> Condition:
    try:
        condition = language.parse(text, is_stored=is_stored)
        asked = definitions.segments_of(condition)
    except ConditionError as problem:
        raise DefinitionError("condition", str(problem)) from None
    keys = list(Segment.objects.values_list("key", flat=True)) if asked else []
    for key in sorted(asked.difference(keys)):
        error = ConditionError(f"There is no segment {key}.", suggestion=nearest(key, keys))
        raise DefinitionError("condition", str(error))
    return condition
