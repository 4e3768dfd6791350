"""Programs keep trials of flows with what is expected of them, and have them tested."""

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flow_trials import TrialSerializer, as_json, refuse_real, sees_people
from apps.api.flows import TAGS, flow_of
from apps.api.scopes import SEES_PII, Scope
from apps.core.api.authentication import actor_of
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.core.api.errors import Refused, refused_by
from apps.core.refusal import Refusal
from apps.flows.models import FlowCase
from apps.flows.trying import cases
from apps.flows.trying.cases import CasesFail
from apps.flows.trying.trial_walk import LIMIT, MAX_STEPS, WAITING
from apps.flows.trying.trials import ENDS


class ExpectedSerializer(StrictSerializer):
    """What a case is to come to; what is left out may be as it is."""

    path = serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        max_length=MAX_STEPS,
        help_text="node.port, as a trial tells it.",
    )
    end = serializers.ChoiceField((*ENDS, WAITING, LIMIT), required=False)
    holds = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        max_length=50,
        help_text="Conditions that hold at the end: memory@total >= 5, profile@traits.plan = 'pro'.",
    )


class CaseSerializer(serializers.ModelSerializer[FlowCase]):
    """A case."""

    trial = serializers.SerializerMethodField(help_text="null where it is of a person, and the key may not see people.")
    expected = ExpectedSerializer()

    class Meta:
        model = FlowCase
        fields = ("id", "name", "profile_id", "trial", "expected", "created_at", "updated_at", "changed_by")
        read_only_fields = fields

    def get_trial(self, row: FlowCase) -> dict[str, Any] | None:
        """Return what it begins with, to whoever may see that."""
        return row.trial if row.profile_id is None or self.context["sees_people"] else None


class CasesSerializer(serializers.Serializer[Any]):
    """All cases of a flow, by name."""

    results = CaseSerializer(many=True)


class NewCaseSerializer(StrictSerializer):
    """A case that is to be kept."""

    name = serializers.CharField(max_length=120)
    trial = TrialSerializer()
    expected = ExpectedSerializer(required=False)


class ChangedCaseSerializer(StrictSerializer):
    """What is to be changed of a case; whatever is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    trial = TrialSerializer(required=False)
    expected = ExpectedSerializer(required=False)


class FlowTestSerializer(StrictSerializer):
    """What is to be tested: the draft, unless a definition is sent."""

    definition = serializers.DictField(required=False)
    case_ids = serializers.ListField(child=serializers.UUIDField(), required=False, help_text="Without, all.")


class VerdictSerializer(serializers.Serializer[Any]):
    """What a case came to."""

    id = serializers.UUIDField(source="case.pk")
    name = serializers.CharField(source="case.name")
    failures = serializers.ListField(child=serializers.CharField(), help_text="None: it came out as expected.")
    path = serializers.ListField(child=serializers.CharField())
    end = serializers.CharField()


class VerdictsSerializer(serializers.Serializer[Any]):
    """What all of them came to."""

    n_failed = serializers.IntegerField()
    results = VerdictSerializer(many=True)


class FlowCasesView(SharedView):
    """All cases of a flow, and a new one."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ, "POST": Scope.FLOWS_WRITE}
    people_need: ClassVar = {"GET": (SEES_PII,)}  # what is expected of them may name people

    @described("flow_cases", responses=CasesSerializer, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """List them by name."""
        return _shown(
            request, CasesSerializer, {"results": FlowCase.objects.filter(flow=flow_of(key)).order_by("name")}
        )

    @described("flow_case_make", request=NewCaseSerializer, responses={201: CaseSerializer}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Keep a trial; of a stored event, or a run, what it begins with is kept."""
        row, found = flow_of(key), checked(NewCaseSerializer, request.data)
        said = as_json(found)
        refuse_real(request, said["trial"])
        case = FlowCase(flow=row, name=said["name"], trial=said["trial"], expected=said.get("expected") or {})
        cases.keep(case, actor=actor_of(request), now=timezone.now())
        return _shown(request, CaseSerializer, case, status.HTTP_201_CREATED)


class FlowCaseView(SharedView):
    """One of them."""

    scopes: ClassVar = {"PATCH": Scope.FLOWS_WRITE, "DELETE": Scope.FLOWS_WRITE}

    @described("flow_case_change", request=ChangedCaseSerializer, responses=CaseSerializer, tags=TAGS)
    def patch(self, request: Request, key: str, case_id: UUID) -> Response:
        """Change it; one of a person asks for the scope profiles:read, too."""
        case = _case(key, case_id)
        said = as_json(checked(ChangedCaseSerializer, request.data))
        for each in ({"profile_id": case.profile_id}, said.get("trial") or {}):
            refuse_real(request, each)
        for name, value in said.items():
            setattr(case, name, value)
        cases.keep(case, actor=actor_of(request), now=timezone.now())
        return _shown(request, CaseSerializer, case)

    @described("flow_case_delete", request=None, responses={204: None}, tags=TAGS)
    def delete(self, request: Request, key: str, case_id: UUID) -> Response:
        """Delete it."""
        cases.remove(_case(key, case_id), actor=actor_of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class FlowTestView(SharedView):
    """All cases, tried."""

    scopes: ClassVar = {"POST": Scope.FLOWS_WRITE}

    @described("flow_test", request=FlowTestSerializer, responses=VerdictsSerializer, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Try all cases, or those that are named; nothing stays of it. Those of people ask for profiles:read, too."""
        row, found = flow_of(key), checked(FlowTestSerializer, request.data)
        chosen = FlowCase.objects.filter(flow=row).order_by("name")
        if "case_ids" in found:
            chosen = chosen.filter(pk__in=found["case_ids"])
        told = cases.run(
            row, now=timezone.now(), sees_people=sees_people(request), document=found.get("definition"), only=chosen
        )
        n_failed = sum(bool(each.failures) for each in told)
        return Response(VerdictsSerializer({"n_failed": n_failed, "results": told}).data)


def _case(key: str, case_id: UUID) -> FlowCase:
    case = FlowCase.objects.select_related("flow").filter(flow=flow_of(key), pk=case_id).first()
    if case is None:
        raise NotFound(f"There is no such case of {key}.")
    return case


def _shown(
    request: Request, shape: type[serializers.BaseSerializer[Any]], shown: Any, code: int = status.HTTP_200_OK
) -> Response:
    return Response(shape(shown, context={"sees_people": sees_people(request)}).data, status=code)


@refused_by.register
def _(error: CasesFail) -> Refused:
    first, *others = (
        Refusal("cases_fail", f"{each.case.name}: {' '.join(each.failures)}", "ignores_cases") for each in error.failing
    )
    return Refused(status.HTTP_409_CONFLICT, first, others)
