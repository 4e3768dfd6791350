"""NATS: servers of yours, and who we are there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.bridges import tls
from apps.bridges.connection_kind import TEST_SECS, ConnectionKind, Failure, Part, Report, register
from apps.bridges.nats_client import PORT, Link, Server
from apps.bridges.nats_keys import nkey_of, parts_of
from apps.core import egress
from apps.core.egress import Forbidden
from apps.core.typed_settings import Problem, choice, duration, secret, text, texts

SIGN_IN: Final = {
    "none": "Nothing",
    "password": "User and password",
    "token": "A token",
    "nkey": "An nkey",
    "credentials": "Credentials: the text of a .creds file",
}
ADDRESS: Final = re.compile(r"(?:nats://|tls://)?(?P<host>[^\s/:@\[\]]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?")


def server_of(address: str) -> Server:
    """Read the address of a server. Raises ValueError with a sentence."""
    found = ADDRESS.fullmatch(address)
    if not found or not 0 < int(found["port"] or PORT) <= 65_535:
        raise ValueError(f"{address} is no address of a server: one is as nats.example.com, or nats.example.com:4222.")
    try:
        return Server(egress.host_of(found["host"].strip("[]")), int(found["port"] or PORT))
    except Forbidden as error:
        raise ValueError(str(error)) from None


def check_servers(addresses: tuple[str, ...]) -> None:
    """Refuse what is no address, and a list without any. Raises ValueError."""
    if not addresses:
        raise ValueError("Name a server.")
    for address in addresses:
        server_of(address)


@dataclass(frozen=True, kw_only=True)
class NatsSettings(tls.Answering):
    """Where the servers are, and who we are there."""

    servers: tuple[str, ...] = texts(
        "Servers",
        help="Such as nats.example.com:4222. Of a cluster name several: others, of which servers tell, are not used.",
        max_items=10,
        check=check_servers,
    )
    sign_in: str = choice("It lets us in by", SIGN_IN, default="none")
    user: str = text("User", when=("sign_in", "password"))
    password: str = secret("Password", when=("sign_in", "password"))
    token: str = secret("Token", when=("sign_in", "token"))
    seed: str = secret("Seed", help="It begins with SU.", when=("sign_in", "nkey"), check=nkey_of)
    credentials: str = secret(
        "Credentials",
        help="The text of the file, with both of its parts.",
        max_length=20_000,
        has_lines=True,
        when=("sign_in", "credentials"),
        check=parts_of,
    )
    security: str = tls.security_field()
    ca: str = tls.ca_field()
    certificate: str = tls.certificate_field()
    certificate_key: str = tls.certificate_key_field()
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=1), default=timedelta(seconds=10)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse what would go unencrypted to somebody else's network, and what is of no use alone."""
        yield from tls.problems_of(self, *(server.host for server in self.addresses))

    @property
    def addresses(self) -> tuple[Server, ...]:
        """The servers, by name and port."""
        return tuple(map(server_of, self.servers))


def leads_to(settings: NatsSettings) -> str:
    """Say which servers these are."""
    return ", ".join(f"{server.host}:{server.port}" for server in settings.addresses)


def test(settings: NatsSettings) -> Report:
    """Sign in at one of the servers, and ask whether it keeps messages."""
    report = Report()
    try:
        link = Link(settings, secs=min(settings.secs, TEST_SECS))
    except Failure as failure:
        host, port = settings.addresses[-1]  # that was tried last
        report.stopped(failure, host, port, has_tls=settings.is_encrypted)
        return report
    with link:
        report.reached(*link.server, has_tls=settings.is_encrypted)
        report.well(Part.SIGN_IN, f"It lets us in by {SIGN_IN[settings.sign_in].partition(':')[0].lower()}.")
        _ask_for_jetstream(report, link)
    return report


def _ask_for_jetstream(report: Report, link: Link) -> None:
    """Ask in general, which a user may not be allowed who may read a stream."""
    try:
        answer = link.ask("INFO")
    except Failure as failure:
        report.doubt(Part.RIGHT, f"It does not tell us of JetStream: {failure.told}")
        return
    if "error" in answer:
        report.doubt(Part.RIGHT, "It keeps no messages: JetStream is not on, or not for this user.")


register(
    "nats",
    ConnectionKind(
        title="NATS",
        about="Servers of yours, whose streams (JetStream) bridges read.",
        icon="hub",
        order=66,
        settings=NatsSettings,
        leads_to=leads_to,
        test=test,
    ),
)
