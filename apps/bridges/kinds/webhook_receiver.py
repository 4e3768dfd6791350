"""Webhooks: an address of a program that takes them, and the secret by which it knows that they are ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from apps.bridges import probing
from apps.bridges.connection_kind import ConnectionKind, Part, Report, register
from apps.bridges.safe_addresses import check_safe, goes_in_clear
from apps.bridges.transport.endpoint import Endpoint, Outgoing
from apps.bridges.transport.http import HttpTransport
from apps.core import signing
from apps.core.signing import check_secret
from apps.core.typed_settings import Problem, duration, secret, text


@dataclass(frozen=True, kw_only=True)
class WebhookSettings:
    """Where webhooks go, and what signs them."""

    address: str = text(
        "Address",
        help="It takes webhooks as Standard Webhooks says: https://example.com/hooks.",
        max_length=2_000,
        check=check_safe,
    )
    signing_secret: str = secret(
        "Signing secret",
        help="whsec_ and 24 to 64 random bytes in Base64. The receiver has the same.",
        check=check_secret,
    )
    former_secret: str = secret(
        "Former signing secret",
        help="While receivers change to another one: each webhook is signed by both.",
        default="",
        check=check_secret,
    )
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=2), default=timedelta(seconds=20)
    )

    def problems(self) -> Iterator[Problem]:
        """Refuse a secret that replaces none."""
        if self.former_secret == self.signing_secret:
            yield Problem("former_secret", "This is the one that signs now.")

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """Return what signs, the one that stays first."""
        return tuple(filter(None, (self.signing_secret, self.former_secret)))

    def sign(self, request: Outgoing) -> dict[str, str]:
        """Sign a webhook that is sent now."""
        return signing.headers(self.signing_secrets, id=request.key, now=request.now, body=request.body)


def leads_to(settings: WebhookSettings) -> str:
    """Say where they go."""
    return settings.address


def test(settings: WebhookSettings) -> Report:
    """Ask for the address, by GET, which is no webhook."""
    report = Report()
    answer = probing.ask(report, settings.address, time_out=settings.time_out)
    if answer:
        told = f"The answer to GET was {answer.status}. Whether it takes our webhooks is seen when one is sent."
        report.doubt(Part.RIGHT, told)
    return report


def transport(settings: WebhookSettings, at_once: int) -> HttpTransport:
    """Open the way by which they go."""
    endpoint = Endpoint(
        settings.address,
        secs=settings.time_out.total_seconds(),
        is_private=goes_in_clear(settings.address),
        sign=settings.sign,
    )
    return HttpTransport(endpoint, at_once=at_once)


register(
    "webhook",
    ConnectionKind(
        title="Webhook",
        about="Signed messages to a program of yours, or of others, as Standard Webhooks says.",
        icon="webhook",
        order=15,
        settings=WebhookSettings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
