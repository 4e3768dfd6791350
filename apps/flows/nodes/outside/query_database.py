"""Ask a database of the operator's."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import number
from apps.flows.node import register
from apps.flows.nodes.outside.database_statement import DatabaseStatement, Statement
from apps.flows.nodes.results import into


@register
class QueryDatabase(DatabaseStatement):
    """A query is asked of a PostgreSQL database of yours, and its rows are in the payload: payload@found.rows.

    It is one query (SELECT, WITH), run in a transaction that only reads, and ended when the connection's time-out is
    over. Values are bound as parameters, :name, and are never a part of the text; cast them where the database cannot
    tell what they are: :total::numeric. It is tried again for 72 hours where the database is away. People leave by out,
    by refused where the query is wrong, or finds more than it may, and by error where no try went well.
    """

    key, title, icon, order = "sql-query", "Database query", "database_search", 30
    example = {
        "connection": "Shop database",
        "statement": "SELECT number, total FROM orders WHERE customer = :customer::text ORDER BY number DESC LIMIT 3",
        "parameters": {"customer": "profile@id"},
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(Statement):
        """What is asked, and how much may be found."""

        most: int = number("Most rows", least=1, most=1_000, default=100, help="What finds more is refused.")
        into: str = into("found")

    def limits(self) -> dict[str, Any]:
        """It reads, so many rows."""
        return {"is_read": True, "most": self._settings.most}
