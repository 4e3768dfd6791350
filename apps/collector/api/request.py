"""What every collector view needs of a request: its bytes, its source, and what surrounds it."""

from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.request import split_domain_port
from rest_framework import status
from rest_framework.request import Request

from apps.collector.api.errors import SourceRefused
from apps.collector.envelope import Envelope
from apps.collector.wire.body import optional_id
from apps.core.api.errors import Refused
from apps.core.clients import client_ip
from apps.core.refusal import Refusal
from apps.events import sources
from apps.events.sources import SourcePolicy


def _key_of(header: str) -> str:
    return "HTTP_" + header.upper().replace("-", "_")


# By which senders of webhooks name a message, the same one however often they deliver it: standards, and their own.
DELIVERIES: Final = {
    name: _key_of(name)
    for name in (
        "Webhook-Id",
        "Svix-Id",
        "Idempotency-Key",
        "X-Idempotency-Key",
        "X-Delivery-Id",
        "X-Event-Id",
        "X-Message-Id",
        "X-GitHub-Delivery",
        "X-Gitea-Delivery",
        "X-Gogs-Delivery",
        "X-Shopify-Webhook-Id",
        "X-WC-Webhook-Delivery-ID",
        "X-Atlassian-Webhook-Identifier",
        "X-Contentful-Idempotency-Key",
        "PayPal-Transmission-Id",
        "I-Twilio-Idempotency-Token",
        "Linear-Delivery",
    )
}


def source_named(name: str, *, kinds: tuple[str, ...], field: str, request: HttpRequest | None = None) -> SourcePolicy:
    """Find the enabled source of this id or write key that takes this kind of request. Raises Refused.

    Programs, who have keys of their own, come without a request: no page and no address is asked for.
    """
    source = sources.find(name)
    if source is None:
        refusal = Refusal("unknown_source", "There is no such source.", field)
        raise SourceRefused(status.HTTP_401_UNAUTHORIZED, refusal, key=name)
    if not source.is_enabled:
        refusal = Refusal("disabled_source", "The source is switched off.", field)
        raise SourceRefused(status.HTTP_403_FORBIDDEN, refusal, key=name)
    if source.kind not in kinds:
        message = f"The source is of the kind {source.kind}; this address takes {' or '.join(kinds)}."
        raise SourceRefused(status.HTTP_403_FORBIDDEN, Refusal("wrong_kind", message, field), key=name)
    if request is not None:
        _check_sender(source, request, key=name)
    return source


def _check_sender(source: SourcePolicy, request: HttpRequest, *, key: str) -> None:
    if not source.allows_origin(str(request.META.get("HTTP_ORIGIN", ""))):  # servers have none
        message = "The source takes no events from pages of this origin."
        raise SourceRefused(status.HTTP_403_FORBIDDEN, Refusal("origin_not_allowed", message, "Origin"), key=key)
    if source.allowed_networks and not source.allows_address(client_ip(request)):
        message = "The source takes no events from this address."
        raise SourceRefused(status.HTTP_403_FORBIDDEN, Refusal("address_not_allowed", message), key=key)


def envelope_of(
    request: HttpRequest,
    source: SourcePolicy,
    *,
    key: str = "",
    call: str = "",
    session_ref: str = "",
    delivery: tuple[str, str] = ("", ""),
    is_profileless: bool = False,
) -> Envelope:
    """Note who sent a request, and when; credentials and cookies stay behind."""
    return Envelope(
        source=source,
        received_at=datetime.now(UTC),
        ip=_storable(client_ip(request), limit=100),
        user_agent=_storable(request.META.get("HTTP_USER_AGENT", ""), limit=1_000),
        accept_language=_storable(request.META.get("HTTP_ACCEPT_LANGUAGE", ""), limit=500),
        key=key,
        call=call,
        session_ref=session_ref,
        message_id_header=delivery[0],
        message_id=delivery[1],
        is_profileless=is_profileless,
    )


def _storable(header: str, *, limit: int) -> str:
    """Cut a header, and leave out what would keep its whole group out of the inbox."""
    return header[:limit].replace("\x00", "")


def delivery_of(request: HttpRequest, source: SourcePolicy) -> tuple[str, str]:
    """Read by which header a webhook's sender names the message that it delivers, and how; empty when by none.

    Of a sender who signs, one that is known counts alone: others anybody could add to a message that was caught.
    """
    own = source.signing.message_id_headers if source.signing else ()
    for name in own or DELIVERIES:
        found = optional_id(_storable(str(request.META.get(DELIVERIES[name], "")), limit=512))
        if found:
            return name, found
    return "", ""


def query_of(request: HttpRequest | Request) -> QueryDict:
    """Read the parameters of the address, which are UTF-8 whatever charset the body's content type names."""
    return QueryDict(request.META.get("QUERY_STRING", "").encode("latin-1"), encoding="utf-8")


def host_of(request: HttpRequest) -> str:
    """Read the name by which the sender reaches us: the collector answers to any, unlike the admin. Raises Refused."""
    header = "HTTP_X_FORWARDED_HOST" if settings.USE_X_FORWARDED_HOST else "HTTP_HOST"
    host = str(request.META.get(header) or request.META.get("HTTP_HOST") or request.META["SERVER_NAME"])
    if not split_domain_port(host)[0]:
        raise Refused(status.HTTP_400_BAD_REQUEST, Refusal("invalid_host", "This is no name of a host.", "Host"))
    return host
