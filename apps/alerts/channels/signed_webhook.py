"""A webhook: JSON by POST, signed as the open specification Standard Webhooks says (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Final

import orjson

from apps.alerts.delivery import ChannelKind, Notice, post_json, register
from apps.alerts.models import Channel

PREFIX: Final = "whsec_"


def new_secret() -> str:
    """Make a secret, which receivers check signatures with."""
    return PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def signature(secret: str, *, id: str, timestamp: str, body: bytes) -> str:
    """Sign a message: its id, the second in which it is sent, and its body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def send(channel: Channel, notice: Notice) -> None:
    """Send a notice as JSON; a repetition has the same id and the same body."""
    told = {"type": notice.type, "title": notice.title, "message": notice.message, "link": notice.link}
    body = orjson.dumps({"id": notice.id, **told, "data": notice.data})
    timestamp = str(int(datetime.now(UTC).timestamp()))
    headers = {
        "Idempotency-Key": notice.id,
        "webhook-id": notice.id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(channel.secret, id=notice.id, timestamp=timestamp, body=body),
    }
    post_json(channel, body, headers)


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
