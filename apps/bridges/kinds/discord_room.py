"""Discord: the address of a webhook, which leads to one channel.

By docs.discord.com: "Webhook Resource" (Execute Webhook, Get Webhook with Token), "Allowed Mentions Object" and
"Rate Limits".
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from apps.bridges import probing
from apps.bridges.connection_kind import ConnectionKind, Part, Report, register
from apps.bridges.safe_addresses import check_safe, goes_in_clear
from apps.bridges.transport import Parcel
from apps.bridges.transport.endpoint import Endpoint
from apps.bridges.transport.rooms import Chat, RoomTransport, cut, posted
from apps.core.typed_settings import duration, secret

HOST: Final = "discord.com"
MOST: Final = 2_000  # characters
_ADDRESS: Final = re.compile(
    r"https://(?:(?:ptb|canary)\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d+/[\w-]+(?:\?thread_id=\d+)?"
)


def check_webhook(url: str) -> None:
    """Refuse what is no address of a webhook of Discord. Raises ValueError."""
    check_safe(url)
    if not _ADDRESS.fullmatch(url):
        raise ValueError(f"Expected the address of a webhook: https://{HOST}/api/webhooks/….")


@dataclass(frozen=True, kw_only=True)
class DiscordSettings:
    """Where messages go."""

    address: str = secret(
        "Address of the webhook",
        help=f"As Discord shows it: https://{HOST}/api/webhooks/…. A thread is named behind it: ?thread_id=….",
        check=check_webhook,
    )
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=2), default=timedelta(seconds=10)
    )


def leads_to(_settings: DiscordSettings) -> str:
    """Say where messages go, without what is secret of the address."""
    return HOST


def test(settings: DiscordSettings) -> Report:
    """Ask for the webhook itself."""
    report = Report()
    answer = probing.ask(report, settings.address, time_out=settings.time_out)
    if answer is None:
        return report
    if answer.status == 200:
        report.well(Part.SIGN_IN, "It knows the webhook.")
    elif answer.status in (401, 403, 404):
        report.failed(Part.SIGN_IN, f"It knows no such webhook: the answer was {answer.status}.")
    else:
        report.doubt(Part.SIGN_IN, f"The answer was {answer.status}: whether it knows the webhook cannot be told now.")
    return report


def _write(parcel: Parcel) -> dict[str, Any]:
    """Mention nobody; and wait until it is there, as else what is not kept would be answered as if it were."""
    return posted({"content": cut(parcel.request["text"], MOST), "allowed_mentions": {"parse": []}}, "?wait=true")


def transport(settings: DiscordSettings, at_once: int) -> RoomTransport:
    """Open the way by which messages go."""
    secs, is_private = settings.time_out.total_seconds(), goes_in_clear(settings.address)
    chat = Chat(_write, rest=lambda answer: answer.get("retry_after"))
    return RoomTransport(Endpoint(settings.address, secs=secs, is_private=is_private), chat, at_once=at_once)


register(
    "discord",
    ConnectionKind(
        title="Discord",
        about="A channel, by the address of its webhook.",
        icon="forum",
        order=31,
        settings=DiscordSettings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
