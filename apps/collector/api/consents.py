"""What people may agree to, and what they decided: for consent forms on pages."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request

from apps.collector import compliance, deciding
from apps.collector.api.base import CollectorView, answer
from apps.collector.api.errors import Refused, error_body
from apps.collector.api.request import envelope_of, origin_of, source_named
from apps.collector.api.serializers import CONSENT_REQUEST, CONSENT_RESPONSE, CONSENT_TYPES_RESPONSE, ERRORS
from apps.collector.sources import SourcePolicy
from apps.collector.track import Refusal
from apps.collector.wire import track as track_wire
from apps.collector.wire.body import load_json
from apps.events.models import Source
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
        payload, _ = load_json(request.body)
        name = track_wire.source_of(payload)
        source = source_named(name, kinds=(Source.Kind.API,), origin=origin_of(request), field="source.id")
        _check_that_they_belong_together(payload, source)
        said = _said(payload, wants_all=request.GET.get("all", "").lower() in ("true", "1", "yes"))
        ids = {name: payload.get(name) for name in ("session", "profile")}
        try:
            track = deciding.decide(said, ids=ids, envelope=envelope_of(request, source))
        except deciding.CannotDecide as error:
            first, *others = error.refusals
            return answer(error_body(first, others), status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        assert track.profile is not None  # it belongs to the session
        return answer({"success": True, "profile": {"id": str(track.profile.id)}, "consents": track.profile.consents})


def _said(payload: dict[str, Any], *, wants_all: bool) -> Any:
    if wants_all:
        return {row["id"]: True for row in compliance.current.get().offered}
    return payload.get(consents.PROPERTY)


def _check_that_they_belong_together(payload: dict[str, Any], source: SourcePolicy) -> None:
    """Let nobody decide for another: who knows a session and its profile sits at the device. Raises Refused."""
    session_ref, profile_ref = (
        track_wire.reference(payload.get(name), f"{name}.id") for name in ("session", "profile")
    )
    session_key = track_wire.session_key(session_ref)
    session = Session.objects.filter(pk=session_key).first() if session_key else None
    owner_id = session.profile_id if session else None
    claimed_id = track_wire.profile_key(profile_ref, trusts_ids=source.trusts_ids)
    if not (owner_id and claimed_id and ledger.living_id(owner_id) == ledger.living_id(claimed_id)):
        message = "There is no such session of this profile."
        raise Refused(status.HTTP_403_FORBIDDEN, Refusal("not_yours", message, "session.id"))
