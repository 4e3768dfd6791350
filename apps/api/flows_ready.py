"""Ready flows: programs see what there is and what each needs, and make drafts of them."""

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flows import ADD, TAGS, FlowSerializer, shown
from apps.api.scopes import Scope
from apps.core.api.authentication import actor_of
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.flows.ready import inventory
from apps.flows.ready.ready_flows import make_draft, ready_flows


class NeedSerializer(serializers.Serializer[Any]):
    """Something that a ready flow needs."""

    what = serializers.CharField(help_text="event_type, segment, consent, connection, field or page.")
    name = serializers.CharField(help_text="Of a connection: what stands for yours.")
    told = serializers.CharField(help_text="What it is for.")
    kind = serializers.CharField(help_text="Of a connection.")
    condition = serializers.CharField(help_text="Of a segment; empty: flows say who is in it.")
    is_there = serializers.BooleanField(allow_null=True, help_text="Null: nobody can tell, as of pages.")


class ReadyFlowSerializer(serializers.Serializer[Any]):
    """A flow that others have thought out."""

    key = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    needs = NeedSerializer(many=True)


class ReadyFlowsSerializer(serializers.Serializer[Any]):
    """All of them."""

    results = ReadyFlowSerializer(many=True)


class DraftSerializer(StrictSerializer):
    """What differs from installation to installation."""

    site = serializers.CharField(help_text="Where letters lead: https://www.shop.example.")
    name = serializers.CharField(
        default="", help_text="Of your flow; its key is made of it. Else that of the ready one."
    )
    connections = serializers.DictField(
        child=serializers.CharField(),
        default=dict,
        help_text="Yours by the names that stand for them; else one of that name, or of that kind.",
    )


class ReadyFlowsView(SharedView):
    """All of them."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ}

    @described("ready_flows", responses=ReadyFlowsSerializer, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List them with what each needs, and what of that is there."""
        flows = ready_flows()
        there = inventory.taken(flows.values())
        listed = [
            {
                **{name: getattr(ready, name) for name in ("key", "name", "description")},
                "needs": [
                    {
                        **{name: getattr(need, name) for name in ("what", "name", "told", "kind", "condition")},
                        "is_there": there.has(need),
                    }
                    for need in ready.needs
                ],
            }
            for ready in flows.values()
        ]
        return Response(ReadyFlowsSerializer({"results": listed}).data)


class ReadyFlowDraftView(SharedView):
    """A draft of one of them."""

    scopes: ClassVar = {"POST": Scope.FLOWS_WRITE}
    people_need: ClassVar = {"POST": ADD}

    @described("ready_flow_draft", request=DraftSerializer, responses={201: FlowSerializer}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Make a flow of it, which is off, with a draft for your site and your connections."""
        ready = ready_flows().get(key)
        if ready is None:
            raise NotFound(f"There is no ready flow {key}.")
        found = checked(DraftSerializer, request.data)
        connections = {**inventory.taken([ready]).stand_ins(ready), **found["connections"]}
        said = {"site": found["site"], "name": found["name"], "connections": connections}
        row = make_draft(ready, **said, actor=actor_of(request), now=timezone.now())
        return shown(request, row, status.HTTP_201_CREATED)
