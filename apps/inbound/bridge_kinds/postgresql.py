"""PostgreSQL: rows of a table or a query, as they are added and changed."""

from apps.inbound.bridge_kind import register
from apps.inbound.rows.kind import bridge_kind
from apps.inbound.rows.postgresql import PostgresqlDatabase

register(
    "postgresql",
    bridge_kind(
        PostgresqlDatabase,
        title="PostgreSQL",
        about="Rows of a table or a query, as they are added and changed.",
        icon="database",
        order=70,
        connection_kind="postgresql",
    ),
)
