"""How people go through a flow just now: programs that draw it ask every few seconds."""

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flows import TAGS, flow_of
from apps.api.scopes import Scope
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.flows.describing import goal_rates, live_figures, periods
from apps.flows.describing.goal_rates import N_SPLIT, Branch, Reached, Split
from apps.flows.describing.live_figures import Counts
from apps.flows.describing.periods import LENGTHS
from apps.flows.describing.proportions import Share, Verdict
from apps.flows.models import Flow, FlowVersion, Run

_RATE = "A share, from 0 to 1; null: of nobody."
_INTERVAL = "Between what the true rate is in 95 of 100 cases; null: of nobody."


class LiveQuestionSerializer(StrictSerializer):
    """Of which version, and of which time."""

    version = serializers.IntegerField(required=False, min_value=1, help_text="Else the one that people enter.")
    period = serializers.ChoiceField(
        list(LENGTHS), required=False, help_text="Until now: hour, day, week (7 days), month (30 days), or all."
    )
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two periods, and one that ends before it begins."""
        since, until = attrs.get("since"), attrs.get("until")
        if "period" in attrs and (since or until):
            raise serializers.ValidationError({"period": "Name a period, or times, not both."})
        if since and until and until <= since:
            raise serializers.ValidationError({"until": "It ends before it begins."})
        return attrs


class LiveNodeSerializer(serializers.Serializer[Any]):
    """How people went through a node in the period."""

    entered = serializers.IntegerField()
    waiting = serializers.IntegerField(help_text="Branches that are there now.")
    left = serializers.DictField(child=serializers.IntegerField(), help_text="By port.")
    failed = serializers.IntegerField(help_text="Runs that failed here.")
    median_secs = serializers.FloatField(
        allow_null=True, help_text="How long half of them stayed at most, of the last 1,000 runs that began in it."
    )


class RateSerializer(serializers.Serializer[Any]):
    """How many reached a goal."""

    reached = serializers.IntegerField()
    rate = serializers.FloatField(allow_null=True, help_text=_RATE)
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text=_INTERVAL)


class GoalSerializer(RateSerializer):
    """How many reached one of several goals."""

    id = serializers.CharField()
    name = serializers.CharField()


class GoalsSerializer(RateSerializer):
    """How many of the runs that began in the period reached a goal."""

    entered = serializers.IntegerField()
    reached_during = serializers.IntegerField(help_text="While they were in it.")
    reached_after = serializers.IntegerField(help_text="When their run had ended, within the time of the goal.")
    by_goal = GoalSerializer(many=True)


class VariantSerializer(RateSerializer):
    """A branch of a split."""

    port = serializers.CharField()
    entered = serializers.IntegerField()
    difference = serializers.FloatField(allow_null=True, help_text="How far its rate is above that of `against`.")
    difference_interval = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text=_INTERVAL)
    verdict = serializers.ChoiceField(
        [*Verdict, ""], help_text="unclear: it may be chance; early: too few people; empty: nothing to compare."
    )
    said = serializers.CharField(help_text="The difference in words.")


class VariantsSerializer(serializers.Serializer[Any]):
    """A split, and what came of its branches."""

    node = serializers.CharField()
    name = serializers.CharField()
    against = serializers.CharField(help_text="The branch that others are compared with: holdout, control, the first.")
    branches = VariantSerializer(many=True)
    said = serializers.CharField()


class LiveSerializer(serializers.Serializer[Any]):
    """How people go through a version."""

    flow = serializers.CharField()
    version = serializers.IntegerField()
    current_version = serializers.IntegerField(allow_null=True, help_text="The one that people enter.")
    state = serializers.ChoiceField(Flow.State.choices)
    at = serializers.DateTimeField(help_text="When it was counted.")
    period = serializers.CharField(allow_null=True)
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    n_inside = serializers.IntegerField(help_text="Runs under way on this version, now.")
    n_elsewhere = serializers.IntegerField(help_text="On other versions, now.")
    nodes = serializers.DictField(child=LiveNodeSerializer(), allow_null=True, help_text="Null: it takes too long.")
    edges = serializers.DictField(
        child=serializers.IntegerField(), help_text="By `from.port -> to`; all edges of a port have its count."
    )
    endings = serializers.DictField(child=serializers.IntegerField(), help_text="How runs ended in the period.")
    goals = GoalsSerializer(allow_null=True, help_text="Null: the version has none, or it takes too long.")
    variants = VariantsSerializer(many=True)
    is_partial = serializers.BooleanField(help_text=f"Goals and variants are of the last {N_SPLIT:,} runs of more.")
    is_too_slow = serializers.BooleanField(help_text="Goals and variants take too long to be counted.")


class FlowLiveView(SharedView):
    """How people go through a flow."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ}

    @described("flow_live", parameters=[LiveQuestionSerializer], responses=LiveSerializer, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """Count how people go through a version in a period, as of some seconds ago; and its goals and variants."""
        row, asked, now = flow_of(key), checked(LiveQuestionSerializer, request.query_params.dict()), timezone.now()
        version, name = version_of(row, asked.get("version")), asked.get("period")
        times = asked.get("since"), asked.get("until")
        period = periods.named(name, now=now) if name else periods.period(*times, now=now)
        question = name or f"{times[0]} {times[1]}"
        counts = live_figures.counts(version, period, asked=question, now=now)
        results = live_figures.results(version, period, asked=question)
        has_goals = goal_rates.has_goals(version)
        shown = {
            **_counted(version, counts),
            "flow": row.key,
            "version": version.number,
            "current_version": row.version.number if row.version else None,
            "state": row.state,
            "period": name,
            "since": period.since,
            "until": period.until,
            "goals": _goals(results.reached) if results and has_goals else None,
            "variants": [_variants(split, has_goals=has_goals) for split in results.splits] if results else [],
            "is_partial": results is not None and results.reached.version.entered >= N_SPLIT,
            "is_too_slow": results is None,
        }
        return Response(LiveSerializer(shown).data)


def version_of(row: Flow, number: int | None) -> FlowVersion:
    """Return a version of a flow, or the one that people enter. Raises NotFound."""
    found = FlowVersion.objects.filter(flow=row, number=number).first() if number is not None else row.version
    if found is None:
        said = f"There is no version {number} of {row.key}." if number is not None else f"{row.key} has no version."
        raise NotFound(said)
    return found


def _counted(version: FlowVersion, counts: Counts) -> dict[str, Any]:
    names = ("entered", "waiting", "left", "failed", "median_secs")
    nodes = counts.nodes
    return {
        "at": counts.at,
        "n_inside": counts.n_inside,
        "n_elsewhere": counts.n_elsewhere,
        "nodes": None if nodes is None else {n.node: {name: getattr(n, name) for name in names} for n in nodes},
        "edges": {} if nodes is None else counts.edges(version.definition),
        "endings": {Run.Status(status).name.lower(): n for status, n in counts.endings.items()},
    }


def _rate(share: Share) -> dict[str, Any]:
    return {"reached": share.reached, "rate": share.rate, "interval": share.interval}


def _goals(reached: Reached) -> dict[str, Any]:
    return {
        **_rate(reached.share),
        "entered": reached.version.entered,
        "reached_during": reached.version.reached_during,
        "reached_after": reached.version.reached_after,
        "by_goal": [{"id": goal.id, "name": goal.name, **_rate(goal.share)} for goal in reached.goals],
    }


def _variants(split: Split, *, has_goals: bool) -> dict[str, Any]:
    return {
        "node": split.node,
        "name": split.name,
        "against": split.against.port,
        "branches": [_variant(split, branch, has_goals=has_goals) for branch in split.branches],
        "said": split.verdict if has_goals else "There is no goal by which branches could be compared.",
    }


def _variant(split: Split, branch: Branch, *, has_goals: bool) -> dict[str, Any]:
    found = split.compared(branch) if has_goals else None
    return {
        **_rate(branch.share),
        "port": branch.port,
        "entered": branch.entered,
        "difference": found.value if found else None,
        "difference_interval": found.interval if found else None,
        "verdict": found.verdict if found else "",
        "said": found.said if found else "",
    }
