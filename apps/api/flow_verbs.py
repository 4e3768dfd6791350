"""What programs do with flows: publish them, switch them, let people enter, and read how they go."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flows import CONFLICT, TAGS, FlowSerializer, flow_of, shown
from apps.api.scopes import Scope
from apps.core.api.authentication import actor_of
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.flows import jobs, segmenting
from apps.flows.changing import switching
from apps.flows.describing import figures, goal_rates
from apps.flows.models import Flow
from apps.flows.runs.pausing import Policy
from apps.flows.triggers import starting


class ResumeSerializer(StrictSerializer):
    """What is to become of what was due meanwhile."""

    policy = serializers.ChoiceField(
        [each.value for each in Policy],
        default=Policy.SHIFT.value,
        help_text="shift (unless you say otherwise): everybody waits on as long as was left; now: what was due is done "
        "now; drop: who was due leaves.",
    )


class StartSerializer(StrictSerializer):
    """Who is to enter; neither: a run about nobody."""

    profile_id = serializers.UUIDField(required=False, help_text="An id that a person has, or had.")
    segment = serializers.CharField(required=False, default="", help_text="The key of a segment: all who are in it.")
    payload = serializers.JSONField(required=False, help_text="What nodes read as payload@.")
    is_estimate = serializers.BooleanField(default=False, help_text="Of a segment: say whom it would reach, only.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what says two things."""
        if attrs.get("profile_id") and attrs["segment"]:
            raise serializers.ValidationError({"segment": "Name a person or a segment, not both."})
        if attrs["is_estimate"] and not attrs["segment"]:
            raise serializers.ValidationError({"is_estimate": "There is nothing to estimate without a segment."})
        return attrs


class EstimateSerializer(serializers.Serializer[Any]):
    """Whom a start would reach."""

    n_people = serializers.IntegerField()
    n_without_consent = serializers.IntegerField(help_text="Who lack a consent, and stay out.")
    n_before = serializers.IntegerField(help_text="Who were in it before.")
    n_in = serializers.IntegerField(help_text="Who are in it now.")


class StartedSerializer(serializers.Serializer[Any]):
    """What came of it."""

    run_ids = serializers.ListField(child=serializers.UUIDField(), required=False)
    refused = serializers.DictField(child=serializers.IntegerField(), required=False, help_text="Why somebody is out.")
    task_id = serializers.UUIDField(required=False, help_text="Of a segment: they enter page by page.")
    estimate = EstimateSerializer(required=False)


class PassSerializer(serializers.Serializer[Any]):
    """What has begun."""

    task_id = serializers.UUIDField(help_text="Everybody goes through it, page by page.")


class NodeSerializer(serializers.Serializer[Any]):
    """How people go through a node."""

    node = serializers.CharField()
    name = serializers.CharField()
    entered = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Branches that are there now.")
    left = serializers.DictField(child=serializers.IntegerField(), help_text="By port.")
    failed = serializers.IntegerField(help_text="Runs that failed here.")
    median_secs = serializers.FloatField(allow_null=True)


class ReachedSerializer(serializers.Serializer[Any]):
    """How many entered a version, and reached the goal."""

    version = serializers.IntegerField(source="number")
    entered = serializers.IntegerField()
    reached_during = serializers.IntegerField(help_text="While they were in it.")
    reached_after = serializers.IntegerField(help_text="When their run had ended, within the time of the goal.")
    reached_percent = serializers.FloatField(allow_null=True)


class BranchSerializer(serializers.Serializer[Any]):
    """How many took a branch, and reached the goal."""

    port = serializers.CharField()
    entered = serializers.IntegerField()
    reached = serializers.IntegerField()
    reached_percent = serializers.FloatField(allow_null=True)
    range_percent = serializers.ListField(
        child=serializers.FloatField(), allow_null=True, help_text="Where the true one lies in 95 of 100 cases."
    )


class SplitSerializer(serializers.Serializer[Any]):
    """What came of the branches of a split."""

    node = serializers.CharField()
    name = serializers.CharField()
    branches = BranchSerializer(many=True)
    verdict = serializers.CharField(help_text="Whether a branch does better, or what differs may be chance.")


class FiguresSerializer(serializers.Serializer[Any]):
    """How a flow goes."""

    n_inside = serializers.IntegerField()
    n_ended = serializers.IntegerField(help_text="In the last 24 hours.")
    n_failed = serializers.IntegerField(help_text="Of these.")
    nodes = NodeSerializer(many=True, help_text="Of the version that people enter.")
    versions = ReachedSerializer(many=True, help_text="Who reached the goal, of the last ten that somebody entered.")
    splits = SplitSerializer(many=True, help_text="Of the version that people enter, of its last 100,000 runs.")


