"""Redis or Valkey: a server of yours, and the user that reads there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from redis import Redis
from redis.exceptions import NoPermissionError, TimeoutError

from apps.bridges import tls
from apps.bridges.connection_kind import TEST_SECS, ConnectionKind, Failure, Part, Report, register
from apps.bridges.redis_client import client, told
from apps.bridges.safe_addresses import check_host
from apps.core.typed_settings import Problem, duration, number, secret, text


@dataclass(frozen=True, kw_only=True)
class RedisSettings(tls.Answering):
    """Where the server is, and who we are there."""

    host: str = text("Host", help="The name of the server: redis.example.com.", check=check_host)
    port: int = number("Port", least=1, most=65_535, default=6379)
    database: int = number("Database", help="Its number.", least=0, most=99_999, default=0)
    user: str = text("User", help="Empty: the default user.", default="")
    password: str = secret("Password", help="Empty: it wants none.", default="")
    security: str = tls.security_field()
    ca: str = tls.ca_field()
    certificate: str = tls.certificate_field()
    certificate_key: str = tls.certificate_key_field()
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=1), default=timedelta(seconds=10)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse what would go unencrypted to somebody else's network, and what is of no use alone."""
        yield from tls.problems_of(self, self.host)
        if self.user and not self.password:
            yield Problem("password", "A user signs in by a password.")


def leads_to(settings: RedisSettings) -> str:
    """Say which database it is."""
    return f"database {settings.database} at {settings.host}:{settings.port}"


def test(settings: RedisSettings) -> Report:
    """Sign in, choose the database, and ask for nothing."""
    report = Report()
    host, port, has_tls = settings.host, settings.port, settings.is_encrypted
    with client(settings, secs=min(settings.secs, TEST_SECS)) as redis:
        try:
            with told(settings):
                _greet(redis, settings)
        except Failure as failure:
            report.stopped(failure, host, port, has_tls=has_tls)
            return report
    report.reached(host, port, has_tls=has_tls)
    if settings.password:
        report.well(Part.SIGN_IN, f"It takes the user {settings.user or 'default'} and the password.")
    else:
        report.well(Part.SIGN_IN, "It lets us in without a password.")
    return report


def _greet(redis: Redis, settings: RedisSettings) -> None:
    try:
        redis.ping()
    except NoPermissionError:
        pass  # it has signed us in, and lets this user not even greet
    except TimeoutError:
        raise Failure(Part.SIGN_IN, f"{settings.host} took the connection, and gave no answer in time.") from None


register(
    "redis",
    ConnectionKind(
        title="Redis or Valkey",
        about="A server of yours, whose streams, lists or channels bridges read.",
        icon="data_array",
        order=70,
        settings=RedisSettings,
        leads_to=leads_to,
        test=test,
    ),
)
