"""MySQL and MariaDB: rows of a table or a query, as they are added and changed."""

from apps.inbound.bridge_kind import register
from apps.inbound.rows.kind import bridge_kind
from apps.inbound.rows.mysql import MysqlTables

register(
    "mysql",
    bridge_kind(
        MysqlTables,
        title="MySQL or MariaDB",
        about="Rows of a table or a query, as they are added and changed.",
        icon="database",
        order=71,
        connection_kind="mysql",
    ),
)
