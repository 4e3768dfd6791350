"""`/track` and webhooks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from apps.collector import accept
from apps.collector.api import form_data, webhook_proofs
from apps.collector.api.base import CollectorView, answer, refused
from apps.collector.api.errors import read
from apps.collector.api.request import delivery_of, envelope_of, query_of, source_named
from apps.collector.api.serializers import TRACK_REQUEST, TRACK_RESPONSE
from apps.collector.consent_problems import CONSENT_REQUIRED
from apps.collector.payload import NO_ANSWER, Payload
from apps.collector.wire import Incoming, Message
from apps.collector.wire import track as track_wire
from apps.collector.wire.body import flag_of, load_json
from apps.core.api.errors import Refused
from apps.core.api.shapes import ERRORS
from apps.core.ids import new_id
from apps.events.models import InboxItem, Source
from apps.events.sources import SourcePolicy
from apps.events.webhook_signatures import MISSING_CREDENTIALS

BRINGING = ("GET", "POST")  # of webhooks; other methods only ask


class TrackView(CollectorView):
    """Collect events of one session, from browsers and servers."""

    @extend_schema(
        operation_id="track",
        tags=["Collect"],
        request=TRACK_REQUEST,
        responses={200: TRACK_RESPONSE, **ERRORS},
        parameters=[OpenApiParameter("profile_less", bool, description="The events belong to nobody.")],
    )
    def post(self, request: Request) -> HttpResponse:
        """Collect events and process them before the answer; with `options.async` after it."""
        return self._collect(request, always_later=False)

    @extend_schema(
        operation_id="track_later", tags=["Collect"], request=TRACK_REQUEST, responses={200: TRACK_RESPONSE, **ERRORS}
    )
    def put(self, request: Request) -> HttpResponse:
        """Collect events, keep them safe, and process them after the answer."""
        return self._collect(request, always_later=True)

    def _collect(self, request: Request, *, always_later: bool) -> HttpResponse:
        json = load_json(request.body)
        name = track_wire.source_of(json.value)
        source = source_named(name, kinds=(Source.Kind.API,), request=request, field="source.id")
        is_profileless = flag_of(query_of(request).get("profile_less"), "profile_less")
        envelope = envelope_of(request, source, key=name, is_profileless=is_profileless)
        incoming = read(Message(InboxItem.Dialect.TRACK, request.body, envelope), json)
        if not incoming.parsed.payloads[0].events:
            return answer(None)  # what the browser tracker is used to get for an empty list
        return _answer(incoming, always_later=always_later)


class CollectView(CollectorView):
    """Collect one event from another system, whose message becomes the event's properties."""

    source: SourcePolicy
    asked: str | None = None  # what is to be said back to a sender who looks whether the address is ours

    def admit(self, request: Request) -> None:
        """Let nobody in who does not prove what the source asks for: nothing is unpacked or read before."""
        name = self.key_of(request)
        self.source = source_named(name, kinds=(Source.Kind.WEBHOOK,), request=request, field="source_id")
        if request.method in BRINGING:
            self.asked = webhook_proofs.check(request, self.source, key=name, now=datetime.now(UTC))

    def handle_exception(self, exc: Exception) -> Response:
        """Ask for user name and password, where they are missing: some senders wait for that."""
        response = super().handle_exception(exc)
        if isinstance(exc, Refused) and exc.refusal.code == MISSING_CREDENTIALS:
            response["WWW-Authenticate"] = 'Basic realm="webhook", charset="UTF-8"'
        return response

    @extend_schema(
        operation_id="collect",
        tags=["Collect"],
        request=dict.fromkeys(("application/json", "application/x-www-form-urlencoded", "multipart/form-data"), dict),
        responses={200: TRACK_RESPONSE, **ERRORS},
    )
    def post(self, request: Request, event_type: str, source_id: str, session_id: str = "") -> HttpResponse:
        """Collect a JSON object or a form."""
        return self._collect(request, form_data.posted, event_type, source_id, session_id)

    @extend_schema(operation_id="collect_query", tags=["Collect"], responses={200: TRACK_RESPONSE, **ERRORS})
    def get(self, request: Request, event_type: str, source_id: str, session_id: str = "") -> HttpResponse:
        """Collect the parameters of the address."""
        return self._collect(request, form_data.asked, event_type, source_id, session_id)

    @extend_schema(exclude=True)
    def head(self, request: Request, event_type: str, source_id: str, session_id: str = "") -> HttpResponse:
        """Let a sender ask whether the address works, as some do before they use it; collects nothing."""
        return answer(None)

    def _collect(
        self, request: Request, body_of: Callable[[Request], bytes], event_type: str, source_id: str, session_id: str
    ) -> HttpResponse:
        if self.asked is not None:
            return webhook_proofs.reply(self.asked)
        delivery = delivery_of(request, self.source)
        envelope = envelope_of(
            request, self.source, key=source_id, call=event_type, session_ref=session_id, delivery=delivery
        )
        incoming = read(Message(InboxItem.Dialect.WEBHOOK, body_of(request), envelope))
        return _answer(incoming, always_later=False) if incoming.parsed.payloads else answer(None)


@extend_schema_view(
    post=extend_schema(operation_id="collect_in_session"), get=extend_schema(operation_id="collect_query_in_session")
)
class CollectInSessionView(CollectView):
    """Collect one event of a session."""


def _answer(incoming: Incoming, *, always_later: bool) -> HttpResponse:
    is_later = always_later or incoming.parsed.is_asynchronous
    if is_later:
        accept.later(incoming)
    else:
        accept.now(incoming)
    parsed = incoming.parsed
    if parsed.is_refused and any(refusal.code != CONSENT_REQUIRED for refusal in parsed.refusals):
        return refused(parsed.refusals)
    return answer(_said(incoming, is_later=is_later))


def _said(incoming: Incoming, *, is_later: bool) -> dict[str, Any]:
    """Say what became of a message, as the browser tracker expects it."""
    parsed = incoming.parsed
    payload = parsed.payloads[0]
    follows = incoming.outcome.answers.get(payload, NO_ANSWER) if incoming.outcome else NO_ANSWER
    is_open = is_later or parsed.is_refused or all(event.is_set_aside for event in payload.events)
    profile_id, session_id = _ids_of(payload, is_open=is_open)
    event_ids = []
    if parsed.is_debugged and not is_later:
        event_ids = [str(event.id) for each in parsed.payloads for event in each.going]
    # Trackers keep the first profile id that they are given, null too: before anybody has agreed there is none.
    profile = {} if parsed.is_refused else {"profile": {"id": profile_id}}
    return {
        "task": str(new_id()),
        "ux": follows.ux,
        "response": follows.response,
        "events": event_ids,
        **profile,
        "session": {"id": session_id},
        "errors": [refusal.as_dict() for refusal in parsed.refusals],
        "warnings": [warning.as_dict() for warning in parsed.warnings],
    }


def _ids_of(payload: Payload, *, is_open: bool) -> tuple[str | None, str | None]:
    """Return the ids of profile and session with which the client goes on: its own until its events are processed."""
    if is_open:
        claimed_id = payload.claim.profile_ref
        return str(claimed_id) if claimed_id else None, payload.session_ref
    profile_id = str(payload.profile.id) if payload.profile and payload.saves_profile else None
    session_id = payload.session.reference if payload.session and payload.saves_session else None
    return profile_id, session_id
