"""Do the clocks of this machine, PostgreSQL and Valkey agree? Times of events, leases and schedules are compared."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from django.db import DatabaseError
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from apps.console.doctor.checkup import Patient, Report, Unseen, check, rows

OFF_SECS, FAR_SECS = 2.0, 60.0
NOW: Final = "SELECT EXTRACT(epoch FROM clock_timestamp())::float"


@check("clocks", "Clocks")
def clocks(_patient: Patient) -> Report:
    """Compare the clock of this machine with those of the servers."""
    report = Report()
    seen, unseen = list[str](), list[str]()
    for name, read in (("PostgreSQL", _of_database), ("Valkey", _of_valkey)):
        try:
            off = _difference(read)
        except (DatabaseError, RedisError, OSError):
            unseen.append(name)
            continue
        seen.append(f"{name} {off:+.1f} s")
        if abs(off) > OFF_SECS:
            _add(report, name, off)
    if not seen:
        raise Unseen("Neither PostgreSQL nor Valkey answers.")
    report.told = ", ".join([*seen, *(f"{name} not to be seen" for name in unseen)])
    return report


def _difference(read: Callable[[], float]) -> float:
    """Return by how many seconds a clock is ahead of ours, taken in the middle of the time that the answer took."""
    for _ in range(2):  # the first time a connection is made
        asked_at = datetime.now(UTC).timestamp()
        theirs = read()
        answered_at = datetime.now(UTC).timestamp()
    return theirs - (asked_at + answered_at) / 2


def _of_database() -> float:
    [(now,)] = rows(NOW)
    return float(now)


def _of_valkey() -> float:
    secs, micros = get_redis_connection().time()
    return float(secs) + float(micros) / 1_000_000


def _add(report: Report, name: str, off: float) -> None:
    behind = "ahead of" if off > 0 else "behind"
    message = f"The clock of {name} is {abs(off):,.0f} seconds {behind} that of this machine."
    remedy = "Find out which one is wrong, and let it follow the time of the network (NTP)."
    note = report.broken if abs(off) > FAR_SECS else report.warn
    note("clock_off", message, remedy, "timedatectl status")
