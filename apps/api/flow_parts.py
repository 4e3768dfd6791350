"""What flows are made of: programs that let people draw them learn of all kinds of nodes, and of what has a name."""

from typing import Any, ClassVar

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flow_drafts import PortSerializer
from apps.api.flows import TAGS
from apps.api.scopes import Scope
from apps.core.api.base import SharedView
from apps.flows.describing import choices, kind_documents

_SCHEMA = (
    "JSON schema, in the order of a form. x-widget: how to ask (text, long_text, number, duration, switch, choice, "
    "texts, mapping, template, condition, reference, items, secret); x-labels: of the values of enum; x-when: it is "
    "there only while another setting has one of these values, x-required: and has to be filled in then; "
    "x-reference: what it names; x-connection-kind; x-fills: text where {{ }} may stand, value where a reference may; "
    "x-format: time (09:30), id, port, path (of a field: profile@traits.plan); x-least and x-most of durations."
)


class GroupSerializer(serializers.Serializer[Any]):
    """Kinds of nodes that belong together."""

    key = serializers.CharField()
    title = serializers.CharField()


class NodeKindSerializer(serializers.Serializer[Any]):
    """A kind of node."""

    key = serializers.CharField()
    title = serializers.CharField()
    group = serializers.CharField()
    about = serializers.CharField(help_text="The first line of the help.")
    help = serializers.CharField(help_text="Markdown.")
    old_names = serializers.ListField(child=serializers.CharField(), help_text="Of nodes of another platform.")
    is_wait = serializers.BooleanField()
    is_end = serializers.BooleanField()
    is_join = serializers.BooleanField()
    needs_person = serializers.BooleanField()
    channel = serializers.CharField(help_text="By which it writes to people; else empty.")
    effects = serializers.ChoiceField(("pure", "answers", "counts", "keeps", "segments", "profile", "external"))
    effects_told = serializers.CharField()
    flow_kinds = serializers.ListField(child=serializers.CharField(), help_text="Which flows may have it.")
    schema = serializers.DictField(help_text=_SCHEMA)
    example = serializers.DictField(help_text="Settings as somebody may have them.")
    settings = serializers.DictField(help_text="Of a new node.")
    ports = PortSerializer(many=True, help_text="Of a new node, the usual one first.")
    optional_ports = serializers.ListField(child=serializers.CharField(), help_text="No edge has to lead on from them.")


class TriggerKindSerializer(serializers.Serializer[Any]):
    """A kind of trigger."""

    key = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    help = serializers.CharField()
    is_about_person = serializers.BooleanField(help_text="False: it may start the flow for nobody.")
    flow_kinds = serializers.ListField(child=serializers.CharField())
    schema = serializers.DictField(help_text="Of what stands beside id and kind.")
    settings = serializers.DictField(help_text="What a new one says.")


class PartSerializer(serializers.Serializer[Any]):
    """A part of a definition."""

    schema = serializers.DictField()


class NodeKindsSerializer(serializers.Serializer[Any]):
    """All that a definition is made of."""

    version = serializers.CharField(help_text="Another one as soon as anything of it is another.")
    groups = GroupSerializer(many=True, help_text="In their order.")
    nodes = NodeKindSerializer(many=True, help_text="By group, in their order.")
    triggers = TriggerKindSerializer(many=True)
    entry = PartSerializer()
    options = PartSerializer(help_text="What stands in the definition itself: consents, exits, goals and so on.")
    quiet_hours = PartSerializer(help_text='Or "none", or null for the installation\'s.')
    retry = PartSerializer(help_text="Of a node.")


class NamesSerializer(serializers.Serializer[Any]):
    """What has a name, by what it is."""

    event_types = serializers.ListField(child=serializers.DictField(), help_text="key, name.")
    segments = serializers.ListField(child=serializers.DictField(), help_text="key, name, kind, is_enabled.")
    connections = serializers.ListField(child=serializers.DictField(), help_text="name, kind, is_enabled.")
    consents = serializers.ListField(child=serializers.DictField(), help_text="key, name.")
    sources = serializers.ListField(child=serializers.DictField(), help_text="id, name, kind.")
    flows = serializers.ListField(child=serializers.DictField(), help_text="key, name, kind, state.")


class NodeKindsView(SharedView):
    """All kinds of nodes and triggers."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ}

    @described("node_kinds", responses={200: NodeKindsSerializer, 304: None}, tags=TAGS)
    def get(self, request: Request) -> Response:
        """Tell what definitions are made of, with schemas for forms; 304 to whoever has it (`If-None-Match`)."""
        found = kind_documents.whole()
        tag = f'"{found["version"]}"'
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if tag in request.headers.get("If-None-Match", ""):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=headers)
        return Response(found, headers=headers)


class NamesView(SharedView):
    """What definitions refer to."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ}

    @described("names", responses=NamesSerializer, tags=TAGS)
    def get(self, request: Request) -> Response:
        """List what has a name: types of events, segments, connections, consents, sources, flows."""
        return Response(choices.named())
