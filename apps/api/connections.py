"""Connections to other systems: their kinds with the schemas of their settings, making, changing, trying, releasing.

Secrets are settings like others on the way in, and only their names come out.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.scopes import Scope
from apps.bridges import connections, releasing
from apps.bridges.connection_kind import Part, Report, State, kinds
from apps.bridges.connections import InUse, NoTestSettings
from apps.bridges.models import Connection
from apps.bridges.models.connection import IN_FLIGHT, MOST_IN_FLIGHT
from apps.core import audit
from apps.core.api.authentication import actor_of
from apps.core.api.base import KeyView, NewestFirst, StrictSerializer, checked
from apps.core.api.errors import Refused
from apps.core.api.shapes import ERROR_RESPONSE
from apps.core.encryption import Unreadable
from apps.core.mistakes import DefinitionError
from apps.core.refusal import Refusal
from apps.core.typed_settings import Problem, SettingsError, schema_of


class KindSerializer(serializers.Serializer[Any]):
    """A kind of connection."""

    kind = serializers.CharField()
    title = serializers.CharField()
    about = serializers.CharField()
    schema = serializers.DictField(help_text="JSON schema of its settings; those of `writeOnly` are secrets.")


class ConnectionSerializer(serializers.Serializer[Any]):
    """A connection, without its secrets."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    is_enabled = serializers.BooleanField()
    settings = serializers.DictField(help_text="What is no secret.")
    secrets = serializers.ListField(child=serializers.CharField(), help_text="The names of the secrets that are kept.")
    test_settings = serializers.DictField(allow_null=True, help_text="It can be tried by these; no flow sends by them.")
    test_secrets = serializers.ListField(child=serializers.CharField())
    rate_per_sec = serializers.IntegerField(allow_null=True, help_text="Null: as fast as it goes.")
    in_flight = serializers.IntegerField(help_text="How many may be on their way at once.")
    held_at = serializers.DateTimeField(allow_null=True, help_text="Since when nothing is sent, until it is released.")
    held_because = serializers.CharField()
    rests_until = serializers.DateTimeField(allow_null=True, help_text="It failed, and goes on by itself then.")
    n_waiting = serializers.IntegerField(help_text="Deliveries that wait to be sent by it.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class ConnectionChangeSerializer(StrictSerializer):
    """What may be said of a connection. Of settings all are said; a secret that is not said stays as it is."""

    name = serializers.CharField(max_length=120)
    is_enabled = serializers.BooleanField(required=False)
    settings = serializers.DictField(help_text="As the schema of its kind says, secrets among them.")
    test_settings = serializers.DictField(
        required=False, allow_null=True, help_text="The same of a system for tests; null: there is none."
    )
    rate_per_sec = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=100_000)
    in_flight = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST_IN_FLIGHT, help_text=f"Unless it is said, {IN_FLIGHT}."
    )


class NewConnectionSerializer(ConnectionChangeSerializer):
    """A connection that is to be made."""

    kind = serializers.ChoiceField(choices=())

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["kind"] = serializers.ChoiceField(list(kinds))


class TrySerializer(StrictSerializer):
    """How a connection is to be tried."""

    is_test = serializers.BooleanField(default=False, help_text="By its settings for tests.")


class FindingSerializer(serializers.Serializer[Any]):
    """How one part of a try went."""

    part = serializers.ChoiceField(Part.choices)
    state = serializers.ChoiceField([state.value for state in State])
    message = serializers.CharField()


class ReportSerializer(serializers.Serializer[Any]):
    """What a try found; what comes after a failure was not tried."""

    is_well = serializers.BooleanField()
    findings = FindingSerializer(many=True)


TAGS = ["Connections"]
LIVE: Final = "settings."
TEST: Final = "test_settings."


class KindsView(KeyView):
    """The kinds that there are."""

    scopes: ClassVar = {"GET": Scope.CONNECTIONS}

    @described("connection_kinds", responses=KindSerializer(many=True), tags=TAGS)
    def get(self, request: Request) -> Response:
        """List them, each with the schema of its settings."""
        found = [
            {"kind": name, "title": kind.title, "about": kind.about, "schema": schema_of(kind.settings)}
            for name, kind in kinds.items()
        ]
        return Response(KindSerializer(found, many=True).data)


class ConnectionsView(KeyView):
    """All of them."""

    scopes: ClassVar = {"GET": Scope.CONNECTIONS, "POST": Scope.CONNECTIONS}

    @described("connections_list", responses=ConnectionSerializer(many=True), tags=TAGS)
    def get(self, request: Request) -> Response:
        """List them, the newest first."""
        pages = NewestFirst()
        page = pages.paginate_queryset(Connection.objects.all(), request, view=self)
        return pages.get_paginated_response(ConnectionSerializer(_shaped(page or []), many=True).data)

    @described("connections_make", request=NewConnectionSerializer, responses={201: ConnectionSerializer}, tags=TAGS)
    def post(self, request: Request) -> Response:
        """Make one. It is not tried: ask for that."""
        found = checked(NewConnectionSerializer, request.data)
        row = Connection(kind=found.pop("kind"))
        with transaction.atomic():
            _fill(row, found)
            audit.record("added", actor=actor_of(request), at=timezone.now(), object=row, **_recorded(row, {}))
        return Response(_answer(row), status=status.HTTP_201_CREATED)


