"""What people may agree to, and what they decided: for consent forms on pages."""

from datetime import datetime
from typing import Any

import orjson
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request

from apps.collector import accept, compliance
from apps.collector.api.base import CollectorView, answer
from apps.collector.api.errors import Refused, error_body
from apps.collector.api.request import envelope_of, origin_of, source_named
from apps.collector.api.serializers import CONSENT_REQUEST, CONSENT_RESPONSE, CONSENT_TYPES_RESPONSE, ERRORS
from apps.collector.track import Refusal, Track
from apps.collector.wire import Message
from apps.collector.wire import track as track_wire
from apps.collector.wire.body import load_json
from apps.events.models import InboxItem, Source
from apps.profiles import consents, ledger
from apps.sessions.models import Session


class ConsentTypesView(CollectorView):
    """List what people may agree to."""

    @extend_schema(operation_id="consent_types", tags=["Consent"], responses={200: CONSENT_TYPES_RESPONSE})
    def get(self, request: Request) -> HttpResponse:
        """List the consent types that are offered, with the words that a form shows."""
        offered = compliance.current.get().offered
        return answer({"total": len(offered), "result": offered})


class ConsentView(CollectorView):
    """Take what a person decided in a consent form."""

    @extend_schema(
        operation_id="customer_consent",
        tags=["Consent"],
        request=CONSENT_REQUEST,
        responses={200: CONSENT_RESPONSE, **ERRORS},
        parameters=[OpenApiParameter("all", bool, description="Agree to all that is offered, whatever the body says.")],
    )
    def post(self, request: Request) -> HttpResponse:
        """Record decisions, and answer with all consents of the profile; they count from the next event on.

        The session must be the profile's own. A consent that does not exist refuses the request, and names its field.
        """
        payload, is_suspect = load_json(request.body)
        name = track_wire.source_of(payload)
        source = source_named(name, kinds=(Source.Kind.API,), origin=origin_of(request), field="source.id")
        envelope = envelope_of(request, source)
        said = _said(payload, wants_all=request.GET.get("all", "").lower() in ("true", "1", "yes"))
        event = {"type": consents.EVENT_TYPE, "properties": {consents.PROPERTY: said}}
        track_payload = {**{name: payload.get(name) for name in ("source", "session", "profile")}, "events": [event]}
        parsed = track_wire.read(track_payload, envelope, is_suspect=is_suspect)
        refusals = _refusals(said, at=envelope.received_at)
        if refusals:
            return answer(error_body(refusals[0], refusals[1:]), status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        _check_that_they_belong_together(parsed.tracks[0])
        message = Message(InboxItem.Dialect.TRACK, orjson.dumps(track_payload), envelope)
        return _outcome(accept.now(message, parsed).tracks[0])


def _said(payload: dict[str, Any], *, wants_all: bool) -> Any:
    if wants_all:
        return {row["id"]: True for row in compliance.current.get().offered}
    return payload.get(consents.PROPERTY)


def _refusals(said: Any, *, at: datetime) -> list[Refusal]:
    problems = consents.read(said, compliance.current.get().terms, at=at).problems
    return [Refusal("invalid_consent", message, path) for path, message in problems]


def _check_that_they_belong_together(track: Track) -> None:
    """Let nobody decide for another: who knows a session and its profile sits at the device. Raises Refused."""
    session = Session.objects.filter(pk=track.session_key).first() if track.session_key else None
    owner_id = session.profile_id if session else None
    claimed_id = track.claim.profile_ref
    if not (owner_id and claimed_id and ledger.living_id(owner_id) == ledger.living_id(claimed_id)):
        message = "There is no such session of this profile."
        raise Refused(status.HTTP_403_FORBIDDEN, Refusal("not_yours", message, "session.id"))


def _outcome(track: Track) -> HttpResponse:
    refusals = track.refusals()
    refusals += [
        Refusal("invalid_consent", problem["message"], problem["field"])
        for event in track.events
        for problem in event.problems
    ]
    if refusals:
        return answer(error_body(refusals[0], refusals[1:]), status=status.HTTP_422_UNPROCESSABLE_ENTITY)
    assert track.profile is not None
    return answer({"success": True, "profile": {"id": str(track.profile.id)}, "consents": track.profile.consents})
