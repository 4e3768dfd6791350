"""Sessions with MySQL and MariaDB: at an address that was checked, under the name of the host, and bounded in time."""

import ssl
from contextlib import suppress
from typing import Any, Final

import pymysql
from pymysql.constants import CR, ER

from apps.bridges.connection_kind import Failure, Part, failure_of
from apps.bridges.sql_database import Database
from apps.bridges.tls import context_of
from apps.core import egress
from apps.core.egress import EgressError

_BUSY: Final = (ER.CON_COUNT_ERROR, ER.SERVER_SHUTDOWN, ER.TOO_MANY_USER_CONNECTIONS, 1129, 1203)
_LET_IN: Final = (ER.ACCESS_DENIED_ERROR, ER.HOST_NOT_PRIVILEGED, ER.NOT_SUPPORTED_AUTH_MODE, 1698, 1820, 1862, 4151)
_RIGHT: Final = (
    ER.DBACCESS_DENIED_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
    ER.COLUMNACCESS_DENIED_ERROR,
    ER.SPECIFIC_ACCESS_DENIED_ERROR,
    ER.PROCACCESS_DENIED_ERROR,
    1792,  # a transaction that only reads
    1356,  # of a view
)
_TOO_LONG: Final = (ER.LOCK_WAIT_TIMEOUT, 1969, 3024)  # as MariaDB and MySQL say it
_MISSING: Final = {ER.BAD_DB_ERROR: "database", ER.NO_SUCH_TABLE: "table", ER.BAD_FIELD_ERROR: "column"}


def connect(database: Database, **options: Any) -> "pymysql.Connection[Any]":
    """Sign in, and let statements end by themselves in time. Raises Failure."""
    connection = pymysql.Connection(
        host=database.host,  # for the certificate: the address is that of the socket
        port=database.port,
        database=database.database,
        user=database.user,
        password=database.password.encode(),  # as text, it would be Latin-1
        charset="utf8mb4",
        ssl=context_of(database) if database.is_encrypted else None,
        ssl_disabled=not database.is_encrypted,
        read_timeout=int(database.secs) + 5,
        write_timeout=int(database.secs) + 5,
        program_name="cdp",
        autocommit=True,
        defer_connect=True,
        **options,
    )
    try:
        found = egress.addresses(database.host, database.port, is_private=not database.is_encrypted)
        plain = egress.connected(database.host, database.port, found, secs=min(database.secs, egress.CONNECT_SECS))
        connection.connect(plain)
        _bound(connection, database.secs)
    except EgressError as error:
        raise failure_of(error) from None
    except pymysql.MySQLError as error:
        close(connection)
        raise failure_at(error, database) from None
    return connection


def close(connection: "pymysql.Connection[Any]") -> None:
    """End a session, however it is."""
    with suppress(OSError, pymysql.MySQLError):
        connection.close()


def is_mariadb(connection: "pymysql.Connection[Any]") -> bool:
    """Tell which of the two it is."""
    return "mariadb" in str(getattr(connection, "server_version", "")).lower()


def _bound(connection: "pymysql.Connection[Any]", secs: float) -> None:
    """Let the server itself end a statement that takes too long; the two have different names for it."""
    limit = f"max_statement_time = {secs:g}" if is_mariadb(connection) else f"max_execution_time = {int(secs * 1_000)}"
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION {limit}, SESSION lock_wait_timeout = {max(int(secs), 1)}, time_zone = '+00:00'")


def failure_at(error: pymysql.MySQLError, database: Database) -> Failure:
    """Say what failed by its code: what a database says of it may repeat values."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, ssl.SSLError):
        return failure_of(egress.no_tls(database.host, cause))
    if code == CR.CR_SSL_CONNECTION_ERROR:
        return Failure(Part.TLS, f"No secure connection to {database.host}: the server has no TLS.")
    if code == 0 or CR.CR_ERROR_FIRST <= code < 3_000:
        return Failure(Part.NETWORK, f"{database.host} broke off, or took too long.")
    return _said(code, f"{database.host} said {code} ({type(error).__name__}).", database)


def _said(code: int, said: str, database: Database) -> Failure:
    """Say what a server does not do, by the code that it gives."""
    if code in _LET_IN:
        return Failure(Part.SIGN_IN, f"It does not take the user {database.user} and this password: {said}")
    if code in _MISSING:
        return Failure(Part.PLACE, f"There is no such {_MISSING[code]} in {database.database}: {said}")
    if code in _RIGHT:
        return Failure(Part.RIGHT, f"{database.user} may not read this: {said}")
    if code in _TOO_LONG:
        told = f"{database.host} did not find the rows in {database.secs:g} seconds: an index may help."
        return Failure(Part.PLACE, told)
    return Failure(Part.NETWORK if code in _BUSY else Part.PLACE, said)
