"""Does what leaves the house get there?"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from apps.bridges import backlog
from apps.bridges.backlog import COUNTED, Line
from apps.console.doctor.checkup import Patient, Report, check
from apps.core import commands
from apps.core.spans import in_words

MOST: Final = 5  # that are named


@check("deliveries", "Deliveries")
def deliveries(_patient: Patient) -> Report:
    """Look for connections that are held, that are off while something waits, and for what nobody sends."""
    now, lines = datetime.now(UTC), backlog.lines()
    number = sum(line.number for line in lines)
    most = "or more " if any(line.number == COUNTED for line in lines) else ""
    report = Report(f"{number:,} {most}wait" if number else "none waits")
    _add_held(report, {line.id: line.number for line in lines}, now)
    for line in [line for line in lines if not line.is_enabled][:MOST]:
        message = f"The connection {line.name} is off. {backlog.told(line.number)}"
        report.warn("connection_off", message, "Switch it on, or cancel what waits.")
    _add_late(report, [line for line in lines if line.is_late(now)], now)
    return report


def _add_held(report: Report, waiting: Mapping[UUID, int], now: datetime) -> None:
    for row in backlog.held()[:MOST]:
        ago = in_words((now - row.held_at).total_seconds()) if row.held_at else ""
        waits = backlog.told(waiting.get(row.pk, 0), backlog.n_expired(row))
        message = f"The connection {row.name} is held for {ago}: {row.held_because} {waits}"
        remedy = "Test it under Connections, put it right, and let it go on; what has expired can be tried again."
        report.broken("connection_held", message, remedy, commands.manage(f'connection release "{row.name}"'))


def _add_late(report: Report, late: Sequence[Line], now: datetime) -> None:
    if not late:
        return
    oldest = in_words(max((now - line.first_due_at).total_seconds() for line in late))
    names = ", ".join(line.name for line in late[:MOST])
    message = f"Deliveries to {names} are due, the oldest for {oldest}."
    remedy = f"{commands.start('deliveries')} If it runs, start another one."
    report.broken("deliveries_late", message, remedy, commands.manage("run deliveries"))
