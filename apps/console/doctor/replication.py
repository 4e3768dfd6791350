"""Replication slots: one that nobody reads makes PostgreSQL keep its log until the disk is full."""

from typing import Final

from django.template.defaultfilters import filesizeformat

from apps.console.doctor.checkup import Patient, Report, check, rows
from apps.core import commands

MUCH_BYTES: Final = 10 * 2**30  # also of a slot that somebody reads
SLOTS: Final = """
SELECT slot_name, active, coalesce(wal_status, ''), coalesce(CASE WHEN pg_is_in_recovery() THEN 0
    ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END, 0)::bigint
FROM pg_replication_slots ORDER BY 4 DESC
"""


@check("replication", "Replication slots")
def replication(_patient: Patient) -> Report:
    """Look at each slot."""
    found = rows(SLOTS)
    report = Report(f"{len(found)} slot{'s' * (len(found) > 1)}" if found else "none")
    for name, is_active, status, held in found:
        command = commands.sql(f"SELECT pg_drop_replication_slot('{name}')")
        if status == "lost":
            message = f"The replication slot {name} has lost what its reader needs."
            report.broken("slot_lost", message, "Drop it, and make the standby, or the subscription, anew.", command)
        elif not is_active:
            message = f"Nobody reads the replication slot {name}, which holds back {filesizeformat(held)} of the log."
            remedy = "Bring its reader back; where there is none any more, drop it: else the disk fills up."
            report.warn("slot_unread", message, remedy, command)
        elif held > MUCH_BYTES:
            message = f"The reader of the replication slot {name} is {filesizeformat(held)} behind."
            report.warn("slot_behind", message, "Look at the standby, and at the network between.")
    return report
