"""Rows that wait for workers: how many of them are claimed, worked on, tried again and given up.

Two shapes, for two kinds of rows:

**lease**, for what is claimed by the hundred, and retried: `due_at` says when a row is to be worked on, and a lease
moves it on, in a transaction of its own. A worker that dies gives nothing back: its rows are simply due again once
their lease ran out. The lease brings ids, not state; the order of work is

    leases = claims.claim(Run, 500, now=now)
    with transaction.atomic():
        people = fetch(Profile, {lease.subject for lease in leases}, locks=True)
        runs = claims.held(Run, leases)          # what is still ours, read and locked now
        for run in runs: ...                     # run.end(), run.postpone(until), run.fail(error, now=now)
        claims.write(runs, "state")

as whoever held rows while waiting for a profile would wait for those who hold profiles and write rows (ingest does).

**hold**, for queues whose rows are worked on at once, in their order, in one transaction, and deleted by it: `free`
locks them until its end. The inbox does so: it is a third faster, and what was accepted must leave in the transaction
that stores what became of it.

Neither is for the few long jobs that people start: one is named by its job, and held for a step at a time (tasks.py).
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple, TypeVar

from django.db import connection, models, transaction

from apps.core.fetch import fetch
from apps.core.memory import Memory
from apps.core.upsert import update

SPARED: Final = 20  # times as long as it took: a look from the first row on is not made again for so long
HEALED: Final = 1_000  # rows given up at once
DIED: Final = "Whoever worked on it did not come back."
COLUMNS: Final = ("due_at", "attempts", "error", "dead_at")


class Lease(NamedTuple):
    """The right to work on a row, until its `due_at`: the number tells it from older and newer ones."""

    pk: Any
    number: int
    subject: Any
    due_at: datetime | None = None  # since when the row had waited, of one that was claimed


class Claimable(models.Model):
    """A row that waits for a worker until `due_at`; without one it is over: done, or given up at `dead_at`.

    A model says how long a lease lasts, how often a row is tried and how long it rests in between; its Meta inherits
    from this one, or has an index of its own for the rows of a scope.
    """

    LEASE: ClassVar = timedelta(minutes=1)
    MAX_ATTEMPTS: ClassVar = 5
    # After the first failure, the second ...; the last one for all that follow.
    BACKOFF: ClassVar[Sequence[timedelta]] = [timedelta(seconds=secs) for secs in (2, 10, 60, 300, 900, 3_600)]
    SUBJECT: ClassVar[str] = "id"  # the field by which a worker locks before it reads the row

    due_at = models.DateTimeField(null=True)
    leases = models.PositiveIntegerField(default=0)  # how often it was leased: only the last one may write
    attempts = models.PositiveSmallIntegerField(default=0)  # leases since it went well at last
    error = models.TextField(blank=True, default="")  # of the last attempt
    dead_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        indexes = [
            # Workers take what waits longest. By id too: thousands may be due at one instant, and a mark among them.
            models.Index(fields=["due_at", "id"], condition=models.Q(due_at__isnull=False), name="%(class)s_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(due_at=None) | models.Q(dead_at=None), name="%(class)s_waits_or_is_dead"
            ),
        ]

    @property
    def lease(self) -> Lease:
        """The last lease that there was when it was read."""
        return Lease(self.pk, self.leases, getattr(self, self.SUBJECT))

    def end(self) -> None:
        """Let nothing more be done with it; it went well."""
        self.due_at, self.attempts, self.error = None, 0, ""

    def postpone(self, until: datetime) -> None:
        """Let it wait for its next step: it went well so far."""
        self.due_at, self.attempts, self.error = until, 0, ""

    def give_back(self, due_at: datetime) -> None:
        """Let it be due as it was before it was leased: nobody has begun with it."""
        self.due_at, self.attempts = due_at, max(self.attempts - 1, 0)

    def fail(self, error: str, *, now: datetime) -> None:
        """Let it be tried again after a rest, or give it up when it was tried often enough."""
        if self.attempts >= self.MAX_ATTEMPTS:
            self.give_up(error, now=now)
            return
        rest = self.BACKOFF[min(self.attempts, len(self.BACKOFF)) - 1]
        self.due_at, self.error = now + rest, error

    def give_up(self, error: str, *, now: datetime) -> None:
        """Set it aside until somebody revives it."""
        self.due_at, self.dead_at, self.error = None, now, error

    def revive(self, *, now: datetime) -> None:
        """Let what was given up be tried as if it were new."""
        self.due_at, self.dead_at, self.attempts = now, None, 0


Row = TypeVar("Row", bound=Claimable)
Found = tuple[Any, ...]  # a place in the order of the queue, and what was found there


class Mark(Memory):
    """Where this process last found something, and until when it begins there: a low-water mark.

    While an old snapshot is open (a backup is made), entries of an index that are over are still there, and a look from
    the first one on reads through all of them: the more, the more has been done since. So it is made now and then, so
    seldom that it hardly counts; it finds what was put in late, was given back, or is due again, before the mark.
    """

    def __init__(self) -> None:
        super().__init__()
        self._place: Any = None
        self._until = 0.0  # by the monotonic clock

    def find(self, look: Callable[[Any], Sequence[Found]]) -> Sequence[Found]:
        """Return what a look from the mark on finds; or one from the first row on, when it is time or nothing is there.

        `look(place)` returns rows in the order of their places; None is before the first one.
        """
        found = look(self._place) if time.monotonic() < self._until else ()
        if not found:
            began_at = time.monotonic()
            found = look(None)
            self._until = began_at + SPARED * (time.monotonic() - began_at)
        if found:
            self._place = found[0][0]
        return found

    def rewind(self) -> None:
        """Begin with the first row the next time."""
        self._until = 0.0

    def forget(self) -> None:
        """Remember no place."""
        self.rewind()


_marks: Final[dict[Hashable, Mark]] = defaultdict(Mark)


def free(table: str, *, where: str, order: str, columns: str = "*") -> str:
    """Return the SQL of the first rows that nobody else holds, locked until the transaction ends; the last parameter is
    how many. The names and conditions are ours.
    """
    return f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order} LIMIT %s FOR NO KEY UPDATE SKIP LOCKED"  # noqa: S608


def claim(
    model: type[Claimable], limit: int, *, now: datetime, since: datetime | None = None, **scope: Any
) -> list[Lease]:
    """Lease the rows that have waited longest, at most so many, of those whose columns are as the scope says.

    `since` leaves out what was due before it: so what is in time is found behind much that is late.
    A transaction of its own, whose commit is not waited for: a lease that is lost in a crash is work done again. So it
    must not be called inside of another.
    """
    mark = _marks[model, tuple(sorted(scope.items()))]
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")

        def look(place: Any) -> list[Found]:
            after = list(place or ())
            statement = _claiming(model, tuple(scope), place=("due_at", "id")[: len(after)])
            lease_until = now + model.LEASE
            cursor.execute(statement, [now, model.MAX_ATTEMPTS, *scope.values(), *after, limit, lease_until])
            rows = sorted(cursor.fetchall())
            return [((due_at, pk), Lease(pk, number, subject, due_at)) for due_at, pk, number, subject in rows]

        return [lease for _, lease in (look([since]) if since else mark.find(look))]


def _claiming(model: type[Claimable], scope: Collection[str], *, place: Sequence[str]) -> str:
    quote = connection.ops.quote_name
    columns = {field.name: quote(str(field.column)) for field in model._meta.concrete_fields}
    table = quote(model._meta.db_table)
    conditions = ["due_at <= %s", "attempts < %s"]
    conditions += [f"{columns[name]} = %s" for name in scope]
    if place:
        conditions.append(f"({', '.join(place)}) >= ({', '.join(['%s'] * len(place))})")
    due = free(table, where=" AND ".join(conditions), order="due_at, id", columns="id, due_at")
    # Materialized, or a planner may run the subquery again and lease more than were asked for. Also by an array of ids,
    # or one that thinks the table small reads all of it.
    return (
        f"WITH due AS MATERIALIZED ({due}) UPDATE {table} AS row "  # noqa: S608 - names come from the model
        "SET due_at = %s, leases = leases + 1, attempts = attempts + 1 FROM due "
        "WHERE row.id = due.id AND row.id = ANY(ARRAY(SELECT id FROM due)) "
        f"RETURNING due.due_at, row.id, row.leases, row.{columns[model.SUBJECT]}"
    )


def held(model: type[Row], leases: Iterable[Lease]) -> list[Row]:
    """Read and lock, in the caller's transaction, the rows whose lease is still the last one, ordered by id.

    What has subjects is asked for once these are locked. A row that somebody else leased, ended or gave up is not ours.
    """
    numbers = {lease.pk: lease.number for lease in leases}
    found = fetch(model, numbers, locks=True)
    return [row for row in found.values() if row.leases == numbers[row.pk] and row.due_at is not None]


def write(rows: Sequence[Claimable], *columns: str) -> None:
    """Write how rows that are held go on, and these columns of theirs, in one statement."""
    if rows:
        update(type(rows[0]), rows, [*COLUMNS, *columns])


def renew(model: type[Claimable], leases: Sequence[Lease], *, now: datetime) -> list[Lease]:
    """Let the leases last as long as new ones, and return those that were still ours."""
    table = connection.ops.quote_name(model._meta.db_table)
    pk_type = model._meta.pk.rel_db_type(connection)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS row SET due_at = %s FROM unnest(%s::{pk_type}[], %s::int[]) AS lease(id, number) "  # noqa: S608
            "WHERE row.id = lease.id AND row.leases = lease.number AND due_at IS NOT NULL RETURNING row.id",
            [now + model.LEASE, [lease.pk for lease in leases], [lease.number for lease in leases]],
        )
        ours = {pk for (pk,) in cursor.fetchall()}
    return [lease for lease in leases if lease.pk in ours]


def heal(model: type[Row], *, now: datetime) -> list[Row]:
    """Give up the rows whose last attempt nobody came back from, and return them; all others come back by themselves.

    They are locked until the caller's transaction ends, which may have more to write of them.
    """
    lost = model._default_manager.filter(due_at__lte=now, attempts__gte=model.MAX_ATTEMPTS)
    with transaction.atomic():
        rows = list(lost.select_for_update(no_key=True).order_by("id")[:HEALED])
        for row in rows:
            row.give_up(row.error or DIED, now=now)
        write(rows)
    return rows
