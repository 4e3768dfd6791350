"""Slack: the address of an incoming webhook, which leads to one channel. Mattermost and Rocket.Chat take the same.

By docs.slack.dev: "Sending messages using incoming webhooks", "Formatting message text", "Truncating really long
messages" (2018) and "Changes to errors for incoming webhooks" (2016).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from apps.bridges import probing
from apps.bridges.connection_kind import ConnectionKind, Part, Report, register
from apps.bridges.safe_addresses import check_safe, goes_in_clear
from apps.bridges.transport import Parcel
from apps.bridges.transport.endpoint import Endpoint
from apps.bridges.transport.rooms import Chat, RoomTransport, cut, posted
from apps.core import egress
from apps.core.typed_settings import duration, secret

MOST: Final = 40_000  # characters; Slack cuts what is longer


@dataclass(frozen=True, kw_only=True)
class SlackSettings:
    """Where messages go."""

    address: str = secret(
        "Address of the incoming webhook",
        help="As Slack shows it: https://hooks.slack.com/services/….",
        check=check_safe,
    )
    time_out: timedelta = duration(
        "Time-out", help="So long an answer may take.", most=timedelta(minutes=2), default=timedelta(seconds=10)
    )


def leads_to(settings: SlackSettings) -> str:
    """Say where messages go, without what is secret of the address."""
    return egress.target_of(settings.address).host


def test(settings: SlackSettings) -> Report:
    """Post what has no text, which nobody gets to see, and which is refused by a webhook that is there."""
    report = Report()
    json = {"Content-Type": "application/json"}
    answer = probing.ask(report, settings.address, time_out=settings.time_out, method="POST", body=b"{}", headers=json)
    if answer is None:
        return report
    if answer.status in (401, 403, 404, 410):
        report.failed(Part.SIGN_IN, f"It knows no such webhook, or channel: the answer was {answer.status}.")
    elif answer.status in (200, 400):
        report.well(Part.SIGN_IN, "It knows the webhook.")
    else:
        report.doubt(Part.SIGN_IN, f"The answer was {answer.status}: whether it knows the webhook cannot be told now.")
    return report


def _write(parcel: Parcel) -> dict[str, Any]:
    return posted({"text": cut(parcel.request["text"], MOST)})


def transport(settings: SlackSettings, at_once: int) -> RoomTransport:
    """Open the way by which messages go."""
    secs, is_private = settings.time_out.total_seconds(), goes_in_clear(settings.address)
    return RoomTransport(Endpoint(settings.address, secs=secs, is_private=is_private), Chat(_write), at_once=at_once)


register(
    "slack",
    ConnectionKind(
        title="Slack",
        about="A channel, by the address of an incoming webhook. Mattermost and Rocket.Chat take the same.",
        icon="forum",
        order=30,
        settings=SlackSettings,
        leads_to=leads_to,
        test=test,
        transport=transport,
    ),
)
