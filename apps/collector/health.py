"""Is all well? One answer for readiness, the admin's home and `manage.py status`: figures, and what they mean."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from django.core.cache import cache
from django.db import DatabaseError
from redis.exceptions import RedisError

from apps.collector.grouping import Busy, Grouper
from apps.core import beats, commands, queue_state
from apps.core.queue_state import QueuesState, QueueState
from apps.core.queues import queues
from apps.core.spans import in_words
from apps.events.models import InboxItem

COMMIT_SECS: Final = 2.0
MAX_COUNT: Final = 10_000  # of what waits no more is counted
OLD_SECS: Final = 60  # of an item of the inbox
SILENT_SECS: Final = {beats.Name.INGEST: 60, beats.Name.CRON: 300, beats.Name.ALERTS: 300}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be, and the way out."""

    code: str
    message: str
    remedy: str
    role: str = ""  # which to start, where that helps

    def as_dict(self) -> dict[str, str]:
        """Shape it for JSON: {code, message, remedy}."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy}


VALKEY_AWAY: Final = Finding("valkey", "Valkey does not answer: background jobs wait.", "Start it; nothing is lost.")


@dataclass(slots=True)
class Health:
    """What was measured; an age is in seconds, and None where there is nothing to be old."""

    takes_events: bool
    has_valkey: bool
    inbox_waiting: int = 0  # MAX_COUNT at most
    inbox_oldest_secs: float | None = None
    n_dead_letters: int = 0  # accepted, given up, and waiting for somebody
    silent_secs: dict[str, float | None] = field(default_factory=dict)  # since ingest, cron and alerts were last heard
    queues: QueuesState = field(default_factory=QueuesState)

    @property
    def status(self) -> str:
        """Say it in a word: `unavailable` takes no events, `degraded` takes them and needs somebody to look."""
        if not self.takes_events:
            return "unavailable"
        return "degraded" if any(True for _ in self.findings()) else "ok"

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong, the worst first."""
        if not self.takes_events:
            remedy = "Start PostgreSQL, or let DATABASE_URL name the primary."
            yield Finding("database", "The database does not answer, or takes no changes.", remedy)
            return
        yield from self._inbox()
        yield from self._alerts()
        if not self.has_valkey:
            yield VALKEY_AWAY
            return
        yield from self._clock()
        yield from queue_findings(self.queues)
        for queue in self.queues.queues:
            if queue.n_failed:
                message = f"{_jobs(queue.n_failed, 'failed')} in {queue.name}, the last one: {queue.last_error}."
                yield Finding("failed_jobs", message, "Look at Queues.")

    def as_dict(self) -> dict[str, Any]:
        """Shape it for JSON."""
        return {
            "status": self.status,
            "checks": {"database": self.takes_events, "queues": self.has_valkey},
            "findings": [finding.as_dict() for finding in self.findings()],
            "inbox": {
                "waiting": self.inbox_waiting,
                "oldest_secs": self.inbox_oldest_secs,
                "dead_letters": self.n_dead_letters,
            },
            "silent_secs": self.silent_secs,
            "suspended": self.queues.is_suspended,
            "queues": {queue.name: _told(queue) for queue in self.queues.queues},
        }

    def _inbox(self) -> Iterator[Finding]:
        silent = self.silent_secs.get(beats.Name.INGEST)
        if silent is None or silent > SILENT_SECS[beats.Name.INGEST]:
            waits = ": what is accepted waits" if self.inbox_waiting else ""
            yield Finding("ingest", f"No ingest process was heard {_ago(silent)}{waits}.", commands.start("ingest"))
        if self.inbox_oldest_secs is not None and self.inbox_oldest_secs > OLD_SECS:
            message = f"The oldest accepted request waits for {in_words(self.inbox_oldest_secs)}."
            yield Finding("inbox", message, "Look at the log of ingest, or start another ingest process.")
        if self.n_dead_letters:
            message = f"{self.n_dead_letters} accepted requests are dead letters: they failed, and were set aside."
            if self.n_dead_letters == 1:
                message = "1 accepted request is a dead letter: it failed, and was set aside."
            yield Finding("dead_letters", message, "Look at Inbox; once the cause is fixed, try them again.")

    def _alerts(self) -> Iterator[Finding]:
        silent = self.silent_secs.get(beats.Name.ALERTS)
        if silent is not None and silent > SILENT_SECS[beats.Name.ALERTS]:  # who never ran it may do without
            message = f"No process has evaluated alerts {_ago(silent)}: nobody is told of anything."
            yield Finding("alerts", message, commands.start("alerts"))

    def _clock(self) -> Iterator[Finding]:
        silent = self.silent_secs.get(beats.Name.CRON)
        if silent is None or silent > SILENT_SECS[beats.Name.CRON]:
            message = f"Nothing that runs by the clock ran {_ago(silent)}."
            remedy = f"{commands.start('cron', 'worker')} A crontab does it, too: docs/operations.md."
            yield Finding("cron", message, remedy)


