"""Drafts of flows: programs check them, see whether somebody has changed them, and let them go."""

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flows import CONFLICT, TAGS, FlowSerializer, StandingSerializer, flow_of, shown
from apps.api.scopes import Scope
from apps.conditions import parsing_once
from apps.core.api.authentication import actor_of
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.flows import definition
from apps.flows.changing import publishing
from apps.flows.describing import kind_documents, step_words
from apps.flows.models import Flow


class CheckSerializer(StrictSerializer):
    """A definition that is to be checked."""

    definition = serializers.DictField()
    key = serializers.CharField(required=False, help_text="Of the flow that it is for, if there is one.")
    kind = serializers.ChoiceField(
        Flow.Kind.choices, default=Flow.Kind.COLLECTION, help_text="Of the flow that it is for, if there is none yet."
    )


class PortSerializer(serializers.Serializer[Any]):
    """A way out of a node."""

    name = serializers.CharField(help_text="As edges have it.")
    label = serializers.CharField(help_text="As people read it.")  # type: ignore[assignment]  # no attribute of this


class ProblemSerializer(serializers.Serializer[Any]):
    """What is wrong with a definition, and where."""

    node = serializers.CharField()
    edge = serializers.CharField()
    trigger = serializers.CharField()
    field = serializers.CharField()
    message = serializers.CharField()
    is_warning = serializers.BooleanField(help_text="True: it may be meant so; it can be published.")


class CheckedSerializer(serializers.Serializer[Any]):
    """All that is wrong with a definition, and how it is drawn."""

    problems = ProblemSerializer(many=True)
    ports = serializers.DictField(
        child=PortSerializer(many=True),
        help_text="By the id of a node, the usual one first; only of nodes whose settings can be read.",
    )
    summaries = serializers.DictField(
        child=serializers.CharField(allow_blank=True), help_text="How a node is set, by its id, in a few words."
    )


class DiscardSerializer(StrictSerializer):
    """Which draft is to go."""

    revision = serializers.IntegerField(min_value=0, help_text="`draft_revision` as you have read it; else 409.")


class FlowCheckView(SharedView):
    """What is wrong with a definition."""

    scopes: ClassVar = {"POST": Scope.FLOWS_READ}

    @described("flow_check", request=CheckSerializer, responses=CheckedSerializer, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Tell all mistakes of a definition at once, each with its place; nothing is stored."""
        found = checked(CheckSerializer, request.data)
        row = flow_of(found["key"]) if found.get("key") else Flow(key="new", name="New", kind=found["kind"])
        document = found["definition"]
        with parsing_once():
            told = {
                "problems": definition.check(document, row),
                "ports": kind_documents.ports_in(document),
                "summaries": step_words.summaries(document),
            }
        return Response(CheckedSerializer(told).data)


class FlowRevisionView(SharedView):
    """Whether it is another one by now."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ}

    @described("flow_revision", responses=StandingSerializer, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """Tell at which revision the draft is, who changed it last, and which version people enter."""
        return Response(StandingSerializer(flow_of(key)).data)


class FlowDiscardDraftView(SharedView):
    """Go back to what is published."""

    scopes: ClassVar = {"POST": Scope.FLOWS_WRITE}

    @described("flow_discard_draft", request=DiscardSerializer, responses={200: FlowSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Let the draft say what is published; 409 when somebody else was quicker, or nothing is published."""
        row, found = flow_of(key), checked(DiscardSerializer, request.data)
        publishing.discard_draft(row.pk, revision=found["revision"], actor=actor_of(request), now=timezone.now())
        return shown(request, flow_of(key))
