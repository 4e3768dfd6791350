"""Runs: programs read who is in which flow, and where they wait; and let them go on, skip, or end."""

from collections.abc import Callable
from typing import Any, ClassVar, Final
from uuid import UUID

from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.filters import STATUSES, RunFilter
from apps.api.flow_trials import sees_people
from apps.api.flows import CONFLICT
from apps.api.scopes import Scope
from apps.core.api.authentication import actor_of
from apps.core.api.base import NewestFirst, SharedView
from apps.core.api.errors import Refused
from apps.core.refusal import Refusal
from apps.flows import jobs
from apps.flows.models import Run, Step

TAGS = ["Runs"]
NOTHING: Final = "It has ended, or waits for nothing."


class RunSerializer(serializers.ModelSerializer[Run]):
    """Somebody on their way through a flow."""

    flow = serializers.CharField(source="flow.key")
    version = serializers.IntegerField(source="version.number")
    status = serializers.SerializerMethodField(help_text=f"{', '.join(STATUSES)}.")

    class Meta:
        model = Run
        fields: tuple[str, ...] = (
            *("id", "flow", "version", "profile_id", "session_id", "parent_id", "trigger", "status", "reason", "place"),
            *("started_at", "due_at", "ended_at", "goal_at", "error", "dead_at"),
        )
        read_only_fields = fields

    def get_status(self, row: Run) -> str:
        """Name how it goes, or ended."""
        return Run.Status(row.status).name.lower()


class StepSerializer(serializers.ModelSerializer[Step]):
    """What happened at a node."""

    class Meta:
        model = Step
        fields = ("node", "visit", "at", "port", "took_us", "told", "error")
        read_only_fields = fields


class WholeRunSerializer(RunSerializer):
    """A run with all that is known of it; what nodes have read and remembered, to whoever may see people."""

    path = serializers.SerializerMethodField(help_text="[node, port, milliseconds since it began], the last ones.")
    steps = serializers.SerializerMethodField(help_text="What nodes read and wrote, where the run is traced.")
    memory = serializers.SerializerMethodField(
        help_text="Empty, as `told` of steps is, for keys that may not see people."
    )

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "path", "steps", "memory")
        read_only_fields = fields

    def get_path(self, row: Run) -> list[list[Any]]:
        """Return the way."""
        found: list[list[Any]] = row.state.get("path", [])
        return found

    def get_steps(self, row: Run) -> list[dict[str, Any]]:
        """Return what was kept."""
        rows = list(Step.objects.filter(run_id=row.pk).order_by("id"))
        for each in rows:
            each.told = each.told if self.context["sees_people"] else {}
        return list(StepSerializer(rows, many=True).data)

    def get_memory(self, row: Run) -> dict[str, Any]:
        """Return what it remembers."""
        found: dict[str, Any] = row.state.get("memory", {})
        return found if self.context["sees_people"] else {}


class RunListView(SharedView, generics.ListAPIView[Run]):
    """List runs, the newest first."""

    scopes: ClassVar = {"GET": Scope.RUNS_READ}
    queryset = Run.objects.select_related("flow", "version").defer("state", "flow__draft", "version__definition")
    serializer_class = RunSerializer
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = RunFilter

    @described("runs", responses=RunSerializer(many=True), tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List those that the filters leave."""
        return super().get(request, *args, **kwargs)


class RunView(SharedView):
    """One of them."""

    scopes: ClassVar = {"GET": Scope.RUNS_READ}

    @described("run", responses=WholeRunSerializer, tags=TAGS)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Show which way somebody went, and what is remembered."""
        return Response(WholeRunSerializer(run_of(run_id), context={"sees_people": sees_people(request)}).data)


class RunNowView(SharedView):
    """Let somebody go on."""

    scopes: ClassVar = {"POST": Scope.RUNS_WRITE}

    @described("run_now", request=None, responses={200: RunSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, run_id: UUID) -> Response:
        """Let somebody who waits go on, as if their time had come."""
        return _change(request, run_id, jobs.run_now)


class RunSkipView(SharedView):
    """Let somebody wait no longer."""

    scopes: ClassVar = {"POST": Scope.RUNS_WRITE}

    @described("run_skip", request=None, responses={200: RunSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, run_id: UUID) -> Response:
        """Let somebody go on as if nothing had to be waited for."""
        return _change(request, run_id, jobs.skip)


class RunCancelView(SharedView):
    """End a run."""

    scopes: ClassVar = {"POST": Scope.RUNS_WRITE}

    @described("run_cancel", request=None, responses={200: RunSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, run_id: UUID) -> Response:
        """End a run where it is."""
        return _change(request, run_id, jobs.cancel)


def run_of(run_id: UUID) -> Run:
    """Return a run. Raises NotFound."""
    row = Run.objects.select_related("flow", "version").filter(pk=run_id).first()
    if row is None:
        raise NotFound("There is no such run.")
    return row


def _change(request: Request, run_id: UUID, change: Callable[..., int]) -> Response:
    row = run_of(run_id)
    if not change(Run.objects.filter(pk=row.pk), actor=actor_of(request), now=timezone.now()):
        raise Refused(status.HTTP_409_CONFLICT, Refusal("not_now", NOTHING))
    return Response(RunSerializer(run_of(run_id)).data)
