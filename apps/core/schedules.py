"""When something comes round: cron expressions of five fields, in the time zone of the platform, or another one."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from croniter import CroniterBadCronError, CroniterBadDateError, croniter
from django.conf import settings

_FIELDS: Final = 5
_LONGEST_STEPS: Final = (59, 23, 31, 12, 7)
_STEP: Final = re.compile(r"/(\d+)")
_YEARS: Final = 8  # between two leap days, a century included
NEVER: Final = "Such a day never comes."


class ScheduleError(ValueError):
    """A schedule is none; the text says why."""


def last_before(schedule: str, time: datetime, *, zone: ZoneInfo | None = None) -> datetime:
    """Return when a schedule came last, at a time or before it. Raises ScheduleError as `next_after` does."""
    next_after(schedule, time, zone=zone)
    there = time.astimezone(zone or ZoneInfo(settings.TIME_ZONE)) + timedelta(seconds=1)
    found: datetime = croniter(schedule, there, max_years_between_matches=_YEARS).get_prev(datetime)
    return found.astimezone(UTC)


def next_after(schedule: str, time: datetime, *, zone: ZoneInfo | None = None) -> datetime:
    """Return when a schedule comes next after a time. Raises ScheduleError for one that is none, or never comes."""
    if len(schedule.split()) != _FIELDS:
        message = "Five fields are needed: minute, hour, day of the month, month, day of the week, as in 30 4 * * 1."
        raise ScheduleError(message)
    for field, longest in zip(schedule.split(), _LONGEST_STEPS, strict=True):
        if any(int(step) > longest for step in _STEP.findall(field)):
            raise ScheduleError(f"{schedule} is no schedule: a step is at most {longest} there, not {field}.")
    try:
        there = time.astimezone(zone or ZoneInfo(settings.TIME_ZONE))
        clock = croniter(schedule, there, max_years_between_matches=_YEARS)
        found: datetime = clock.get_next(datetime)
    except CroniterBadDateError:
        raise ScheduleError(NEVER) from None
    except (CroniterBadCronError, KeyError, ValueError) as error:
        raise ScheduleError(f"{schedule} is no schedule: {error}.") from None
    return found.astimezone(UTC)
