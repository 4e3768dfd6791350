"""MQTT: a broker of yours, and who we are there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from apps.bridges import tls
from apps.bridges.connection_kind import TEST_SECS, ConnectionKind, Failure, Part, Report, register
from apps.bridges.mqtt_session import Session, Stay
from apps.bridges.safe_addresses import check_host
from apps.core.typed_settings import Problem, choice, duration, number, secret, text

PORTS: Final = {"tls": 8883, "none": 1883}
VERSIONS: Final = {"5": "MQTT 5", "3.1.1": "MQTT 3.1.1"}
SIGN_IN: Final = {"password": "User and password", "none": "Nothing, or our certificate"}


@dataclass(frozen=True, kw_only=True)
class MqttSettings(tls.Answering):
    """Where the broker is, and who we are there."""

    host: str = text("Host", help="The name of the broker: mqtt.example.com.", check=check_host)
    port: int | None = number("Port", help="Empty: 8883 for TLS, 1883 unencrypted.", least=1, most=65_535, default=None)
    version: str = choice("Version", VERSIONS, default="5")
    sign_in: str = choice("It lets us in by", SIGN_IN, default="password")
    user: str = text("User", help="They may subscribe, and need no more.", when=("sign_in", "password"))
    password: str = secret("Password", when=("sign_in", "password"))
    security: str = tls.security_field()
    ca: str = tls.ca_field()
    certificate: str = tls.certificate_field()
    certificate_key: str = tls.certificate_key_field()
    keep_alive: timedelta = duration(
        "Keep alive",
        help="So often each side lets the other one hear of it.",
        least=timedelta(seconds=5),
        most=timedelta(minutes=10),
        default=timedelta(minutes=1),
    )
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=1), default=timedelta(seconds=15)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse what cannot be sent, and what would go unencrypted to somebody else's network."""
        yield from tls.problems_of(self, self.host)

    @property
    def at_port(self) -> int:
        """Where it listens."""
        return self.port or PORTS[self.security]

    @property
    def keep_alive_secs(self) -> int:
        """How often each side lets the other one hear of it."""
        return int(self.keep_alive.total_seconds())


def leads_to(settings: MqttSettings) -> str:
    """Say which broker it is."""
    who = f", as {settings.user}" if settings.user else ""
    return f"{settings.host}:{settings.at_port}{who}"


def passing() -> Stay:
    """Name a session of which nothing is kept."""
    return Stay(f"cdp-{uuid4().hex[:16]}")


def test(settings: MqttSettings) -> Report:
    """Sign in, and ask for nothing."""
    report = Report()
    has_tls = settings.is_encrypted
    secs = min(settings.secs, TEST_SECS)
    try:
        Session(settings, passing(), secs=secs, on_message=lambda _message: None).close()
    except Failure as failure:
        report.stopped(failure, settings.host, settings.at_port, has_tls=has_tls)
        return report
    report.reached(settings.host, settings.at_port, has_tls=has_tls)
    report.well(Part.SIGN_IN, f"It lets us in, and speaks MQTT {settings.version}.")
    return report


register(
    "mqtt",
    ConnectionKind(
        title="MQTT",
        about="A broker of yours, by whose topics devices and programs send.",
        icon="sensors",
        order=64,
        settings=MqttSettings,
        leads_to=leads_to,
        test=test,
    ),
)
