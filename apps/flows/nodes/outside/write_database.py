"""Write into a database of the operator's."""

from dataclasses import dataclass

from apps.flows.node import register
from apps.flows.nodes.outside.database_statement import DatabaseStatement, Statement
from apps.flows.nodes.results import into


@register
class WriteDatabase(DatabaseStatement):
    """A statement changes a PostgreSQL database of yours; payload@written.count is how many rows it changed.

    It is one statement, in a transaction of its own. Values are bound as parameters, :name, and are never a part of the
    text; cast them where the database cannot tell what they are: :total::numeric. It is done at least once: a worker
    that is killed in between does it again. Where that matters, write :key, which is the same for all tries, and what
    is there already: INSERT … ON CONFLICT DO NOTHING. People leave by out, by refused where the statement is wrong, and
    by error where no try went well in 72 hours.
    """

    key, title, icon, order = "sql-write", "Write to a database", "database_upload", 40
    example = {
        "connection": "Shop database",
        "statement": (
            "INSERT INTO reminders (key, customer, total) VALUES (:key, :customer, :total::numeric) "
            "ON CONFLICT (key) DO NOTHING"
        ),
        "parameters": {"customer": "profile@id", "total": "event@properties.total"},
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(Statement):
        """What is written."""

        into: str = into("written")
