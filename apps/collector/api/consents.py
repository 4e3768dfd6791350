"""What people may agree to, and what they decided: for consent forms on pages."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request

from apps.collector import consent_decisions
from apps.collector.api.base import CollectorView, answer
from apps.collector.api.request import envelope_of, query_of, source_named
from apps.collector.api.serializers import CONSENT_REQUEST, CONSENT_RESPONSE, CONSENT_TYPES_RESPONSE
from apps.collector.payload import Payload
from apps.collector.wire import track as track_wire
from apps.collector.wire.body import flag_of, load_json
from apps.core.api.errors import Refused, error_body
from apps.core.api.shapes import ERRORS
from apps.core.refusal import Refusal
from apps.events import consent_policy
from apps.events.models import Source
from apps.events.sources import SourcePolicy
from apps.profiles import consents, ledger, standing
from apps.profiles.models import Profile
from apps.sessions.models import Session


class ConsentTypesView(CollectorView):
    """List what people may agree to."""

    @extend_schema(operation_id="consent_types", tags=["Consent"], responses={200: CONSENT_TYPES_RESPONSE})
    def get(self, request: Request) -> HttpResponse:
        """List the consent types that are offered, with the words that a form shows."""
        offered = consent_policy.current.get().offered
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
        """Record decisions, and answer with the consents that were decided on this device; they count from now on.

        The session must be the profile's own; where both are unknown, whoever agrees to something becomes known. What
        was decided elsewhere is not decided again here. A consent that does not exist refuses the request.
        """
        body = load_json(request.body).value
        name = track_wire.source_of(body)
        source = source_named(name, kinds=(Source.Kind.API,), request=request, field="source.id")
        said = body.get(consents.PROPERTY)
        if flag_of(query_of(request).get("all"), "all"):
            said = {row["id"]: True for row in consent_policy.current.get().offered}
        # What is wrong goes on as if it agreed, to be refused by its field.
        agrees = not isinstance(said, dict) or any(value is not False for value in said.values())
        ids = {name: body.get(name) for name in ("session", "profile", "device")}
        envelope = envelope_of(request, source)
        try:
            if _are_unknown(body, source) and not agrees:
                consent_decisions.check(said, at=envelope.received_at)
                return answer(_NOTHING)
            payload = consent_decisions.decide(said, ids=ids, envelope=envelope)
        except consent_decisions.CannotDecide as error:
            first, *others = error.refusals
            is_foreign = first.code == _FOREIGN
            status_code = status.HTTP_403_FORBIDDEN if is_foreign else status.HTTP_422_UNPROCESSABLE_ENTITY
            return answer(error_body(first, others), status=status_code)
        assert payload.profile is not None  # it belongs to the session
        return answer(
            {"success": True, "profile": {"id": str(payload.profile.id)}, "consents": _own(payload, payload.profile)}
        )


_FOREIGN = "not_yours"
_UNHEARD = Refusal("not_kept", "Nobody is known here, and nothing was agreed to: nothing is kept.", "consents")
_NOTHING = {"success": True, "profile": {"id": None}, "consents": {}, "warnings": [_UNHEARD.as_dict()]}


def _own(payload: Payload, profile: Profile) -> dict[str, Any]:
    """Show what was decided on this device: the rest is no business of whoever claims to be them."""
    foreign = standing.Deciders().foreign(profile, payload.hand, among=[profile])
    return {name: consent for name, consent in profile.consents.items() if name not in foreign}


def _are_unknown(body: dict[str, Any], source: SourcePolicy) -> bool:
    """Tell whether nobody knows the session, nor the profile; that is who comes to a form before anything is kept.

    Raises Refused where one is known and not the other's: whoever knows both sits at the device.
    """
    session_ref, profile_ref = (track_wire.reference(body.get(name), f"{name}.id") for name in ("session", "profile"))
    session_key = track_wire.session_key(session_ref)
    session = Session.objects.filter(pk=session_key).first() if session_key else None
    claimed_id = track_wire.profile_key(profile_ref, trusts_ids=source.trusts_ids)
    if session_key and session is None:
        is_profile_known = claimed_id is not None and Profile.objects.filter(pk=ledger.living_id(claimed_id)).exists()
        if not is_profile_known:
            return True
    owner_id = session.profile_id if session else None
    if not (owner_id and claimed_id and ledger.living_id(owner_id) == ledger.living_id(claimed_id)):
        raise Refused(
            status.HTTP_403_FORBIDDEN, Refusal(_FOREIGN, "There is no such session of this profile.", "session.id")
        )
    return False
