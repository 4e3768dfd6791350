"""IMAP: a mailbox that bridges read, and what lets us in."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from apps.bridges import imap_session
from apps.bridges.connection_kind import TEST_SECS, ConnectionKind, Failure, Part, Report, register
from apps.bridges.safe_addresses import check_host, check_safe, unencrypted
from apps.bridges.tls import ca_field
from apps.core.typed_settings import Problem, choice, duration, number, secret, text

SECURITY: Final = {
    "tls": "TLS from the start",
    "starttls": "It turns to TLS (STARTTLS)",
    "none": "Unencrypted, within our own networks",
}
SIGN_IN: Final = {"password": "User and password", "oauth": "OAuth 2 (XOAUTH2), with a refresh token"}


@dataclass(frozen=True, kw_only=True)
class ImapSettings:
    """Where a mailbox is, and who we are there."""

    host: str = text("Host", help="The name of the mail server: imap.example.com.", check=check_host)
    port: int = number("Port", help="Usually 993, or 143 for STARTTLS.", least=1, most=65_535, default=993)
    security: str = choice("Encryption", SECURITY, default="tls")
    ca: str = ca_field("tls", "starttls")
    user: str = text("User", help="Usually the address of the mailbox.")
    sign_in: str = choice("It lets us in by", SIGN_IN, default="password")
    password: str = secret(
        "Password", help="Where sign-in takes two steps, a password for apps.", when=("sign_in", "password")
    )
    token_url: str = text(
        "Address of tokens",
        help="https://oauth2.googleapis.com/token, https://login.microsoftonline.com/TENANT/oauth2/v2.0/token.",
        max_length=500,
        when=("sign_in", "oauth"),
        check=check_safe,
    )
    client_id: str = text("Client id", when=("sign_in", "oauth"))
    client_secret: str = secret("Client secret", help="Empty: it has none.", default="", when=("sign_in", "oauth"))
    refresh_token: str = secret(
        "Refresh token", help="By which access tokens are fetched.", max_length=10_000, when=("sign_in", "oauth")
    )
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=5), default=timedelta(seconds=30)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse what would go unencrypted to somebody else's network, as far as that can be seen."""
        yield from unencrypted(self.security, self.host)

    @property
    def secs(self) -> float:
        """How long an answer may take."""
        return self.time_out.total_seconds()


def leads_to(settings: ImapSettings) -> str:
    """Say whose mailbox it is."""
    return f"{settings.user} at {settings.host}:{settings.port}"


def test(settings: ImapSettings) -> Report:
    """Sign in, and look whether there are folders."""
    report = Report()
    has_tls = settings.security != "none"
    try:
        session = imap_session.opened(settings, secs=min(settings.secs, TEST_SECS))
    except Failure as failure:
        report.stopped(failure, settings.host, settings.port, has_tls=has_tls)
        return report
    report.reached(settings.host, settings.port, has_tls=has_tls)
    report.well(Part.SIGN_IN, f"It takes the user {settings.user}.")
    try:
        with session.asking():
            folders = session.list_folders()
    except Failure as failure:
        report.failed(Part.RIGHT, f"It does not tell its folders: {failure.told}")
        return report
    finally:
        session.leave()
    if not folders:
        report.doubt(Part.RIGHT, "It shows no folder.")
    return report


register(
    "imap",
    ConnectionKind(
        title="IMAP",
        about="A mailbox, whose mails bridges bring in: what people write, what bounces, who unsubscribes.",
        icon="inbox",
        order=90,
        settings=ImapSettings,
        leads_to=leads_to,
        test=test,
    ),
)
