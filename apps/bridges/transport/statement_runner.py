"""Statements of SQL, one after the other, by one connection to a database that is kept from one to the next."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg.generators import fetch
from psycopg.pq import ExecStatus
from psycopg.types.json import Jsonb

from apps.bridges import requests, tls, verdicts
from apps.bridges.sql_database import Database
from apps.bridges.statements import as_driver_has_it
from apps.bridges.transport import Parcel, Reply, failed
from apps.bridges.transport.http import authorities
from apps.bridges.transport.in_turn import InTurn
from apps.bridges.verdicts import Verdict
from apps.core import egress
from apps.core.egress import EgressError, Forbidden

logger = logging.getLogger(__name__)
IDLE_SECS: Final = 30.0  # then a connection is not trusted to be there any more
CUT_SECS: Final = 5.0  # after its time-out a statement that the server did not end is broken off
_FATAL: Final = "FATAL:"
# Who says so lets us in a moment later.
_BUSY: Final = ("too many", "remaining connection slots", "starting up", "shutting down", "recovery")
MOST_BYTES: Final = 60_000  # of rows, as JSON: a payload has room for no more
# As long as one alone may be: what is longer is too much already.
_ROWS: Final = f"SELECT left(row_to_json(it)::text, {MOST_BYTES + 1}) FROM (\n{{statement}}\n) AS it LIMIT {{most:d}}"  # noqa: S608 - a number of ours


def connect(database: Database) -> psycopg.Connection[Any]:
    """Connect to an address that was checked, under the name of the host. Raises EgressError and psycopg.Error."""
    found = egress.addresses(database.host, database.port, is_private=not database.is_encrypted)
    with tls.files_of(database) as files:
        return _connected(database, found, files)


def _connected(database: Database, found: Sequence[str], files: tls.Files) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=",".join([database.host] * len(found)),
        hostaddr=",".join(found),
        port=",".join([str(database.port)] * len(found)),
        dbname=database.database,
        user=database.user,
        password=database.password,
        passfile=os.devnull,
        sslmode="verify-full" if database.is_encrypted else "disable",
        sslrootcert=str(files.ca) if database.ca else authorities(),
        # Named in any case: it would else look for one in the home of whoever runs us.
        sslcert=str(files.certificate),
        sslkey=str(files.key),
        gssencmode="disable",
        connect_timeout=max(int(min(database.secs, egress.CONNECT_SECS)), 2),
        application_name="cdp",
        autocommit=True,
    )


class StatementTransport(InTurn):
    """Statements to one database."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self._connection: psycopg.Connection[Any] | None = None
        self._used_at = 0.0

    def break_off(self) -> None:
        """Wait for the database no longer."""
        if self._connection:
            cut(self._connection)

    def close(self) -> None:
        """End the connection."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def _sent(self, parcel: Parcel) -> Reply:
        began_at = time.monotonic()
        problem = requests.problem_of_sql(parcel.request)
        if problem:
            return Reply(parcel, Verdict.REFUSED, problem.message)
        try:
            verdict, said, body = Verdict.DELIVERED, "It was done.", self._run(parcel)
        except Refused as error:
            verdict, said, body = Verdict.REFUSED, str(error), ""
            self.close()
        except psycopg.Error as error:
            verdict = _verdict_of(error)
            said = said_of(error, self._database)
            body = error.diag.message_primary or ""
            self.close()
        except EgressError as error:
            verdict, said, body = Verdict.HOLD if isinstance(error, Forbidden) else Verdict.AGAIN, str(error), ""
        except Exception as error:
            logger.exception("A statement could not be sent", extra={"delivery": str(parcel.id)})
            self.close()
            return failed(parcel, Verdict.AGAIN, error)
        return Reply(parcel, verdict, said, int((time.monotonic() - began_at) * 1_000), body=body)

    def _run(self, parcel: Parcel) -> str:
        """Run a statement in a transaction of its own, and return what came of it as JSON."""
        request = parcel.request
        statement = as_driver_has_it(request["statement"].strip().rstrip(";"))
        values = {name: _bound(value) for name, value in {**request["parameters"], "key": parcel.key}.items()}
        if request["is_read"]:
            # Around it: it can be nothing but a query, whose rows the database writes as JSON.
            statement = _ROWS.format(statement=statement, most=request["most"] + 1)
        begin = b"BEGIN READ ONLY" if request["is_read"] else b"BEGIN"
        with bounded(self.break_off, self._database.secs), self._begun(begin).cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {int(self._database.secs * 1_000)}".encode())
            if request["is_read"]:
                cursor.execute(statement.encode(), values, prepare=True)  # prepared: several statements are refused
                found = _rows(cursor, request["most"])
            else:
                found = f'{{"count": {_n_changed(cursor, statement.encode(), values)}}}'
            cursor.execute(b"COMMIT")
        self._used_at = time.monotonic()
        return found

    def _begun(self, begin: bytes) -> psycopg.Connection[Any]:
        """Begin a transaction; a connection that went away while nothing was to be sent is made anew.

        Nothing that an earlier statement has set is left: no role, no path, no lock, no temporary table.
        """
        if self._connection and time.monotonic() > self._used_at + IDLE_SECS:
            self.close()
        if self._connection:
            with suppress(psycopg.OperationalError):
                self._connection.execute(b"DISCARD ALL")
                self._connection.execute(begin)
                return self._connection
            self.close()
        self._connection = connect(self._database)
        self._connection.execute(begin)
        return self._connection


@contextmanager
def bounded(break_off: Callable[[], None], secs: float) -> Iterator[None]:
    """Break off where a server does not keep to the time-out that it was told."""
    timer = threading.Timer(secs + CUT_SECS, break_off)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


class Refused(Exception):
    """What a statement says, or finds, is not taken; the message says why."""


def _rows(cursor: Any, most: int) -> str:
    rows = [text for (text,) in cursor.fetchall()]
    body = f'{{"rows": [{", ".join(rows)}]}}'
    if len(rows) > most:
        raise Refused(f"There are more than {most} rows.")
    if len(body.encode()) > MOST_BYTES:
        raise Refused(f"The rows have more than {MOST_BYTES:,} bytes as JSON.")
    return body


def _n_changed(cursor: psycopg.Cursor[Any], statement: bytes, values: dict[str, Any]) -> int:
    """Run one statement, and count the rows; those that it gives nobody reads, and each is dropped as it comes.

    All together they might need more memory than there is: a function or RETURNING may give any number.
    """
    connection, n_changed = cursor.connection, -1
    connection.wait(cursor._stream_send_gen(statement, values, size=1))
    while result := connection.wait(fetch(connection.pgconn)):
        match result.status:
            case ExecStatus.SINGLE_TUPLE:
                continue
            case ExecStatus.COMMAND_OK | ExecStatus.TUPLES_OK:
                n_changed = -1 if result.command_tuples is None else result.command_tuples
            case ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result)
            case _:
                raise Refused("Nothing is copied from here, or to here.")
    return n_changed


def _bound(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def _verdict_of(error: psycopg.Error) -> Verdict:
    """Judge an error; one that the driver tells, before the server was asked, is about this statement."""
    if error.sqlstate is None and isinstance(error, psycopg.ProgrammingError | psycopg.DataError):
        return Verdict.REFUSED
    return verdicts.of_sql(error.sqlstate, is_turned_away=_is_turned_away(error))


def _is_turned_away(error: psycopg.Error) -> bool:
    said = str(error)
    return _FATAL in said and not any(words in said for words in _BUSY)


def said_of(error: psycopg.Error, database: Database) -> str:
    """Say what went wrong by its kind: what a database says of it may repeat values."""
    if error.sqlstate:
        return f"{database.host} said {error.sqlstate} ({type(error).__name__})."
    if _FATAL in str(error):  # of the connection alone, whose errors have no code here
        return f"{database.host} said: {str(error).partition(_FATAL)[2].strip().splitlines()[0][:300]}"
    return f"{database.host} broke off, or took too long."


def cut(connection: psycopg.Connection[Any]) -> None:
    """Break a connection off, while another thread waits for an answer."""
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as guard:
        guard.shutdown(socket.SHUT_RDWR)
