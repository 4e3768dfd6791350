"""What people agreed to: programs read it, and record what people told them."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described, living
from apps.api.scopes import Scope
from apps.api.serializers import ConsentStatesSerializer, DecideSerializer, DecisionSerializer
from apps.collector import consent_decisions
from apps.collector.api.request import source_named
from apps.collector.envelope import Recorded
from apps.core.api.authentication import actor_of
from apps.core.api.base import KeyView, NewestFirst, checked
from apps.core.api.errors import error_body
from apps.events.models import Source
from apps.profiles import consents, decisions
from apps.profiles.consents import State
from apps.profiles.decisions import Held
from apps.profiles.models import ConsentDecision, Profile


class ConsentsView(KeyView):
    """The consents of a profile."""

    scopes: ClassVar = {"GET": Scope.CONSENTS_READ, "POST": Scope.CONSENTS_WRITE}

    @described("profiles_consents", responses=ConsentStatesSerializer)
    def get(self, request: Request, profile_id: UUID) -> Response:
        """Tell what holds now, of all that is asked and all that was decided."""
        return _state(living(profile_id))

    @described("profiles_decide", request=DecideSerializer, responses=ConsentStatesSerializer)
    def post(self, request: Request, profile_id: UUID) -> Response:
        """Record decisions, all of them or none; they count from the next event on, and not before newer ones."""
        wanted = checked(DecideSerializer, request.data)
        source = source_named(wanted["source_id"], kinds=(Source.Kind.API,), field="source_id")
        living(profile_id)
        try:
            # The program's address and agent are not the person's: the ledger gets neither, the audit log the key.
            consent_decisions.record(
                wanted["consents"],
                profile_id=profile_id,
                source=source,
                recorded=Recorded(actor_of(request), wanted["reference"]),
                time=wanted.get("decided_at"),
                now=timezone.now(),
            )
        except consent_decisions.CannotDecide as error:
            first, *others = error.refusals
            return Response(error_body(first, others), status=status.HTTP_422_UNPROCESSABLE_ENTITY)
        return _state(living(profile_id))


class DecisionsView(KeyView, generics.ListAPIView[ConsentDecision]):
    """The ledger of a profile's consents, the latest first."""

    scopes: ClassVar = {"GET": Scope.CONSENTS_READ}
    serializer_class = DecisionSerializer
    pagination_class = NewestFirst
    queryset = ConsentDecision.objects.none()

    @described("profiles_decisions", responses=DecisionSerializer(many=True))
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List each decision with its proof: where and when, in view of which words."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ConsentDecision]:
        """Narrow to the person, whatever id they had when they decided."""
        return decisions.ledger_of(living(self.kwargs["profile_id"]).id)


def _state(profile: Profile) -> Response:
    held = decisions.held_by(profile, at=timezone.now())
    return Response(ConsentStatesSerializer({"results": [_shaped(each, profile) for each in held]}).data)


def _shaped(held: Held, profile: Profile) -> dict[str, Any]:
    row, standing = held.type, held.standing
    decided = profile.provenance.get(consents.path_of(row.id))
    return {
        **decisions.shaped(held),
        "id": row.id,
        "name": row.name,
        "is_enabled": row.is_enabled,
        "text_version": row.text_version,
        "holds": standing.state is State.GIVEN,
        "revoke": profile.consents.get(row.id, {}).get("revoke"),
        "decided_at": decided[0] if decided else None,
    }
