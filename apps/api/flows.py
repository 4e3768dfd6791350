"""Flows: programs list, make, check and change them, and take them from one installation to another."""

from datetime import timedelta
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.scopes import SEES_PII, Scope
from apps.core import audit
from apps.core.api.authentication import actor_of, is_by_key
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.core.api.errors import Refused, refused_by
from apps.core.api.shapes import ERROR_RESPONSE
from apps.core.mistakes import DefinitionError
from apps.core.refusal import Refusal
from apps.flows import definition
from apps.flows.changing import portable, publishing, removal
from apps.flows.changing.publishing import Changed, NotNow
from apps.flows.definition import Problem, Problems
from apps.flows.models import Flow, FlowVersion
from apps.flows.runs import pausing

TAGS = ["Flows"]
ADD = ("flows.add_flow",)
CONFLICT = {409: ERROR_RESPONSE}
ONE_SITTING = timedelta(minutes=10)  # what somebody saves in it again and again is one entry of the audit log


class _ChangedSerializer(serializers.ModelSerializer[Flow]):
    """Who is to be asked about a draft."""

    changed_by = serializers.CharField(source="draft_changed_by", help_text="Who has changed the draft last.")
    changed_at = serializers.DateTimeField(source="draft_changed_at", allow_null=True)


class FlowSerializer(_ChangedSerializer):
    """A flow, with its draft."""

    version = serializers.IntegerField(
        source="version.number", default=None, allow_null=True, help_text="The number of the one that people enter."
    )

    is_resuming = serializers.SerializerMethodField(
        help_text="Whether it is paused, and about to go on: everybody inside is being seen to."
    )

    class Meta:
        model = Flow
        fields: tuple[str, ...] = (
            *("key", "name", "description", "kind", "state", "priority", "version", "draft", "draft_revision"),
            *("changed_by", "changed_at"),
            *("catch_up_per_minute", "max_failure_percent", "paused_at", "paused_because", "is_resuming"),
            *("passed_at", "next_pass_at", "created_at", "updated_at"),
        )
        read_only_fields = fields
        extra_kwargs: ClassVar = {
            "passed_at": {"help_text": "When everybody had gone through it last; of a flow over everybody."},
            "next_pass_at": {"help_text": "When everybody goes through it next; null: within a minute of being on."},
        }

    def get_is_resuming(self, row: Flow) -> bool:
        """Look for the task that sees to everybody."""
        return pausing.is_resuming(row)

    def to_representation(self, instance: Flow) -> dict[str, Any]:
        """Show it, as whoever asks may read the draft."""
        found: dict[str, Any] = super().to_representation(instance)
        if "draft" in found:
            found["draft"] = definition_for(self.context["request"], found["draft"])
        return found


class ListedFlowSerializer(FlowSerializer):
    """A flow in a list: without its draft."""

    class Meta(FlowSerializer.Meta):
        fields = tuple(name for name in FlowSerializer.Meta.fields if name not in ("draft", "is_resuming"))
        read_only_fields = fields


class FlowsSerializer(serializers.Serializer[Any]):
    """All flows."""

    results = ListedFlowSerializer(many=True)


class StandingSerializer(_ChangedSerializer):
    """How a flow stands, for whoever has its draft."""

    version = serializers.IntegerField(source="version.number", default=None, allow_null=True)

    class Meta:
        model = Flow
        fields: tuple[str, ...] = ("draft_revision", "changed_by", "changed_at", "version", "state")
        read_only_fields = fields


class OvertakenSerializer(StandingSerializer):
    """The draft that somebody else has saved."""

    class Meta(StandingSerializer.Meta):
        fields = (*StandingSerializer.Meta.fields, "draft")
        read_only_fields = fields


class VersionSerializer(serializers.ModelSerializer[FlowVersion]):
    """What was published once."""

    class Meta:
        model = FlowVersion
        fields: tuple[str, ...] = ("number", "note", "published_at", "published_by", "definition")
        read_only_fields = fields

    def to_representation(self, instance: FlowVersion) -> dict[str, Any]:
        """Show it, as whoever asks may read what it says."""
        found: dict[str, Any] = super().to_representation(instance)
        found["definition"] = definition_for(self.context["request"], found["definition"])
        return found


class _PartsSerializer(StrictSerializer):
    """What a flow may have besides its names."""

    description = serializers.CharField(required=False, allow_blank=True)
    kind = serializers.ChoiceField(Flow.Kind.choices, required=False)
    priority = serializers.IntegerField(min_value=-32_768, max_value=32_767, required=False)
    catch_up_per_minute = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False, allow_null=True)
    max_failure_percent = serializers.IntegerField(min_value=1, max_value=100, required=False, allow_null=True)
    draft = serializers.DictField(required=False, help_text="The whole definition: see docs/flows.md.")
    is_unfinished = serializers.BooleanField(
        required=False, default=False, help_text="Whether the draft is stored though it has mistakes."
    )


class ChangeSerializer(_PartsSerializer):
    """What is to be changed of a flow; whatever is left out stays."""

    revision = serializers.IntegerField(min_value=0, help_text="`draft_revision` as you have read it; else 409.")
    name = serializers.CharField(max_length=120, required=False)


class NewFlowSerializer(_PartsSerializer):
    """A flow that is to be made."""

    key = serializers.CharField(max_length=100)
    name = serializers.CharField(max_length=120)


class FileSerializer(StrictSerializer):
    """A flow as `export` answers with it."""

    flow = serializers.DictField()
    replaces_draft = serializers.BooleanField(
        default=False, help_text="Whether it may be the draft of a flow of that key."
    )


