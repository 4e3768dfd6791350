"""Who is where in a flow, and which way they went; and what is done about all who wait at a node."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final
from uuid import UUID

from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.filters import WhoFilter
from apps.api.flow_live import version_of
from apps.api.flow_runs import TAGS, RunSerializer, StepSerializer
from apps.api.flow_trials import sees_people
from apps.api.flows import flow_of
from apps.api.scopes import Scope
from apps.bridges.models import Delivery
from apps.core.api.authentication import actor_of
from apps.core.api.base import NewestFirst, SharedView, StrictSerializer, checked
from apps.flows import jobs
from apps.flows.describing import run_path, who
from apps.flows.engine.state import MAX_PATH
from apps.flows.models import Flow, Run, Step
from apps.flows.runs.leaving import ORIGIN
from apps.profiles import ledger
from apps.profiles.models import Profile

PAGE: Final = 1_000  # of those at a node, a request
N_STEPS: Final = 500
N_DELIVERIES: Final = 200
VERBS: Final[dict[str, Callable[..., int]]] = {"run-now": jobs.run_now, "skip": jobs.skip, "cancel": jobs.cancel}


class NamedRunSerializer(RunSerializer):
    """Somebody on their way through a flow, with what they are called."""

    who = serializers.SerializerMethodField(help_text="null: nobody, or the key may not see people.")

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "who")
        read_only_fields = fields

    def get_who(self, row: Run) -> str | None:
        """Name them."""
        names: dict[UUID, str] = self.context["names"]
        return names.get(row.profile_id) if row.profile_id else None


class LeftSerializer(serializers.Serializer[Any]):
    """A node that was left."""

    node = serializers.CharField()
    port = serializers.CharField()
    at = serializers.DateTimeField()
    edges = serializers.ListField(
        child=serializers.CharField(), help_text="`from.port -> to`: the edges of that port in the run's version."
    )


class HereSerializer(serializers.Serializer[Any]):
    """Where somebody is, a branch each."""

    node = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True, help_text="null: about to come.")
    until = serializers.DateTimeField(allow_null=True, help_text="null: no time ends it.")


class SentSerializer(serializers.Serializer[Any]):
    """What was sent, without what it says."""

    id = serializers.UUIDField()
    node = serializers.CharField()
    connection_id = serializers.UUIDField()
    outcome = serializers.CharField()
    error = serializers.CharField(help_text="What was said of the last try, if it failed.")
    created_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class GoneRunSerializer(NamedRunSerializer):
    """A run, and the way that it went, to be drawn on its version."""

    path = LeftSerializer(many=True, help_text="The last 200 at least.")
    is_cut = serializers.BooleanField(help_text="Whether it is longer than that.")
    here = HereSerializer(many=True)
    failed_at = serializers.CharField(help_text="The node; empty: it has not failed.")
    steps = StepSerializer(many=True, help_text=f"What nodes read and wrote, where it is traced: the last {N_STEPS}.")
    memory = serializers.DictField(help_text="Empty, as `told` of steps is, for keys that may not see people.")
    deliveries = SentSerializer(many=True)

    class Meta(NamedRunSerializer.Meta):
        fields = (
            *NamedRunSerializer.Meta.fields,
            *("path", "is_cut", "here", "failed_at", "steps", "memory", "deliveries"),
        )
        read_only_fields = fields


class ManySerializer(StrictSerializer):
    """Whose runs: some, or of all who wait at a node."""

    run_ids = serializers.ListField(child=serializers.UUIDField(), required=False, min_length=1, max_length=500)
    node = serializers.CharField(required=False, help_text="All who wait there, a page of them a request.")
    version = serializers.IntegerField(required=False, min_value=1, help_text="Of these those who are on this version.")
    after = serializers.UUIDField(required=False, help_text="As the last answer said: the page after it.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse neither and both."""
        if ("run_ids" in attrs) == ("node" in attrs):
            raise serializers.ValidationError({"node": "Name runs, or a node."})
        for name in ("version", "after"):
            if name in attrs and "node" not in attrs:
                raise serializers.ValidationError({name: "It narrows those at a node; name one."})
        return attrs


class DoneSerializer(serializers.Serializer[Any]):
    """For how many it was done."""

    n_done = serializers.IntegerField(help_text="Less than were named where some have ended, or wait for nothing.")
    after = serializers.UUIDField(allow_null=True, help_text="Ask again with it; null: that were all.")