class ConnectionView(KeyView):
    """One of them."""

    scopes: ClassVar = dict.fromkeys(("GET", "PUT", "DELETE"), Scope.CONNECTIONS)

    @described("connection", responses=ConnectionSerializer, tags=TAGS)
    def get(self, request: Request, connection_id: UUID) -> Response:
        """Tell of it, without its secrets."""
        return Response(_answer(_connection(connection_id)))

    @described("connection_change", request=ConnectionChangeSerializer, responses=ConnectionSerializer, tags=TAGS)
    def put(self, request: Request, connection_id: UUID) -> Response:
        """Change it; a secret that is not said stays as it is."""
        found = checked(ConnectionChangeSerializer, request.data)
        with transaction.atomic():
            row = _connection(connection_id)
            before, secrets = audit.values_of(row), _secrets(row)
            _fill(row, found)
            who: dict[str, Any] = {"actor": actor_of(request), "at": timezone.now(), "object": row}
            audit.record("changed", **who, **_recorded(row, before))
            replaced = sorted(name for name, secret in _secrets(row).items() if secret != secrets.get(name))
            if replaced:  # which is nowhere else
                audit.record("rekeyed", **who, name=row.name, fields=replaced)
        return Response(_answer(row))

    @described("connection_delete", responses={204: None, 409: ERROR_RESPONSE}, tags=TAGS)
    def delete(self, request: Request, connection_id: UUID) -> Response:
        """Delete it; 409 while something uses it, or waits to be sent by it."""
        with transaction.atomic():
            row = _connection(connection_id)
            audit.record("deleted", actor=actor_of(request), at=timezone.now(), object=row, name=row.name)
            try:
                connections.delete(row)
            except InUse as error:
                raise Refused(status.HTTP_409_CONFLICT, Refusal("in_use", str(error))) from None
        return Response(status=status.HTTP_204_NO_CONTENT)


class ConnectionTestView(KeyView):
    """A try of one."""

    scopes: ClassVar = {"POST": Scope.CONNECTIONS}

    @described("connection_test", request=TrySerializer, responses=ReportSerializer, tags=TAGS)
    def post(self, request: Request, connection_id: UUID) -> Response:
        """Try it now, without any effect on the other side, and tell how each part of it went."""
        is_test = checked(TrySerializer, request.data)["is_test"]
        row = _connection(connection_id)
        audit.record_by_itself("tested", actor=actor_of(request), at=timezone.now(), object=row, name=row.name)
        try:
            report = connections.tried(row, is_test=is_test)
        except (DefinitionError, NoTestSettings, SettingsError, Unreadable) as error:
            raise Refused(status.HTTP_409_CONFLICT, Refusal("cannot_try", str(error))) from None
        return Response(ReportSerializer(_told(report)).data)


class ConnectionReleaseView(KeyView):
    """The end of a hold, or of a rest."""

    scopes: ClassVar = {"POST": Scope.CONNECTIONS}

    @described("connection_release", request=None, responses=ConnectionSerializer, tags=TAGS)
    def post(self, request: Request, connection_id: UUID) -> Response:
        """Let it send again at once; what waits has as much longer as it was held."""
        with transaction.atomic():
            row = _connection(connection_id)
            releasing.release(row, now=timezone.now())
            audit.record("released", actor=actor_of(request), at=timezone.now(), object=row, name=row.name)
        return Response(_answer(row))


def _connection(connection_id: UUID) -> Connection:
    row = Connection.objects.filter(pk=connection_id).first()
    if row is None:
        raise NotFound("There is no such connection.")
    return row


def _fill(row: Connection, found: dict[str, Any]) -> None:
    """Store what was said. Raises ValidationError, by the path of each field."""
    documents = {name: found.pop(name) for name in ("settings", "test_settings") if name in found}
    for name, value in found.items():
        setattr(row, name, value)
    problems: list[Problem] = []
    try:
        for name, document in documents.items():
            is_test = name == "test_settings"
            try:
                said = None if document is None else connections.completed(row, document, is_test=is_test)
                connections.fill(row, said, is_test=is_test)
            except SettingsError as error:
                problems += error.below(name)
        problems += connections.problems(row)
    except DefinitionError as error:
        problems.append(Problem(error.field, error.message))
    if problems:
        raise ValidationError({problem.path: problem.message for problem in problems})
    connections.save(row)


def _recorded(row: Connection, before: dict[str, Any]) -> dict[str, Any]:
    return {"name": row.name, **audit.changes_of(Connection, before, audit.values_of(row))}


def _answer(row: Connection) -> Any:
    return ConnectionSerializer(_shaped([row])[0]).data


def _shaped(rows: Iterable[Connection]) -> list[dict[str, Any]]:
    shown = ("id", "name", "kind", "is_enabled", "settings", "rate_per_sec", "in_flight", "held_at", "held_because")
    found = list(rows)
    waiting = connections.n_waiting(found)
    return [
        {name: getattr(row, name) for name in (*shown, "rests_until", "created_at", "updated_at")}
        | {
            "secrets": _names(_secrets(row), LIVE),
            "test_settings": row.test_settings or None,
            "test_secrets": _names(_secrets(row), TEST),
            "n_waiting": waiting.get(row.pk, 0),
        }
        for row in found
    ]


def _secrets(row: Connection) -> dict[str, str]:
    """Return all secrets by the paths of their settings; none where no key opens them."""
    found: dict[str, str] = {}
    for path, is_test in ((LIVE, False), (TEST, True)):
        with suppress(Unreadable):
            found |= {path + name: secret for name, secret in connections.stored_secrets(row, is_test=is_test).items()}
    return found


def _names(secrets: Iterable[str], path: str) -> list[str]:
    return sorted(name.removeprefix(path) for name in secrets if name.startswith(path))


def _told(report: Report) -> dict[str, Any]:
    found = [{"part": each.part, "state": each.state, "message": each.told} for each in report.findings]
    return {"is_well": report.is_well, "findings": found}