class FlowsView(SharedView):
    """All of them, and a new one."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ, "POST": Scope.FLOWS_WRITE}
    people_need: ClassVar = {"POST": ADD}

    @described("flows", responses=FlowsSerializer, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List them by name."""
        rows = Flow.objects.select_related("version").defer("draft").order_by("name")
        return Response(FlowsSerializer({"results": rows}).data)

    @described("flow_make", request=NewFlowSerializer, responses={201: FlowSerializer}, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Make a flow, which is off, with its draft."""
        found = checked(NewFlowSerializer, request.data)
        row = Flow(draft=publishing.first_draft(found.get("kind", "")))
        _save(request, row, found)
        return shown(request, row, status.HTTP_201_CREATED)


class FlowView(SharedView):
    """One of them."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ, "PATCH": Scope.FLOWS_WRITE, "DELETE": Scope.FLOWS_WRITE}
    people_need: ClassVar = {"DELETE": ("flows.delete_flow",)}

    @described("flow", responses=FlowSerializer, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """Show it, with its draft."""
        return shown(request, flow_of(key))

    @described("flow_change", request=ChangeSerializer, responses={200: FlowSerializer, **CONFLICT}, tags=TAGS)
    def patch(self, request: Request, key: str) -> Response:
        """Change it; what people go through changes when it is published.

        409 (`changed`) when somebody else was quicker, with `draft_revision`, `draft`, `changed_by` and `changed_at`.
        """
        row, found = flow_of(key), checked(ChangeSerializer, request.data)
        try:
            _save(request, row, found)
        except Changed as error:
            raise Refused(
                status.HTTP_409_CONFLICT, _overtaken(error), told=OvertakenSerializer(flow_of(key)).data
            ) from None
        return shown(request, row)

    @described("flow_delete", request=None, responses={202: None, **CONFLICT}, tags=TAGS)
    def delete(self, request: Request, key: str) -> Response:
        """Delete it with all its runs, in the background."""
        row, actor = flow_of(key), actor_of(request)
        with transaction.atomic():
            removal.start(row.pk, by=actor.name)
            audit.record("deleted", actor=actor, at=timezone.now(), object=row, name=row.key)
        return Response(status=status.HTTP_202_ACCEPTED)


class FlowExportView(SharedView):
    """A flow as a file."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ}
    people_need: ClassVar = {"GET": (SEES_PII,)}

    @described("flow_export", responses=OpenApiTypes.OBJECT, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """Show what another installation needs to have it: the draft, and what that refers to."""
        row = flow_of(key)
        return Response(portable.export(row, row.draft))


class FlowImportView(SharedView):
    """A flow from a file."""

    scopes: ClassVar = {"POST": Scope.FLOWS_WRITE}
    people_need: ClassVar = {"POST": ADD}

    @described("flow_import", request=FileSerializer, responses={201: FlowSerializer}, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Take a flow from another installation as a draft."""
        found = checked(FileSerializer, request.data)
        row = portable.bring(
            found["flow"], replaces=found["replaces_draft"], actor=actor_of(request), now=timezone.now()
        )
        return shown(request, row, status.HTTP_201_CREATED)


def definition_for(request: Request, document: Any) -> Any:
    """Return a definition as somebody may read it: conditions may name people, and are told without their values."""
    sees_all = is_by_key(request) or request.user.has_perm(SEES_PII)
    return document if sees_all else definition.masked(document)


def shown(request: Request, row: Flow, code: int = status.HTTP_200_OK) -> Response:
    """Answer with a flow."""
    return Response(FlowSerializer(row, context={"request": request}).data, status=code)


def flow_of(key: str) -> Flow:
    """Return the flow of a key. Raises NotFound."""
    row = Flow.objects.select_related("version").filter(key=key).first()
    if row is None:
        raise NotFound(f"There is no flow {key}.")
    return row


def _save(request: Request, row: Flow, found: dict[str, Any]) -> None:
    revision, is_unfinished = found.pop("revision", 0), found.pop("is_unfinished")
    verb = "added" if row._state.adding else "changed"
    for name, value in found.items():
        setattr(row, name, value)
    actor, now = actor_of(request), timezone.now()
    with transaction.atomic():
        fields = publishing.save(row, revision=revision, is_unfinished=is_unfinished, actor=actor, now=now)
        audit.record_again(verb, actor=actor, at=now, object=row, within=ONE_SITTING, name=row.key, fields=fields)


def _refusal(problem: Problem) -> Refusal:
    place = problem.node or problem.trigger or problem.edge
    return Refusal("invalid", problem.message, ".".join(part for part in (place, problem.field) if part))


def _overtaken(error: Changed) -> Refusal:
    return Refusal("changed", str(error), "revision")


@refused_by.register
def _(error: Problems) -> Refused:
    first, *others = map(_refusal, error.problems)
    return Refused(status.HTTP_422_UNPROCESSABLE_ENTITY, first, others)


@refused_by.register
def _(error: Changed) -> Refused:
    return Refused(status.HTTP_409_CONFLICT, _overtaken(error))


@refused_by.register
def _(error: NotNow) -> Refused:
    return Refused(status.HTTP_409_CONFLICT, Refusal("not_now", str(error)))


@refused_by.register(Flow.DoesNotExist)
def _(_error: Flow.DoesNotExist) -> Refused:  # it went since it was looked up
    return Refused(status.HTTP_404_NOT_FOUND, Refusal("not_found", "The flow is no more."))


@refused_by.register
def _(error: DefinitionError) -> Refused:
    return Refused(status.HTTP_422_UNPROCESSABLE_ENTITY, Refusal("invalid", error.message, error.field))