def measure() -> Health:
    """Look at everything, in some four seconds at most, whatever is away."""
    now = datetime.now(UTC)
    found = Health(takes_events=_commits(), has_valkey=_valkey_answers())
    try:
        if found.takes_events:
            _look_at_database(found, now)
    except DatabaseError:  # it went away just now
        found.takes_events = False
    try:
        if found.has_valkey:
            found.queues = queue_state.read()
    except RedisError:
        found.has_valkey = False
    return found


def _commits() -> bool:
    """Prove that something can be committed in time: a standby answers, too, and so does a primary that waits for one.

    On a thread of its own: nothing on the server's side ends the wait for a standby that is gone.
    """
    try:
        _committing.submit(beats.Name.READINESS, timeout_secs=COMMIT_SECS)
    except (DatabaseError, Busy):
        return False
    return True


def _beat(names: list[beats.Name]) -> None:
    beats.beat(names[0], at=datetime.now(UTC))


_committing: Grouper[beats.Name] = Grouper(_beat, name="readiness")


def _look_at_database(found: Health, now: datetime) -> None:
    waiting = InboxItem.objects.filter(dead_at=None, retry_at=None)
    found.inbox_waiting = waiting[:MAX_COUNT].count()
    oldest = waiting.order_by("id").values_list("received_at", flat=True).first()
    found.inbox_oldest_secs = _secs(now, oldest)
    found.n_dead_letters = InboxItem.objects.filter(dead_at__isnull=False).count()
    heard = beats.last()
    found.silent_secs = {name.value: _secs(now, heard.get(name)) for name in SILENT_SECS}


def _secs(now: datetime, then: datetime | None) -> float | None:
    return None if then is None else round(max((now - then).total_seconds(), 0.0), 1)


def _valkey_answers() -> bool:
    try:
        cache.get("ready")
    except (RedisError, OSError):
        return False
    return True


def queue_findings(found: QueuesState) -> Iterator[Finding]:
    """Yield where nobody works, though somebody should."""
    if found.is_suspended:
        yield Finding("suspended", "All workers were told to rest: jobs wait.", "Let them go on with rq resume.")
    silent, alone = found.unattended()
    if silent:
        ago = in_words(min(queue.heartbeat_secs or 0.0 for queue in silent))
        roles = _roles(silent)
        remedy = f"It was killed, or hangs: end it then. {commands.start(*roles)}"
        yield Finding("worker_silent", f"{_nobody(silent)} The last worker was heard {ago} ago.", remedy, roles[0])
    if alone:
        roles = _roles(alone)
        yield Finding("no_worker", f"{_nobody(alone)} No worker listens.", commands.start(*roles), roles[0])


def _roles(found: list[QueueState]) -> list[str]:
    """Name those who work on queues; those of an older version may have been of any worker."""
    return list(dict.fromkeys(queues[queue.name].role if queue.name in queues else "worker" for queue in found))


def _nobody(queues: list[QueueState]) -> str:
    """Say in a sentence where nobody works, and how much waits there."""
    depth = sum(queue.depth for queue in queues)
    waits = f": {_jobs(depth, 'wait')}" if depth else ""
    return f"Nobody works on {', '.join(queue.name for queue in queues)}{waits}."


def _jobs(number: int, do: str) -> str:
    if number == 1:
        return f"1 job {do}{'s' * (do == 'wait')}"
    return f"{number:,} jobs {do}"


def _told(queue: QueueState) -> dict[str, Any]:
    return {
        "depth": queue.depth,
        "oldest_secs": queue.oldest_secs,
        "workers": queue.n_workers,
        "heartbeat_secs": queue.heartbeat_secs,
        "failed": queue.n_failed,
        "last_error": queue.last_error,
    }


def _ago(secs: float | None) -> str:
    return "yet" if secs is None else f"for {in_words(secs)}"
