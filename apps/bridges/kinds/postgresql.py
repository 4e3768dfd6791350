"""PostgreSQL: a database of yours, and the role that runs statements there: what it may, flows may."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from apps.bridges import tls
from apps.bridges.connection_kind import ConnectionKind, Failure, Part, Report, register
from apps.bridges.safe_addresses import check_host
from apps.bridges.transport.statement_runner import StatementTransport, connect, said_of
from apps.core.egress import EgressError
from apps.core.typed_settings import Problem, duration, number, secret, text


@dataclass(frozen=True, kw_only=True)
class PostgresqlSettings(tls.Answering):
    """Where the database is, and who we are there."""

    host: str = text("Host", help="The name of the server: db.example.com.", check=check_host)
    port: int = number("Port", least=1, most=65_535, default=5432)
    database: str = text("Database", max_length=63)
    user: str = text("Role", help="It may do what statements need, and no more.", max_length=63)
    password: str = secret("Password")
    security: str = tls.security_field()
    ca: str = tls.ca_field()
    certificate: str = tls.certificate_field()
    certificate_key: str = tls.certificate_key_field()
    time_out: timedelta = duration(
        "Time-out", help="So long a statement may take.", most=timedelta(minutes=1), default=timedelta(seconds=10)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse what would go unencrypted to somebody else's network, as far as that can be seen."""
        yield from tls.problems_of(self, self.host)


def leads_to(settings: PostgresqlSettings) -> str:
    """Say which database it is."""
    return f"{settings.database} at {settings.host}:{settings.port}, as {settings.user}"


def test(settings: PostgresqlSettings) -> Report:
    """Sign in, and ask for nothing."""
    report = Report()
    try:
        connection = connect(settings)
    except EgressError as error:
        report.unreached(error, settings.host, settings.port)
        return report
    except psycopg.Error as error:
        has_tls = settings.is_encrypted
        report.stopped(failure_at_connecting(error, settings), settings.host, settings.port, has_tls=has_tls)
        return report
    with connection:
        report.reached(settings.host, settings.port, has_tls=settings.is_encrypted)
        report.well(Part.SIGN_IN, f"It takes the role {settings.user}.")
        if connection.info.parameter_status("is_superuser") == "on":
            report.doubt(Part.RIGHT, "The role may do everything: make one that may do what statements need.")
    return report


def failure_at_connecting(error: psycopg.Error, settings: PostgresqlSettings) -> Failure:
    """Tell at which part a connection failed, and why."""
    said, there = str(error), f"{settings.host}, port {settings.port}"
    if "FATAL" in said:
        return Failure(Part.SIGN_IN, said_of(error, settings))
    if "does not support SSL" in said:
        return Failure(Part.TLS, f"No secure connection to {there}: the server has no TLS.")
    if "alert" in said:  # it is theirs that speaks, about what we have shown
        return Failure(Part.TLS, f"No secure connection to {there}: it does not take our certificate.")
    if "certificate" in said or "SSL" in said:
        return Failure(Part.TLS, f"No secure connection to {there}: its certificate is not to be trusted.")
    reason = "it takes too long" if "timeout" in said else "nothing listens there, or nothing lets us through"
    return Failure(Part.NETWORK, f"No connection to {there}: {reason}.")


def transport(settings: PostgresqlSettings, _at_once: int) -> StatementTransport:
    """Open the way by which statements go: one after the other."""
    return StatementTransport(settings)


register(
    "postgresql",
    ConnectionKind(
        title="PostgreSQL",
        about="A database of yours, whose tables are read and written by statements of SQL.",
        icon="database",
        order=40,
        settings=PostgresqlSettings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
