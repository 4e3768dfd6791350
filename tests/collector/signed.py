"""Webhooks that are signed, by the words of each sender's documentation."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

from apps.events import webhook_signing
from apps.events.models import Source
from tests.factories import SourceFactory

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOW_SECS = str(int(NOW.timestamp()))
SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
OTHER = "whsec_" + base64.b64encode(bytes(range(1, 25))).decode()


def webhook(scheme: str, **more: Any) -> Source:
    source = SourceFactory.build(kind=Source.Kind.WEBHOOK)
    webhook_signing.fill(source, webhook_signing.opened({"scheme": scheme, "secret": SECRET, **more}, ""))
    source.save()
    return source


def hexed(key: str, text: bytes, algorithm: Any = hashlib.sha256) -> str:
    return hmac.new(key.encode(), text, algorithm).hexdigest()


def based(key: bytes, text: bytes, algorithm: Any = hashlib.sha256) -> str:
    return base64.b64encode(hmac.new(key, text, algorithm).digest()).decode()


def standard(body: bytes, secret: str = SECRET, at: str = NOW_SECS) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = based(key, f"msg_1.{at}.".encode() + body)
    return {"webhook-id": "msg_1", "webhook-timestamp": at, "webhook-signature": f"v1a,abc v1,{signed}"}


def svix(body: bytes, secret: str = SECRET, at: str = NOW_SECS) -> dict[str, str]:
    return {name.replace("webhook", "svix"): value for name, value in standard(body, secret, at).items()}


def stripe(body: bytes, secret: str = SECRET, at: str = NOW_SECS) -> dict[str, str]:
    signed = hexed(secret, f"{at}.".encode() + body)
    return {"Stripe-Signature": f"t={at},v1={'0' * 64},v1={signed},v0=6ffb"}


def shopify(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Shopify-Hmac-Sha256": based(secret.encode(), body), "X-Shopify-Webhook-Id": "s-1"}


def github(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hexed(secret, body), "X-GitHub-Delivery": "g-1"}


def slack(body: bytes, secret: str = SECRET, at: str = NOW_SECS) -> dict[str, str]:
    signed = hexed(secret, b"v0:" + at.encode() + b":" + body)
    return {"X-Slack-Signature": "v0=" + signed, "X-Slack-Request-Timestamp": at}


def plain_hmac(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Signature": hexed(secret, body)}


def dated_hmac(body: bytes, secret: str = SECRET, at: str = NOW_SECS) -> dict[str, str]:
    return {
        "X-Sign": "sha512=" + based(secret.encode(), b"v2:" + body + b":" + at.encode(), hashlib.sha512),
        "X-At": at,
    }


def basic(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"anna:{secret}".encode()).decode()}
