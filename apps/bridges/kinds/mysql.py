"""MySQL and MariaDB: a database of yours, and the user that reads there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from apps.bridges import mysql_session, tls
from apps.bridges.connection_kind import ConnectionKind, Failure, Part, Report, register
from apps.bridges.safe_addresses import check_host
from apps.core.typed_settings import Problem, duration, number, secret, text


@dataclass(frozen=True, kw_only=True)
class MysqlSettings(tls.Answering):
    """Where the database is, and who we are there."""

    host: str = text("Host", help="The name of the server: db.example.com.", check=check_host)
    port: int = number("Port", least=1, most=65_535, default=3306)
    database: str = text("Database", max_length=64)
    user: str = text("User", help="It may read what bridges read, and no more.", max_length=128)
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


def leads_to(settings: MysqlSettings) -> str:
    """Say which database it is."""
    return f"{settings.database} at {settings.host}:{settings.port}, as {settings.user}"


def test(settings: MysqlSettings) -> Report:
    """Sign in, and ask for nothing."""
    report = Report()
    try:
        connection = mysql_session.connect(settings)
    except Failure as failure:
        report.stopped(failure, settings.host, settings.port, has_tls=settings.is_encrypted)
        return report
    mysql_session.close(connection)
    report.reached(settings.host, settings.port, has_tls=settings.is_encrypted)
    report.well(Part.SIGN_IN, f"It takes the user {settings.user}.")
    return report


register(
    "mysql",
    ConnectionKind(
        title="MySQL or MariaDB",
        about="A database of yours, whose tables are read.",
        icon="database",
        order=41,
        settings=MysqlSettings,
        leads_to=leads_to,
        test=test,
    ),
)
