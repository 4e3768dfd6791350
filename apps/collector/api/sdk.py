"""Segment's HTTP tracking API, and the little that browser SDKs ask for before they send."""

import base64
from typing import Any

import orjson
from django.http import HttpResponse
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request

from apps.collector import accept
from apps.collector.api import opened
from apps.collector.api.base import CollectorView, answer, refused
from apps.collector.api.errors import read
from apps.collector.api.openapi import WRITE_KEY
from apps.collector.api.request import envelope_of, host_of, query_of, source_named
from apps.collector.api.serializers import ACCEPTED_RESPONSE, BATCH_REQUEST, MESSAGE_REQUEST
from apps.collector.wire import Message
from apps.collector.wire import sdk as sdk_wire
from apps.collector.wire.body import load_json, optional_id
from apps.core.api.errors import Refused
from apps.core.api.shapes import ERRORS
from apps.core.refusal import Refusal
from apps.events.models import InboxItem, Source
from apps.events.sources import SourcePolicy

WRITE_KEY_PARAMETER = OpenApiParameter("writeKey", str, required=True, description="The write key of the source.")
_WITH_PROPERTIES = ("track", "page", "screen")
# The calls by the addresses that SDKs use for them.
CALLS = {
    **{name: name for name in (*sdk_wire.TYPES, sdk_wire.BATCH)},
    "import": "batch",
    "t": "track",
    "i": "identify",
    "p": "page",
    "s": "screen",
    "g": "group",
    "a": "alias",
    "b": "batch",
}


class SdkView(CollectorView):
    """Collect what an SDK sends; answered once it is safe in the inbox."""

    call = ""

    def key_of(self, request: Request) -> str:
        """Read the write key."""
        return _key_of(request, None)

    @extend_schema(tags=["SDK"], auth=WRITE_KEY, request=MESSAGE_REQUEST, responses={200: ACCEPTED_RESPONSE, **ERRORS})
    def post(self, request: Request) -> HttpResponse:
        """Keep what is sent."""
        return self._keep(request, request.body)

    def _keep(self, request: Request, body: bytes) -> HttpResponse:
        json = load_json(body)
        key = _key_of(request, json.value)
        source = _source_of(request, key)
        message = Message(InboxItem.Dialect.SDK, body, envelope_of(request, source, key=key, call=self.call))
        incoming = read(message, json)
        parsed = incoming.parsed
        if parsed.payloads:
            accept.later(incoming)
        refusals, warnings = parsed.refusals, parsed.warnings
        if refusals and parsed.is_refused:
            return refused(refusals)
        taken: dict[str, Any] = {"success": True}
        if refusals:
            taken["errors"] = [refusal.as_dict() for refusal in refusals]
        if warnings:
            taken["warnings"] = [warning.as_dict() for warning in warnings]
        return answer(taken)


@extend_schema_view(post=extend_schema(request=BATCH_REQUEST))
class BatchView(SdkView):
    """Collect many messages at once."""


@extend_schema_view(post=extend_schema(auth=[], parameters=[WRITE_KEY_PARAMETER]))
class BeaconView(BatchView):
    """Collect many messages at once, of a page that is left: a beacon has no header for the key."""


class PixelView(SdkView):
    """Collect a message from where there are no scripts, such as a mail: its address holds it, and answers a dot."""

    http_method_names = ("get",)

    @extend_schema(
        tags=["SDK"],
        auth=[],
        parameters=[OpenApiParameter("data", str, required=True, description="The message: its JSON in base64.")],
        responses={(200, "image/gif"): bytes},
    )
    def get(self, request: Request) -> HttpResponse:
        """Keep the message. A picture comes back whatever is wrong with it, as nobody would read why; it is counted."""
        data = query_of(request).get("data", "").replace("-", "+").replace("_", "/").replace(" ", "+")
        try:
            body = base64.b64decode(data + "=" * (-len(data) % 4), validate=True)
        except ValueError:
            refusal = Refusal("invalid_base64", "data must be the JSON of a message in base64.", "data")
            raise Refused(status.HTTP_400_BAD_REQUEST, refusal) from None
        self._keep(request, self._marked(request, body))
        return opened.dot()

    def handle_exception(self, exc: Exception) -> Any:
        """Count what was refused, and log what we did wrong; the page shows a picture."""
        super().handle_exception(exc)
        return opened.dot()

    def _marked(self, request: Request, body: bytes) -> bytes:
        """Mark what a program seems to have opened, and let it take no id from the person who opens it later."""
        marks = opened.marks(opened.suspicion_of(request._request))
        if not marks or self.call not in _WITH_PROPERTIES:
            return body
        message, is_suspect, _ = load_json(body)
        if is_suspect or not isinstance(message, dict) or not isinstance(message.get("properties") or {}, dict):
            return body
        said = {**message, "properties": {**(message.get("properties") or {}), **marks}}
        if optional_id(message.get("messageId")):
            said["messageId"] = f"{message['messageId']} {marks['suspicion']}"
        return orjson.dumps(said)


