"""Reads a table in rounds: each goes up to the newest row, and begins a little before where the last one ended."""

import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from apps.inbound.received import Failure, Lag, Received
from apps.inbound.rows.mark import Mark, Reached
from apps.inbound.rows.queries import Bounds, Queries, Row
from apps.inbound.rows.server import Database
from apps.inbound.rows.settings import TableSettings
from apps.inbound.rows.shaped import message, moment_of

# Rows of the overlap that are known to be taken: of more than that the oldest are not read again.
MOST_KNOWN: Final = 50_000
UNCOUNTED_SECS: Final = 300.0  # a database that took too long to count is not asked again


@dataclass(slots=True)
class Round:
    """One way through what is new, and through the overlap before it."""

    bounds: Bounds
    behind: Mark | None  # as it began: what comes after it is new
    at: Mark | None  # how far it is
    known: OrderedDict[str, Mark] = field(default_factory=OrderedDict)  # its rows that the next one reads again
    forgotten: Mark | None = None  # up to here they are not known, and not read again

    def note(self, key: str, row: Row) -> None:
        """Remember a row that is read again, as long as they are not too many."""
        if not row.is_recent:
            return
        self.known[key] = row.mark
        if len(self.known) > MOST_KNOWN:
            _, self.forgotten = self.known.popitem(last=False)


class TableReader:
    """Rows of one table or query, one after the other."""

    def __init__(self, database: Database, settings: TableSettings, reached: Reached) -> None:
        """Go on behind what is stored. Raises Failure where that cannot be read."""
        self._database, self._settings = database, settings
        self._queries = Queries.of(settings, database)
        self._mark, self._since = reached.mark, reached.since
        self._last: Round | None = None
        self._round: Round | None = None  # that goes on
        self._due = 0.0  # of the next one, by the monotonic clock
        self._uncounted_until = 0.0
        self._waiting: deque[Received] = deque()

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return the next rows; while there are none, look again as often as the settings say."""
        if not limit:
            time.sleep(secs)
            return []
        until = time.monotonic() + secs
        while not self._waiting:
            if self._round or time.monotonic() >= self._due:
                self._go_on()
            if time.monotonic() >= until:
                break
            if not self._waiting and not self._round:
                time.sleep(max(min(self._due, until) - time.monotonic(), 0))
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def settle(self, messages: Sequence[Received]) -> None:
        """Do nothing: the mark is ours."""

    def lag(self) -> Lag:
        """Count the rows beyond the mark, up to a bound; a database that takes too long for it cannot tell."""
        if time.monotonic() < self._uncounted_until:
            return Lag(None)
        try:
            n, oldest = self._queries.count(self._mark)
        except Failure:
            self._uncounted_until = time.monotonic() + UNCOUNTED_SECS
            return Lag(None)
        return Lag(n + len(self._waiting), moment_of(self._queries, oldest))

    def close(self) -> None:
        """Leave."""
        self._database.close()

    def _go_on(self) -> None:
        """Read the next page of the round, or of a new one."""
        self._round = self._round or self._begun()
        if not self._round:
            return
        this, most = self._round, self._settings.batch_size
        rows = self._queries.page(this.at, this.bounds, this.behind, most=most)
        for row in rows:
            self._take(row, this)
        if len(rows) < most:
            self._last, self._round = this, None

    def _begun(self) -> Round | None:
        """Begin a round; None where there are no rows at all."""
        self._due = time.monotonic() + self._settings.poll.total_seconds()
        bounds = self._queries.bounds(self._mark, self._since)
        return Round(bounds, self._mark, self._first_of(bounds)) if bounds else None

    def _first_of(self, bounds: Bounds) -> Mark | None:
        """Return behind what a round begins."""
        if not self._mark:
            return self._since
        if self._queries.is_same(bounds.start, self._mark.watermark):
            return self._mark
        if self._last and self._last.forgotten:
            return self._last.forgotten
        if self._since and self._queries.is_same(bounds.start, self._since.watermark):
            return self._since
        return Mark(bounds.start)

    def _take(self, row: Row, this: Round) -> None:
        this.at = row.mark
        if row.is_beyond:
            self._mark = row.mark
        position = Reached(self._mark, self._since).write()
        received = message(self._queries, self._settings, row, position=position)
        this.note(received.key, row)
        if not self._last or received.key not in self._last.known:
            self._waiting.append(received)
