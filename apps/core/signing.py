"""Signatures of webhooks, as the open specification Standard Webhooks says (standardwebhooks.com)."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
LEAST, MOST = 24, 64  # bytes of a secret


def new_secret() -> str:
    """Make a secret, which receivers check signatures with."""
    return PREFIX + base64.b64encode(secrets.token_bytes(LEAST)).decode()


def check_secret(secret: str) -> None:
    """Refuse what is no such secret. Raises ValueError."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(PREFIX) or not LEAST <= len(key) <= MOST:
        raise ValueError(f"A secret is {PREFIX} and {LEAST} to {MOST} bytes in Base64.")


def signature(secret: str, *, id: str, timestamp: str, body: bytes) -> str:
    """Sign a message: its id, the second in which it is sent, and its body."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((id.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(secrets: Iterable[str], *, id: str, now: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of a message that is sent now, signed by each secret: receivers take any of them."""
    timestamp = str(int(now.timestamp()))
    signed = [signature(secret, id=id, timestamp=timestamp, body=body) for secret in secrets]
    return {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": " ".join(signed)}
