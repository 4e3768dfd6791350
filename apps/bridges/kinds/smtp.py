"""SMTP: a mail server, what it lets us in by, and from whom mail comes."""

import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.bridges import mail_session
from apps.bridges.connection_kind import TEST_SECS, ConnectionKind, Part, Report, register
from apps.bridges.mail_session import NotSignedIn, Session, SignInUnanswered
from apps.bridges.safe_addresses import check_host, unencrypted
from apps.bridges.transport.smtp import SmtpTransport
from apps.core.egress import EgressError
from apps.core.typed_settings import Problem, choice, duration, number, secret, text

SECURITY: Final = {
    "starttls": "It turns to TLS (STARTTLS)",
    "tls": "TLS from the start",
    "none": "Unencrypted, within our own networks",
}


def check_mailbox(address: str) -> None:
    """Refuse what is no e-mail address. Raises ValueError."""
    try:
        validate_email(address)
    except ValidationError:
        raise ValueError(f"{address} is no e-mail address.") from None
    if not address.isascii():
        raise ValueError("Mail servers take addresses of ASCII: write the domain as xn--….")


@dataclass(frozen=True, kw_only=True)
class SmtpSettings:
    """Where mail goes out, and from whom it comes."""

    host: str = text("Host", help="The name of the mail server: smtp.example.com.", check=check_host)
    port: int = number("Port", help="Usually 587, or 465 for TLS from the start.", least=1, most=65_535, default=587)
    security: str = choice("Encryption", SECURITY, default="starttls")
    sign_in: str = choice("It lets us in by", {"password": "User and password", "none": "Nothing"}, default="password")
    user: str = text("User", when=("sign_in", "password"))
    password: str = secret("Password", when=("sign_in", "password"))
    from_address: str = text("From", help="The address that mail comes from.", check=check_mailbox)
    from_name: str = text("Name of the sender", help="Such as Shop Example.", default="")
    reply_to: str = text(
        "Answers to", help="Empty: to the address that it comes from.", default="", check=check_mailbox
    )
    time_out: timedelta = duration(
        "Time-out",
        help="So long it may take to sign in, and as long again each mail.",
        most=timedelta(minutes=5),
        default=timedelta(seconds=30),
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse what would go unencrypted to somebody else's network, as far as that can be seen."""
        yield from unencrypted(self.security, self.host)


def leads_to(settings: SmtpSettings) -> str:
    """Say where mail goes out, and from whom."""
    return f"{settings.host}:{settings.port}, from {settings.from_address}"


def test(settings: SmtpSettings) -> Report:
    """Sign in, say from whom a mail would come, and send none."""
    report = Report()
    try:
        session = mail_session.opened(settings, secs=min(settings.time_out.total_seconds(), TEST_SECS))
    except SignInUnanswered as error:
        report.reached(settings.host, settings.port, has_tls=settings.security != "none")
        report.failed(Part.SIGN_IN, str(error))
        return report
    except EgressError as error:
        report.unreached(error, settings.host, settings.port)
        return report
    except NotSignedIn as error:
        report.reached(settings.host, settings.port, has_tls=settings.security != "none")
        report.failed(Part.SIGN_IN, str(error))
        return report
    report.reached(settings.host, settings.port, has_tls=settings.security != "none")
    if settings.sign_in == "password":
        report.well(Part.SIGN_IN, "It takes this user and password.")
    with session:
        _try_sender(report, session, settings)
    return report


def _try_sender(report: Report, session: Session, settings: SmtpSettings) -> None:
    session.allow(TEST_SECS)
    try:
        code, _ = session.mail(settings.from_address)
        session.rset()
    except (smtplib.SMTPException, OSError):
        report.failed(Part.RIGHT, f"It broke off when it was told that mail comes from {settings.from_address}.")
        return
    if code == 250:
        report.well(Part.RIGHT, f"It takes mail from {settings.from_address}.")
    elif code == 530:
        report.failed(Part.SIGN_IN, "It takes mail from nobody who has not signed in: it said 530.")
    elif code >= 500:
        report.failed(Part.RIGHT, f"It does not take mail from {settings.from_address}: it said {code}.")
    else:
        report.doubt(Part.RIGHT, f"It does not take mail from {settings.from_address} now: it said {code}.")


def transport(settings: SmtpSettings, _at_once: int) -> SmtpTransport:
    """Open the way by which mail goes: one after the other."""
    return SmtpTransport(settings, secs=settings.time_out.total_seconds())


register(
    "smtp",
    ConnectionKind(
        title="E-mail",
        about="Mail by an SMTP server of yours, or of whom you send through.",
        icon="mail",
        order=20,
        settings=SmtpSettings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
