"""What a run looks for, and what it finds: subjects that have been silent for long enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection

from apps.heartbeats.models import Heartbeat
from apps.profiles.search import hour_of

# Those who are silent, in their order, and whether the ledger has them. Cut before the ledger is asked: so a page is
# always as many rows by the index, and as many looks, whatever the planner knows of tables that are young.
_PAGE: Final = """
SELECT row.id, row.last_active_at, EXISTS (
    SELECT FROM heartbeats_silence AS s WHERE s.subject_id = row.id AND s.heartbeat_id = %(heartbeat)s {this}
), {columns} FROM (SELECT * FROM {table} AS row WHERE {conditions} ORDER BY {hour}, row.id LIMIT %(limit)s) AS row
ORDER BY {hour}, row.id
"""


class Place(NamedTuple):
    """A place in the order of silence: the hour of the last activity, and the subject's id."""

    hour: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Look:
    """Which silences a page is about: those that began by `until`, and after `since`, behind a place."""

    heartbeat: Heartbeat
    until: datetime
    since: datetime | None
    after: Place | None
    limit: int


class Silent(NamedTuple):
    """A subject, how long it has been silent, and whose it is."""

    id: UUID  # of the profile or session
    last_active_at: datetime
    profile_id: UUID | None  # any that the person ever had; None: a session without a person
    session_id: UUID | None = None
    is_bot: bool = False
    is_merged: bool = False  # a person who has other ids, by which the ledger may know them
    facts: Mapping[str, Any] = MappingProxyType({})  # what an event says of it besides

    @property
    def place(self) -> Place:
        """Where it stands in the order of silence."""
        return _place(self.id, self.last_active_at)


@dataclass(frozen=True, slots=True)
class Page:
    """Those of a page who were not told of, how many were silent, and where the next page begins, if there is one."""

    silent: list[Silent]
    n_seen: int
    after: Place | None


@dataclass(frozen=True, slots=True)
class Table:
    """Where subjects are kept: the column that an index has in front of the id, and what is read of each row."""

    name: str
    hour: str
    columns: tuple[str, ...]  # or what else is asked of each row of a page


def read(look: Look, table: Table, *conditions: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a page: id, last activity, whether it was told of, and the columns; conditions narrow it.

    Rows are called `row` in columns and conditions.
    """
    # An undone merge may let somebody be silent for longer than it was known: that is the silence that was told of.
    this = "" if look.heartbeat.rearm == Heartbeat.Rearm.ONCE else "AND s.began_at >= row.last_active_at"
    values |= {"heartbeat": look.heartbeat.id, "until": look.until, "limit": look.limit}
    conditions += (f"{table.hour} <= %(until)s", "row.last_active_at <= %(until)s")
    if look.since:
        values |= {"since": look.since, "since_hour": hour_of(look.since.astimezone(UTC))}
        conditions += (f"{table.hour} >= %(since_hour)s", "row.last_active_at > %(since)s")
    if look.after:
        values |= {"after_hour": look.after.hour, "after_id": look.after.id}
        conditions += (f"({table.hour}, row.id) > (%(after_hour)s, %(after_id)s)",)
    statement = _PAGE.format(
        this=this,
        hour=table.hour,
        columns=", ".join(table.columns),
        table=table.name,
        conditions=" AND ".join(conditions),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def page_of(look: Look, rows: Sequence[tuple[Any, ...]], silent: list[Silent]) -> Page:
    """Make a page of the rows that `read` returned, and those of them who were not told of."""
    after = _place(*rows[-1][:2]) if len(rows) == look.limit else None
    return Page(silent, len(rows), after)


def _place(id: UUID, last_active_at: datetime) -> Place:
    return Place(hour_of(last_active_at.astimezone(UTC)), id)