class SourceConfigView(CollectorView):
    """Tell RudderStack's SDKs that their source is on, and that everything goes to us alone."""

    @extend_schema(
        tags=["SDK"],
        operation_id="source_config",
        auth=WRITE_KEY,
        parameters=[OpenApiParameter("writeKey", str, description="The write key, where no header has it.")],
        responses={200: dict, **ERRORS},
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer what `/sourceConfig` of a RudderStack control plane answers, as far as its SDKs read it."""
        source = _source_of(request, _key_of(request, None))
        described = {
            "id": str(source.id),
            "name": source.name,
            "writeKey": source.write_key,
            "enabled": True,
            "workspaceId": "cdp",
            "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
            "connections": [],
            "destinations": [],
        }
        return answer({"source": described, "updatedAt": "2026-01-01T00:00:00.000Z"})


class ProjectSettingsView(CollectorView):
    """Tell Segment's browser SDK that its project is on, and where to send."""

    @extend_schema(tags=["SDK"], operation_id="project_settings", responses={200: dict, **ERRORS})
    def get(self, request: Request, write_key: str) -> HttpResponse:
        """Answer what Segment's CDN answers under `/v1/projects/<write key>/settings`, as far as the SDK reads it."""
        source = _source_of(request, write_key)
        scheme = "https" if request.is_secure() else "http"
        ours = {
            "apiKey": source.write_key,
            "apiHost": f"{host_of(request)}/v1",
            "protocol": scheme,
            "addBundledMetadata": True,
            "unbundledIntegrations": [],
        }
        return answer(
            {
                "integrations": {"Segment.io": ours},
                "plan": {"track": {"__default": {"enabled": True}}},
                "metrics": {"sampleRate": 0},  # the SDK would tell Segment how it is doing
            }
        )


def _key_of(request: Request, body: Any) -> str:
    """Read the write key: the user name of basic authentication, or `writeKey` in body or address."""
    key = _basic_user(request.META.get("HTTP_AUTHORIZATION", ""))
    if not key and isinstance(body, dict) and isinstance(body.get("writeKey"), str):
        key = body["writeKey"]
    return key or query_of(request).get("writeKey", "")


def _source_of(request: Request, key: str) -> SourcePolicy:
    if not key:
        message = "The write key is missing: as the user name of basic authentication, or as writeKey in the body."
        raise Refused(status.HTTP_401_UNAUTHORIZED, Refusal("required", message, "writeKey"))
    return source_named(key, kinds=(Source.Kind.API,), request=request, field="writeKey")


def _basic_user(header: str) -> str:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded, validate=True).decode().partition(":")[0]
    except ValueError:  # not base64, not even ASCII, or no UTF-8 inside
        return ""


urlpatterns = [
    *(
        path(
            f"v1/{address}",
            (BatchView if call == "batch" else SdkView).as_view(call=call),
            name=f"sdk-{address}",
        )
        for address, call in CALLS.items()
    ),
    path("beacon/v1/batch", BeaconView.as_view(call="batch"), name="rudderstack-beacon"),
    path("sourceConfig", SourceConfigView.as_view(), name="source-config"),
    *(path(f"v1/pixel/{name}", PixelView.as_view(call=name), name=f"sdk-pixel-{name}") for name in sdk_wire.TYPES),
    path("v1/projects/<str:write_key>/settings", ProjectSettingsView.as_view(), name="project-settings"),
]
