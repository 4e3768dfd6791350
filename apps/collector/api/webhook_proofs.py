"""What a webhook's sender proves, and what it asks before it sends: whether the address is really ours.

What is said back is plain text that no browser takes for anything else, and only so much of it. X (Twitter) is not
among those who may ask: it wants whatever it says signed with the secret, so that any stranger could have that done.
"""

import hmac
import logging
from datetime import datetime
from typing import Final

import orjson
from django.http import HttpResponse
from rest_framework import status
from rest_framework.request import Request

from apps.collector.api.errors import SourceRefused
from apps.collector.api.request import query_of
from apps.core.api.errors import Refused
from apps.core.refusal import Refusal
from apps.events import webhook_signatures
from apps.events.sources import SourcePolicy
from apps.events.webhook_signing import Signing

logger = logging.getLogger(__name__)
MAX_CHALLENGE: Final = 2_000  # characters


def check(request: Request, source: SourcePolicy, *, key: str, now: datetime) -> str | None:
    """Refuse what the source's sender did not sign; return what is to be said back to one who only asks.

    `key` is how the sender names the source. Raises SourceRefused, and Refused where we cannot tell.
    """
    signing = source.signing
    if signing is None:
        logger.error("The secrets of a source cannot be read", extra={"source": source.key})
        message = "Nothing was stored, as we cannot tell whether it is signed. Please send it again later."
        raise Refused(status.HTTP_500_INTERNAL_SERVER_ERROR, Refusal("unreadable_secret", message))
    asked = _asked_in_address(signing, request, key=key)
    if asked is None or signing.scheme == "basic":
        body = request.body if request.method == "POST" else None
        refusal = webhook_signatures.refusal_of(signing, request.headers, body, now=now)
        if refusal:
            raise SourceRefused(status.HTTP_401_UNAUTHORIZED, refusal, key=key)
    asked = _asked_in_body(signing, request) if asked is None else asked
    if asked is not None and (len(asked) > MAX_CHALLENGE or not asked.isprintable()):
        refusal = Refusal("invalid_challenge", f"A challenge is at most {MAX_CHALLENGE:,} characters that can be seen.")
        raise SourceRefused(status.HTTP_422_UNPROCESSABLE_ENTITY, refusal, key=key)
    return asked


def reply(asked: str) -> HttpResponse:
    """Say it back."""
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return HttpResponse(asked, content_type="text/plain; charset=utf-8", headers=headers)


def _asked_in_address(signing: Signing, request: Request, *, key: str) -> str | None:
    """Find what a sender asks who cannot sign, or not yet: an address has no body."""
    query = query_of(request)
    if signing.challenge == "microsoft" and request.method == "POST":
        return query.get("validationToken")
    if request.method != "GET":
        return None
    if signing.challenge == "echo":
        return query.get(signing.challenge_parameter)
    if signing.challenge != "meta" or query.get("hub.mode") != "subscribe":
        return None
    if not hmac.compare_digest(query.get("hub.verify_token", "").encode(), signing.verify_token.encode()):
        refusal = Refusal("wrong_verify_token", "The verify token is another one.", "hub.verify_token")
        raise SourceRefused(status.HTTP_403_FORBIDDEN, refusal, key=key)
    return query.get("hub.challenge")


def _asked_in_body(signing: Signing, request: Request) -> str | None:
    """Find what Slack asks, which signs that, too."""
    if signing.challenge != "slack" or request.method != "POST" or b"url_verification" not in request.body:
        return None
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(body, dict) or body.get("type") != "url_verification":
        return None
    asked = body.get("challenge")
    return asked if isinstance(asked, str) else None
