"""RabbitMQ: a broker of yours, one of its virtual hosts, and who we are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.bridges import tls
from apps.bridges.amqp_session import Session
from apps.bridges.connection_kind import TEST_SECS, ConnectionKind, Failure, Part, Report, register
from apps.bridges.safe_addresses import check_host
from apps.core.typed_settings import Problem, choice, duration, number, secret, text

PORTS: Final = {"tls": 5671, "none": 5672}
SIGN_IN: Final = {"password": "User and password", "certificate": "Our certificate (EXTERNAL)"}


@dataclass(frozen=True, kw_only=True)
class RabbitmqSettings(tls.Answering):
    """Where the broker is, and who we are there."""

    host: str = text("Host", help="The name of the broker: rabbit.example.com.", check=check_host)
    port: int | None = number("Port", help="Empty: 5671 for TLS, 5672 unencrypted.", least=1, most=65_535, default=None)
    virtual_host: str = text("Virtual host", default="/")
    sign_in: str = choice("It lets us in by", SIGN_IN, default="password")
    user: str = text("User", help="They may read from queues, and need no more.", when=("sign_in", "password"))
    password: str = secret("Password", when=("sign_in", "password"))
    security: str = tls.security_field()
    ca: str = tls.ca_field()
    certificate: str = tls.certificate_field()
    certificate_key: str = tls.certificate_key_field()
    heartbeat: timedelta = duration(
        "Heartbeat",
        help="After twice as long without a word the connection is taken for dead.",
        least=timedelta(seconds=5),
        most=timedelta(minutes=10),
        default=timedelta(minutes=1),
    )
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=1), default=timedelta(seconds=15)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse what cannot let us in, and what would go unencrypted to somebody else's network."""
        yield from tls.problems_of(self, self.host)
        if self.sign_in == "certificate" and not self.certificate:
            field = "certificate" if self.security == "tls" else "sign_in"
            yield Problem(field, "To be let in by our certificate needs TLS, and a certificate.")

    @property
    def at_port(self) -> int:
        """Where it listens."""
        return self.port or PORTS[self.security]

    @property
    def heartbeat_secs(self) -> int:
        """How often each side says that it is there."""
        return int(self.heartbeat.total_seconds())


def leads_to(settings: RabbitmqSettings) -> str:
    """Say which part of which broker it is."""
    who = settings.user or "our certificate"
    return f"{settings.virtual_host} at {settings.host}:{settings.at_port}, as {who}"


def test(settings: RabbitmqSettings) -> Report:
    """Enter the virtual host, and ask for nothing."""
    report = Report()
    has_tls = settings.is_encrypted
    try:
        Session(settings, secs=min(settings.secs, TEST_SECS)).close()
    except Failure as failure:
        report.stopped(failure, settings.host, settings.at_port, has_tls=has_tls)
        return report
    report.reached(settings.host, settings.at_port, has_tls=has_tls)
    report.well(Part.SIGN_IN, f"It lets us into the virtual host {settings.virtual_host}.")
    return report


register(
    "rabbitmq",
    ConnectionKind(
        title="RabbitMQ",
        about="A broker of yours, from whose queues messages are read.",
        icon="mark_email_unread",
        order=62,
        settings=RabbitmqSettings,
        leads_to=leads_to,
        test=test,
    ),
)
