"""Bridges, which bring events in from other systems: how each goes, and a pause. They are made in the admin."""

from collections.abc import Iterable
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.scopes import Scope
from apps.core import audit
from apps.core.api.authentication import actor_of
from apps.core.api.base import KeyView, NewestFirst
from apps.inbound import definitions
from apps.inbound.bridge_status import Health, statuses
from apps.inbound.models import Bridge, Consumer


class ConsumerSerializer(serializers.Serializer[Any]):
    """A process that reads for a bridge."""

    replica = serializers.CharField(help_text="Names the process: host-pid.")
    state = serializers.ChoiceField(Consumer.State.choices)
    connected_at = serializers.DateTimeField(allow_null=True)
    n_read = serializers.IntegerField(help_text="Messages since it has begun, each once.")
    per_sec = serializers.FloatField()
    last_message_at = serializers.DateTimeField(allow_null=True)
    error = serializers.CharField(help_text="The last one.")
    error_at = serializers.DateTimeField(allow_null=True)


class BridgeSerializer(serializers.Serializer[Any]):
    """A bridge, and how it goes."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    is_enabled = serializers.BooleanField()
    paused_at = serializers.DateTimeField(allow_null=True, help_text="Since when it rests, until it is resumed.")
    connection_id = serializers.UUIDField(allow_null=True)
    source_id = serializers.UUIDField(help_text="The source of its events.")
    settings = serializers.DictField()
    mapping = serializers.DictField(help_text="What is made of its messages.")
    health = serializers.ChoiceField([health.value for health in Health])
    state = serializers.CharField(help_text="In words.")
    message = serializers.CharField(help_text="What there is to know of it, in a sentence.")
    n_waiting = serializers.IntegerField(allow_null=True, help_text="Null where it cannot be told.")
    oldest_at = serializers.DateTimeField(allow_null=True, help_text="When the oldest of it was sent.")
    per_sec = serializers.FloatField(help_text="Messages a second, of late.")
    last_message_at = serializers.DateTimeField(allow_null=True)
    n_dead_letters = serializers.IntegerField(help_text="Messages of which no event could be made.")
    consumers = ConsumerSerializer(many=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


TAGS = ["Bridges"]


class BridgesView(KeyView):
    """All of them."""

    scopes: ClassVar = {"GET": Scope.BRIDGES_READ}

    @described("bridges_list", responses=BridgeSerializer(many=True), tags=TAGS)
    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        pages = NewestFirst()
        page = pages.paginate_queryset(Bridge.objects.all(), request, view=self)
        return pages.get_paginated_response(BridgeSerializer(_shaped(page or []), many=True).data)


class BridgeView(KeyView):
    """One of them."""

    scopes: ClassVar = {"GET": Scope.BRIDGES_READ}

    @described("bridge", responses=BridgeSerializer, tags=TAGS)
    def get(self, request: Request, bridge_id: UUID) -> Response:
        """Tell of it, and how it goes."""
        return Response(_answer(_bridge(bridge_id)))


class BridgePauseView(KeyView):
    """A pause of one."""

    scopes: ClassVar = {"POST": Scope.BRIDGES_WRITE}

    @described("bridge_pause", request=None, responses=BridgeSerializer, tags=TAGS)
    def post(self, request: Request, bridge_id: UUID) -> Response:
        """Let nothing be read until it is resumed; the other side keeps what comes."""
        with transaction.atomic():
            row, now = _bridge(bridge_id), timezone.now()
            definitions.pause(row, at=now)
            audit.record("paused", actor=actor_of(request), at=now, object=row, name=row.name)
        return Response(_answer(_bridge(bridge_id)))


class BridgeResumeView(KeyView):
    """The end of a pause."""

    scopes: ClassVar = {"POST": Scope.BRIDGES_WRITE}

    @described("bridge_resume", request=None, responses=BridgeSerializer, tags=TAGS)
    def post(self, request: Request, bridge_id: UUID) -> Response:
        """Let it read on where it was."""
        with transaction.atomic():
            row = _bridge(bridge_id)
            definitions.resume(row)
            audit.record("resumed", actor=actor_of(request), at=timezone.now(), object=row, name=row.name)
        return Response(_answer(_bridge(bridge_id)))


def _bridge(bridge_id: UUID) -> Bridge:
    row = Bridge.objects.filter(pk=bridge_id).first()
    if row is None:
        raise NotFound("There is no such bridge.")
    return row


def _answer(row: Bridge) -> Any:
    return BridgeSerializer(_shaped([row])[0]).data


def _shaped(rows: Iterable[Bridge]) -> list[dict[str, Any]]:
    found = list(rows)
    going = statuses(found, now=timezone.now())
    of_row = ("id", "name", "kind", "is_enabled", "paused_at", "connection_id", "source_id", "settings", "mapping")
    of_status = ("health", "state", "n_waiting", "oldest_at", "per_sec", "last_message_at", "consumers")
    return [
        {name: getattr(row, name) for name in (*of_row, "created_at", "updated_at")}
        | {name: getattr(status, name) for name in of_status}
        | {"message": status.told, "n_dead_letters": status.n_dead}
        for row in found
        for status in (going[row.pk],)
    ]
