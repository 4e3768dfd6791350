"""What is the same of every kind of bridge that reads tables: all of it, but for the database."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import UTC
from typing import Any, Final

import orjson

from apps.bridges.connection_kind import Part, Report
from apps.inbound.bridge_kind import BridgeKind, Context, Seek, To, anywhere
from apps.inbound.received import Failure, Received
from apps.inbound.rows.mark import Mark, Reached
from apps.inbound.rows.queries import Queries
from apps.inbound.rows.reader import TableReader
from apps.inbound.rows.server import Database, Nature
from apps.inbound.rows.settings import TABLE, TableSettings, reads
from apps.inbound.rows.shaped import message

KNOWN: Final = {
    "table": "The table; of a query a hash.",
    "watermark": "The watermark of the row, as a text.",
    "key": "The values of the columns of the key, parted by commas.",
}
# What a row means its table knows, and whom it is about a column that somebody has to name first.
ROWS: Final = {"shape": "raw", "event_type": "row-changed", "is_profileless": True}


def bridge_kind(
    connect: Callable[[Any], Database], *, title: str, about: str, icon: str, order: int, connection_kind: str
) -> BridgeKind:
    """Make the kind of bridge of a database to which a function connects."""

    def open(connection: Any, settings: TableSettings, context: Context) -> TableReader:
        reached = Reached.read(context.positions().get(settings.place))
        database = connect(connection)
        try:
            return TableReader(database, settings, reached)
        except BaseException:
            database.close()
            raise

    def peek(connection: Any, settings: TableSettings, n: int) -> Sequence[Received]:
        with closing(connect(connection)) as database:
            queries = Queries.of(settings, database)
            return [message(queries, settings, row) for row in queries.first(n)]

    def places(connection: Any) -> Sequence[str]:
        with closing(connect(connection)) as database:
            return database.tables()

    def look(connection: Any, settings: TableSettings, report: Report) -> None:
        try:
            with closing(connect(connection)) as database:
                _look(Queries.of(settings, database), settings, report)
        except Failure as failure:
            report.failed(failure.part, failure.told)

    def seek(connection: Any, settings: TableSettings, wish: Seek, _context: Context) -> Mapping[str, Any]:
        with closing(connect(connection)) as database:
            return {settings.place: _sought(Queries.of(settings, database), wish).write()}

    return BridgeKind(
        title=title,
        about=about,
        icon=icon,
        order=order,
        connection_kind=connection_kind,
        settings=TableSettings,
        reads=reads,
        open=open,
        peek=peek,
        places=places,
        look=look,
        is_shared=lambda _settings: False,
        place="table",
        known=KNOWN,
        seeks=anywhere,
        seek=seek,
        position_hint="a watermark, 1042 or 2026-05-01 12:00",
        mapping=ROWS,
    )


def _look(queries: Queries, settings: TableSettings, report: Report) -> None:
    queries.first(1)
    report.well(Part.RIGHT, f"It lets us read {settings.name}.")
    order = ", ".join(column.name for column in queries.order)
    report.well(Part.PLACE, f"{settings.name} has the columns {order}.")
    if settings.reads == TABLE and queries.database.begins_index(settings.table, settings.watermark) is False:
        report.doubt(Part.PLACE, f"No index begins with {settings.watermark}: each look reads the whole table.")
    if queries.has_unreadable():
        report.doubt(Part.PLACE, f"There are rows without a value in {order}: they are never read.")
    if queries.is_ahead():
        told = f"A {settings.watermark} is more than a day in the future: rows before it may be passed over."
        report.doubt(Part.PLACE, told)


def _sought(queries: Queries, wish: Seek) -> Reached:
    match wish.to:
        case To.BEGINNING:
            return Reached()
        case To.END:
            last = queries.last()
            return Reached(last, since=last)
        case To.TIME if wish.at and queries.watermark.nature is Nature.NUMBER:
            raise Failure(Part.PLACE, f"{queries.watermark.name} is a number, and no time: seek a number.")
        case To.TIME if wish.at:
            return Reached(since=Mark(queries.canonical(f"{wish.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}")))
        case _:
            return _written(queries, wish.position.strip())


def _written(queries: Queries, text: str) -> Reached:
    """Read a position that people wrote: a watermark, or JSON as it is stored."""
    if not text.startswith("{"):
        return Reached(since=Mark(queries.canonical(text)))
    try:
        mark = Mark.read(orjson.loads(text))
    except ValueError:
        raise Failure(Part.PLACE, "This is no position: write a watermark, or what the status shows.") from None
    if mark and mark.key is not None and len(mark.key) != len(queries.key):
        raise Failure(Part.PLACE, f"The key of a position has {len(queries.key)} values.")
    exact = mark and Mark(queries.canonical(mark.watermark), mark.key)
    return Reached(exact, since=exact)
