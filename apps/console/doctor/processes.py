"""The platform's own processes and what waits for them, as `apps/collector/health.py` sees them."""

from collections.abc import Iterable
from typing import Final

from apps.collector.health import Health
from apps.console.doctor.checkup import Finding, Patient, Report, Severity, Unseen, check
from apps.core import commands
from apps.core.queues import queues as queues_by_name
from apps.core.spans import in_words

OLD_JOB_SECS: Final = 600
# What makes something wait for ever; all else only needs somebody to look.
BROKEN: Final = frozenset({"ingest", "cron", "no_worker", "worker_silent"})
DEAD: Final = "SELECT id, error FROM events_inboxitem WHERE dead_at IS NOT NULL"
COMMANDS: Final = {
    "ingest": "run ingest",
    "inbox": "ingest --once",
    "cron": "run cron",
    "alerts": "run alerts",
}


@check("inbox", "Inbox")
def inbox(patient: Patient) -> Report:
    """Look at what was accepted and not processed yet, and at who processes it."""
    found = _with_database(patient)
    age = in_words(found.inbox_oldest_secs) if found.inbox_oldest_secs is not None else ""
    wait = "waits" if found.inbox_waiting == 1 else "wait"
    report = Report(f"{found.inbox_waiting} {wait}{f', the oldest for {age}' if age else ''}")
    return _add(report, found, {"ingest", "inbox"})


@check("dead_letters", "Dead letters")
def dead_letters(patient: Patient) -> Report:
    """Look for accepted requests that were given up."""
    found = _with_database(patient)
    return _add(Report(str(found.n_dead_letters) if found.n_dead_letters else "none"), found, {"dead_letters"})


@check("workers", "Workers")
def workers(patient: Patient) -> Report:
    """Look whether each queue has somebody who works on it."""
    found = _with_valkey(patient)
    heard = [queue.heartbeat_secs for queue in found.queues.queues if queue.heartbeat_secs is not None]
    listened = sum(1 for queue in found.queues.queues if queue.n_workers)
    report = Report(f"{listened} of {len(found.queues.queues)} queues have one")
    if heard:
        report.told += f", last heard {in_words(min(heard))} ago"
    elif not any(queue.depth for queue in found.queues.queues):
        report.broken(
            "no_worker", "No worker runs: background jobs would wait.", commands.start("worker"), _typed(role="worker")
        )
    return _add(report, found, {"no_worker", "worker_silent", "suspended"})


@check("queues", "Queues")
def queues(patient: Patient) -> Report:
    """Look at what waits in the queues, and what failed."""
    found = _with_valkey(patient)
    depth = sum(queue.depth for queue in found.queues.queues)
    report = Report("1 job waits" if depth == 1 else f"{depth} jobs wait")
    for queue in found.queues.queues:
        if (queue.oldest_secs or 0) > OLD_JOB_SECS and queue.n_workers:
            message = f"The oldest job in {queue.name} waits for {in_words(queue.oldest_secs or 0)}."
            report.warn("queue_old", message, "Start another one.", _typed(role=_role(queue.name)))
    return _add(report, found, {"failed_jobs"})


@check("cron", "Cron")
def cron(patient: Patient) -> Report:
    """Look whether what runs by the clock does."""
    found = _with_database(patient)
    silent = found.silent_secs.get("cron")
    return _add(Report("never ran" if silent is None else f"ran {in_words(silent)} ago"), found, {"cron"})


@check("alerts", "Alerts")
def alerts(patient: Patient) -> Report:
    """Look whether alerts are evaluated: who stopped doing so tells nobody."""
    found = _with_database(patient)
    silent = found.silent_secs.get("alerts")
    told = "nobody evaluates them" if silent is None else f"evaluated {in_words(silent)} ago"
    return _add(Report(told), found, {"alerts"})


def _with_database(patient: Patient) -> Health:
    if not patient.health.takes_events:
        raise Unseen("PostgreSQL takes no changes, or has no tables of ours.")
    return patient.health


def _with_valkey(patient: Patient) -> Health:
    if not patient.health.has_valkey:
        raise Unseen("Valkey does not answer.")
    return patient.health


def _add(report: Report, found: Health, codes: Iterable[str]) -> Report:
    """Take over what is found of these codes."""
    for each in found.findings():
        if each.code in codes:
            severity = Severity.BROKEN if each.code in BROKEN else Severity.WARNING
            report.findings.append(
                Finding(each.code, severity, each.message, each.remedy, _typed(each.code, role=each.role))
            )
    return report


def _role(queue: str) -> str:
    return queues_by_name[queue].role if queue in queues_by_name else "worker"


def _typed(code: str = "", *, role: str = "") -> str:
    """Return what is typed against it; nothing where no command helps."""
    if role:
        return commands.manage(f"run {role}")
    if code == "dead_letters":
        return commands.sql(DEAD)
    return commands.manage(COMMANDS[code]) if code in COMMANDS else ""
