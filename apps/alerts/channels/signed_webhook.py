"""A webhook: JSON by POST, signed as the open specification Standard Webhooks says (standardwebhooks.com)."""

from datetime import UTC, datetime

import orjson

from apps.alerts.delivery import ChannelKind, Notice, post_json, register
from apps.alerts.models import Channel
from apps.core import signing


def send(channel: Channel, notice: Notice) -> None:
    """Send a notice as JSON; a repetition has the same id and the same body."""
    told = {"type": notice.type, "title": notice.title, "message": notice.message, "link": notice.link}
    body = orjson.dumps({"id": notice.id, **told, "data": notice.data})
    signed = signing.headers([channel.secret], id=notice.id, now=datetime.now(UTC), body=body)
    post_json(channel, body, {"Idempotency-Key": notice.id, **signed})


register(
    "webhook",
    ChannelKind(
        title="Webhook",
        about="JSON to an address of yours, signed.",
        icon="webhook",
        order=20,
        has_recipients=False,
        has_secret=True,
        send=send,
        address_hint="Where your program takes JSON: https://example.com/alerts. docs/alerts.md says how to check it.",
    ),
)
