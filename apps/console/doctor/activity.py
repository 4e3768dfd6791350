"""Who holds up whom in the database: long transactions, and locks that are waited for."""

from datetime import timedelta
from typing import Final

from apps.console.doctor.checkup import Patient, Report, check, rows
from apps.core import commands
from apps.core.spans import in_words

LOCK: Final = timedelta(seconds=5)  # nobody of ours holds one for longer, but for migrations
TRANSACTION: Final = timedelta(minutes=10)
WAITING: Final = """
SELECT pid, EXTRACT(epoch FROM clock_timestamp() - coalesce(waits.waitstart, activity.query_start))::float,
    pg_blocking_pids(pid)
FROM pg_stat_activity AS activity JOIN (
    SELECT pid, min(waitstart) AS waitstart FROM pg_locks WHERE NOT granted GROUP BY pid
) AS waits USING (pid) WHERE datname = current_database() ORDER BY 2 DESC LIMIT 5
"""
LONG: Final = """
SELECT pid, state, EXTRACT(epoch FROM clock_timestamp() - xact_start)::float, application_name
FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND clock_timestamp() - xact_start > %s ORDER BY xact_start LIMIT 5
"""
END: Final = "SELECT pg_terminate_backend({pid})"


@check("activity", "Locks")
def activity(_patient: Patient) -> Report:
    """Look for who is waited for, and who has been at it for long."""
    return look(lock=LOCK, transaction=TRANSACTION)


def look(*, lock: timedelta, transaction: timedelta) -> Report:
    """Look for locks that are waited for, and transactions that are open, for longer than that."""
    report = Report("nobody waits for long")
    for pid, secs, blockers in rows(WAITING):
        if secs > lock.total_seconds() and blockers:
            report.told = "somebody waits for a lock"
            message = f"Process {pid} of PostgreSQL waits for {in_words(secs)} for a lock of {_named(blockers)}."
            remedy = "Find out who that is; if it does not end by itself, end it: what it has not committed is undone."
            report.broken("lock_wait", message, remedy, commands.sql(END.format(pid=blockers[0])))
    for pid, state, secs, who in rows(LONG, transaction):
        report.told = "a transaction is open for long"
        doing = "does nothing in" if state.startswith("idle") else "works on"
        named = f"Process {pid} of PostgreSQL{f' ({who})' if who else ''}"
        message = f"{named} {doing} a transaction that began {in_words(secs)} ago: no dead row since can be removed."
        remedy = "Let whoever opened it commit; if nobody does, end it."
        report.warn("long_transaction", message, remedy, commands.sql(END.format(pid=pid)))
    return report


def _named(pids: list[int]) -> str:
    return "process " + " and ".join(map(str, pids))