class FlowOnView(SharedView):
    """Let people enter."""

    scopes: ClassVar = {"POST": Scope.FLOWS_PUBLISH}

    @described("flow_on", request=None, responses={200: FlowSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Let people enter; 409 where it was never published, or is paused."""
        return _switched(request, key, switching.switch_on)


class FlowOffView(SharedView):
    """Let nobody enter."""

    scopes: ClassVar = {"POST": Scope.FLOWS_PUBLISH}

    @described("flow_off", request=None, responses={200: FlowSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Let nobody enter any more; who is inside goes on."""
        return _switched(request, key, switching.switch_off)


class FlowPauseView(SharedView):
    """Let it rest."""

    scopes: ClassVar = {"POST": Scope.FLOWS_PUBLISH}

    @described("flow_pause", request=None, responses={200: FlowSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Let nobody enter and nobody go on; the clocks of those inside stand still."""
        return _switched(request, key, switching.pause)


class FlowResumeView(SharedView):
    """Let it go on."""

    scopes: ClassVar = {"POST": Scope.FLOWS_PUBLISH}

    @described("flow_resume", request=ResumeSerializer, responses={200: FlowSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Let a paused flow go on: `is_resuming` is true until everybody inside was seen to, and then it is on."""
        found = checked(ResumeSerializer, request.data)
        switching.resume(flow_of(key).pk, policy=Policy(found["policy"]), actor=actor_of(request), now=timezone.now())
        return shown(request, flow_of(key))


class FlowStartView(SharedView):
    """Let people enter."""

    scopes: ClassVar = {"POST": Scope.FLOWS_START}

    @described("flow_start", request=StartSerializer, responses={202: StartedSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Let one person enter, all of a segment, or begin a run about nobody; with `is_estimate` only count."""
        row, found, by = flow_of(key), checked(StartSerializer, request.data), actor_of(request).name
        profile_id, segment, payload = found.get("profile_id"), found["segment"], found.get("payload")
        if segment and found["is_estimate"]:
            return Response(StartedSerializer({"estimate": starting.estimate(row, segment)}).data)
        with transaction.atomic():
            if segment:
                task = starting.start_segment(row, segment, by=by, payload=payload)
                starting.note(row, actor=actor_of(request), segment=segment)
                return Response(StartedSerializer({"task_id": task.pk}).data, status=status.HTTP_202_ACCEPTED)
            if profile_id:
                entered = starting.start_one(row, profile_id, by=by, payload=payload)
            else:
                entered = starting.start_nobody(row, by=by, payload=payload)
            starting.note(row, actor=actor_of(request), person=profile_id, n_entered=len(entered.runs))
        jobs.wake()
        told = {"run_ids": list(entered.runs), "refused": {str(why): n for why, n in entered.refused.items()}}
        return Response(StartedSerializer(told).data, status=status.HTTP_202_ACCEPTED)


class FlowPassNowView(SharedView):
    """Go through everybody."""

    scopes: ClassVar = {"POST": Scope.FLOWS_PUBLISH}

    @described("flow_pass_now", request=None, responses={202: PassSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Go through everybody now, by a task; 409 where the flow is off, not over everybody, or at it already."""
        task = segmenting.begin_now(flow_of(key).pk, actor=actor_of(request), now=timezone.now())
        return Response(PassSerializer({"task_id": task.pk}).data, status=status.HTTP_202_ACCEPTED)


class FlowFiguresView(SharedView):
    """How it goes."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ}

    @described("flow_figures", responses=FiguresSerializer, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """Count who is inside, who ended, how people go through each node, and who reached the goal."""
        row = flow_of(key)
        overview = figures.overviews([row.pk], now=timezone.now()).get(row.pk, figures.Overview())
        told: dict[str, Any] = {name: getattr(overview, name) for name in ("n_inside", "n_ended", "n_failed")}
        version = row.version
        told["nodes"] = figures.nodes(version) if version else []
        told["versions"] = goal_rates.versions(row.pk)
        told["splits"] = goal_rates.splits(version) if version else []
        return Response(FiguresSerializer(told).data)


def _switched(request: Request, key: str, switch: Callable[..., Flow]) -> Response:
    switch(flow_of(key).pk, actor=actor_of(request), now=timezone.now())
    return shown(request, flow_of(key))