class FlowRunsView(SharedView, generics.ListAPIView[Run]):
    """Who is where."""

    scopes: ClassVar = {"GET": Scope.RUNS_READ}
    queryset = Run.objects.none()
    serializer_class = NamedRunSerializer
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = WhoFilter

    @described("flow_runs", responses=NamedRunSerializer(many=True), tags=TAGS)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List who waits at a node, failed there, or left it by a port, the newest first."""
        return super().get(request, *args, **kwargs)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Look up the names of a page at once."""
        rows = args[0] if args else ()
        context = {**self.get_serializer_context(), "names": _names(self.request, rows)}
        return self.get_serializer_class()(*args, **{**kwargs, "context": context})


class FlowRunView(SharedView):
    """One of them."""

    scopes: ClassVar = {"GET": Scope.RUNS_READ}

    @described("flow_run", responses=GoneRunSerializer, tags=TAGS)
    def get(self, request: Request, key: str, run_id: UUID) -> Response:
        """Show which way somebody went, so that it can be drawn on the version on which they are."""
        row = Run.objects.select_related("flow", "version").filter(flow=flow_of(key), pk=run_id).first()
        if row is None:
            raise NotFound(f"There is no such run of {key}.")
        _drawn(row, sees_all=sees_people(request))
        return Response(GoneRunSerializer(row, context={"names": _names(request, [row])}).data)


class FlowRunsVerbView(SharedView):
    """What is done about many."""

    scopes: ClassVar = {"POST": Scope.RUNS_WRITE}

    @described("flow_runs_verb", request=ManySerializer, responses=DoneSerializer, tags=TAGS)
    def post(self, request: Request, key: str, verb: str) -> Response:
        """Let runs go on now (run-now), wait no longer (skip), or end (cancel): some, or all who wait at a node."""
        if verb not in VERBS:
            raise NotFound(f"There is no {verb}: there are {', '.join(VERBS)}.")
        row, said = flow_of(key), checked(ManySerializer, request.data)
        ids, after = said.get("run_ids"), None
        if ids is None:
            ids = _page(row, said)
            after = ids[-1] if len(ids) == PAGE else None
        runs = Run.objects.filter(flow=row, pk__in=ids, status=Run.Status.LIVE)
        n_done = VERBS[verb](runs, actor=actor_of(request), now=timezone.now())
        return Response(DoneSerializer({"n_done": n_done, "after": after}).data)


def _page(row: Flow, said: dict[str, Any]) -> list[UUID]:
    """Return the ids of a page of those who wait at a node."""
    version = version_of(row, said["version"]) if "version" in said else None
    found = who.waiting(row, node=said["node"], version=version)
    if "after" in said:
        found = found.filter(pk__gt=said["after"])
    return list(found.order_by("id").values_list("id", flat=True)[:PAGE])


def _names(request: Request, rows: Iterable[Run]) -> dict[UUID, str]:
    """Return {a profile of the runs: what the person is called}, to whoever may see people."""
    ids = {row.profile_id for row in rows if row.profile_id}
    if not ids or not sees_people(request):
        return {}
    living = ledger.living_ids(ids)
    found = Profile.objects.only("name", "email", "primary_id", "is_anonymous").in_bulk(set(living.values()))
    return {raw_id: str(found[id]) for raw_id, id in living.items() if id in found}


def _drawn(row: Run, *, sees_all: bool) -> None:
    """Put on a run what belongs to it."""
    edges = run_path.edges_of(row.version.definition)
    path = [{**step._asdict(), "edges": edges.get((step.node, step.port), [])} for step in run_path.left(row)]
    steps = list(Step.objects.filter(run_id=row.pk).order_by("-id")[:N_STEPS])[::-1] if row.is_traced else []
    for step in steps:
        step.told = step.told if sees_all else {}
    row.__dict__ |= {
        "path": path,
        "is_cut": MAX_PATH <= len(path) < row.state.get("steps", 0),
        "here": list(run_path.here(row)),
        "failed_at": run_path.failed_at(row),
        "steps": steps,
        "memory": row.state.get("memory", {}) if sees_all else {},
        "deliveries": [_sent(each) for each in _deliveries(row)],
    }


def _deliveries(row: Run) -> Iterable[Delivery]:
    found = Delivery.objects.filter(origin=ORIGIN, origin_id=row.pk).order_by("id")
    return found.defer("request", "answer", "tries")[:N_DELIVERIES]


def _sent(row: Delivery) -> dict[str, Any]:
    names = ("id", "connection_id", "outcome", "error", "created_at", "ended_at")
    return {**{name: getattr(row, name) for name in names}, "node": row.key.split(":")[1]}
