"""Do the coming months have a partition, so that events of tomorrow find their place?"""

import re
from datetime import UTC, datetime
from typing import Final

from django.conf import settings

from apps.console.doctor.checkup import Patient, Report, check, rows
from apps.core import commands
from apps.events.store.partitions import PARENT, month_of, name_of, next_month

PARTS: Final = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1"
MONTHLY: Final = re.compile(rf"{PARENT}_\d{{4}}_\d\d")


@check("partitions", "Partitions")
def partitions(_patient: Patient) -> Report:
    """Look at this month and the next ones, and for a partition that is no month's, such as a default one."""
    names = [name for (name,) in rows(PARTS, PARENT)]
    monthly, this_month = [name for name in names if MONTHLY.fullmatch(name)], month_of(datetime.now(UTC))
    months = [next_month(this_month, steps=step) for step in range(settings.PARTITIONS_AHEAD_MONTHS + 1)]
    missing = [month for month in months if name_of(month) not in monthly]
    report = Report(f"{len(monthly)} months, up to {monthly[-1].removeprefix(PARENT)[1:]}" if monthly else "none")
    if missing:
        named = ", ".join(f"{month:%Y-%m}" for month in missing)
        message = f"There is no partition for {named}: the first event of a month has to wait until one is made."
        remedy = "Make them now, and see that cron runs, which makes them ahead."
        note = report.broken if this_month in missing else report.warn
        note("partition_missing", message, remedy, commands.manage("partitions"))
    for name in sorted(set(names) - set(monthly)):
        message = f"{name} is a partition of {PARENT}, and no month's: no event is stored in a new month beside it."
        remedy = "Take it out, and insert what is in it into events_event; nothing of the platform makes such a table."
        command = commands.sql(f"ALTER TABLE {PARENT} DETACH PARTITION {name}")
        report.broken("odd_partition", message, remedy, command)
    return report
