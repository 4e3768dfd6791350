"""Programs try flows out: what would be done for somebody, step by step, and nothing is."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, ClassVar

import orjson
from django.db import OperationalError
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flows import CONFLICT, TAGS, flow_of
from apps.api.scopes import Scope
from apps.core import storable
from apps.core.api.authentication import LACKS_PERMISSION, LACKS_SCOPE, is_by_key, may
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.core.api.errors import Refused
from apps.core.refusal import Refusal
from apps.flows.models import FlowVersion
from apps.flows.trying import trial_walk, trials
from apps.flows.trying.trials import ENDS, OUTCOMES, PASS, REAL, STOP

OF_PEOPLE = f"Trials on people, events and runs that there are ask for the scope {Scope.PROFILES_READ.value}, too."
_VISIT = "Which visit of the node; null: any."


class MomentField(serializers.DateTimeField):
    """A time that says its zone."""

    def enforce_timezone(self, value: datetime) -> datetime:
        """Refuse one that could be any of several."""
        if value.tzinfo is None:
            raise serializers.ValidationError("This is no time with a zone: 2026-11-30T12:00:00Z.")
        return super().enforce_timezone(value)


class MadeProfileSerializer(StrictSerializer):
    """Somebody who is made up; nothing is stored of them."""

    email = serializers.CharField(required=False)
    name = serializers.CharField(required=False)
    country = serializers.CharField(required=False)
    data = serializers.DictField(required=False)  # type: ignore[assignment]  # a field takes no attribute's place
    traits = serializers.DictField(required=False)
    interests = serializers.DictField(required=False)
    stats = serializers.DictField(required=False)
    computed = serializers.DictField(required=False)
    consents = serializers.ListField(child=serializers.CharField(), required=False, help_text="Which they have given.")
    segments = serializers.ListField(child=serializers.CharField(), required=False, help_text="In which they are.")


class MadeEventSerializer(StrictSerializer):
    """An event that is made up."""

    type = serializers.CharField(max_length=255)
    time = MomentField(required=False, help_text="Without, when it comes by the clock of the trial.")
    properties = serializers.DictField(required=False)
    traits = serializers.DictField(required=False)
    context = serializers.DictField(required=False)  # type: ignore[assignment]  # neither here
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    id = serializers.CharField(required=False)


class DeliveryAnswerSerializer(StrictSerializer):
    """How a delivery ends."""

    outcome = serializers.ChoiceField(OUTCOMES)
    answer = serializers.DictField(
        required=False, allow_null=True, help_text="What the other side said: status, headers, body (a text)."
    )
    error = serializers.CharField(required=False, allow_blank=True)


class ReturnSerializer(StrictSerializer):
    """How a flow ends that was called."""

    status = serializers.ChoiceField(ENDS)
    payload = serializers.JSONField(required=False, allow_null=True)
    reason = serializers.CharField(required=False, allow_blank=True)


class AnswerSerializer(StrictSerializer):
    """What happens to whoever waits at a node, once; further answers for it come after. With neither: time passes."""

    node = serializers.CharField()
    visit = serializers.IntegerField(min_value=1, required=False, allow_null=True, help_text=_VISIT)
    after_secs = serializers.FloatField(
        min_value=0, max_value=40_000_000, required=False, help_text="So long after they came to the node."
    )
    at = MomentField(required=False)
    event = MadeEventSerializer(required=False, help_text="It comes, and is held to exits and goals, too.")
    delivery = DeliveryAnswerSerializer(required=False)
    returns = ReturnSerializer(required=False)
    is_skipped = serializers.BooleanField(required=False, help_text="As if somebody skipped what they wait for.")


class PinSerializer(StrictSerializer):
    """What a node is taken to say, without being asked."""

    node = serializers.CharField()
    visit = serializers.IntegerField(min_value=1, required=False, allow_null=True, help_text=_VISIT)
    port = serializers.CharField(required=False, help_text="By which it is left: out, unless you say otherwise.")
    output = serializers.JSONField(required=False, allow_null=True, help_text="The payload; null: as it came.")
    memory = serializers.DictField(required=False, help_text="What it sets.")


class TrialSerializer(StrictSerializer):
    """On whom, with what, and what is taken for granted. Nobody named: a run about nobody."""

    profile_id = serializers.UUIDField(required=False, allow_null=True)
    profile = MadeProfileSerializer(required=False, allow_null=True)
    event_id = serializers.UUIDField(required=False, allow_null=True, help_text="A stored event, and whose it is.")
    event = MadeEventSerializer(required=False, allow_null=True)
    run_id = serializers.UUIDField(required=False, allow_null=True, help_text="Begin as this run of the flow did.")
    session = serializers.DictField(required=False, allow_null=True, help_text="What nodes read as session@.")
    payload = serializers.JSONField(required=False, allow_null=True, help_text="What nodes read as payload@.")
    memory = serializers.DictField(required=False)
    now = MomentField(required=False, help_text="When it begins; else as the event or the run did.")
    node = serializers.CharField(required=False, allow_blank=True, help_text="Try this node alone.")
    answers = AnswerSerializer(many=True, required=False, max_length=200)  # type: ignore[call-arg]  # of the list
    pins = PinSerializer(many=True, required=False, max_length=200)  # type: ignore[call-arg]  # of the list
    waits = serializers.ChoiceField(
        (PASS, STOP),
        required=False,
        help_text="What has no answer: pass (unless you say otherwise): time passes, and what is sent arrives; "
        "stop: the trial stops there.",
    )


class FlowTrySerializer(TrialSerializer):
    """A trial, and of what: the draft, unless you say otherwise."""

    definition = serializers.DictField(required=False, help_text="One that is nowhere stored yet.")
    version = serializers.IntegerField(required=False, min_value=1, help_text="The number of one that was published.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what says two things."""
        if "definition" in attrs and "version" in attrs:
            raise serializers.ValidationError({"version": "Name a version or send a definition, not both."})
        return attrs


class AwaitedSerializer(serializers.Serializer[Any]):
    """An event that is waited for."""

    type = serializers.CharField(help_text="* for any.")
    match = serializers.DictField(allow_null=True, help_text="What it has to say.")


class WaitedSerializer(serializers.Serializer[Any]):
    """What somebody waits for, and what has ended that."""

    until = serializers.DateTimeField(allow_null=True)
    events = AwaitedSerializer(many=True)
    delivery = serializers.BooleanField(help_text="Whether for what is sent.")
    flow = serializers.CharField(help_text="Whose end is waited for; else empty.")
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField(help_text="time, event, delivery, flow, skipped; empty: they still wait.")
    is_assumed = serializers.BooleanField(help_text="Nobody said what happens: it went well.")


class TriedStepSerializer(serializers.Serializer[Any]):
    """A visit of a node, or a further look at who waits there."""

    node = serializers.CharField()
    kind = serializers.CharField()
    visit = serializers.IntegerField()
    at = serializers.DateTimeField(help_text="By the clock of the trial.")
    port = serializers.CharField(help_text="By which it was left; empty: they wait, or it is an end.")
    took_us = serializers.IntegerField()
    error = serializers.CharField()
    is_pinned = serializers.BooleanField()
    is_disabled = serializers.BooleanField()
    wake = serializers.CharField(help_text="Why it is asked again: TimedOut, Met, Delivered, Returned, Skipped.")
    input = serializers.JSONField(allow_null=True)
    output = serializers.JSONField(allow_null=True, help_text="null: as it came.")
    conditions = serializers.DictField(help_text="What each came to, by field: true, false, null for unknown.")
    memory = serializers.DictField(help_text="What it sets.")
    changes = serializers.ListField(child=serializers.DictField(), help_text="Of the profile: operation, path, value.")
    segments = serializers.DictField(child=serializers.BooleanField(), help_text="Which are entered (true) or left.")
    sent = serializers.ListField(
        child=serializers.DictField(), help_text="connection, kind, channel, request (mail: to, subject, html, ...)."
    )
    raised = serializers.ListField(child=serializers.DictField(), help_text="type, properties.")
    started = serializers.ListField(child=serializers.DictField(), help_text="flow, payload.")
    noted = serializers.DictField(help_text="What else the node tells.")
    wait = WaitedSerializer(allow_null=True)


class TriedSerializer(serializers.Serializer[Any]):
    """All that a trial tells."""

    version = serializers.IntegerField(allow_null=True, help_text="null: the draft, or what was sent.")
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    profile_id = serializers.UUIDField(allow_null=True)
    end = serializers.CharField(help_text=f"{', '.join(ENDS)}; waiting: it stopped at a wait; limit: it took too much.")
    reason = serializers.CharField()
    place = serializers.CharField(help_text="The node.")
    path = serializers.ListField(child=serializers.CharField(), help_text="node.port; of an end the node alone.")
    steps = TriedStepSerializer(many=True)
    memory = serializers.DictField()
    result = serializers.JSONField(allow_null=True, help_text="What it gives to a flow that calls it.")
    entered = serializers.ListField(child=serializers.CharField(), help_text="Segments.")
    left = serializers.ListField(child=serializers.CharField(), help_text="Segments.")
    goals = serializers.ListField(child=serializers.CharField())
    response = serializers.DictField(help_text="What the caller of a flow that answers gets.")
    ux = serializers.ListField(child=serializers.DictField())
    unused_answers = serializers.ListField(child=serializers.IntegerField(), help_text="Nobody waited for them.")


class FlowTryView(SharedView):
    """A trial."""

    scopes: ClassVar = {"POST": Scope.FLOWS_WRITE}

    @described("flow_try", request=FlowTrySerializer, responses={200: TriedSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Tell what would be done for somebody, step by step; nothing is. Ask for people with profiles:read, too."""
        row, found = flow_of(key), checked(FlowTrySerializer, request.data)
        said = as_json(found)
        refuse_real(request, said)
        number, document = found.get("version"), said.get("definition")
        if number is not None:
            version = FlowVersion.objects.filter(flow=row, number=number).first()
            if version is None:
                raise NotFound(f"There is no version {number} of {row.key}.")
            document = version.definition
        trial = trials.read(said)
        try:
            told = trial_walk.try_out(
                row, trial, now=timezone.now(), sees_people=sees_people(request), document=document, number=number
            )
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != trial_walk.LOCKED:
                raise
            busy = Refusal("not_now", "Others hold what its nodes ask for: try it again.")
            raise Refused(status.HTTP_409_CONFLICT, busy) from None
        return Response(TriedSerializer(asdict(told)).data)


def as_json(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was checked as it is kept: ids and times as texts."""
    said: dict[str, Any] = orjson.loads(storable.dumps(found))
    return said


def refuse_real(request: Request, trial: Mapping[str, Any]) -> None:
    """Let only who may see people try a flow on them. Raises PermissionDenied."""
    if any(trial.get(name) for name in REAL):
        refuse_blind(request, OF_PEOPLE)


def refuse_blind(request: Request, why: str) -> None:
    """Let only who may see people do what asks about them. Raises PermissionDenied, which tells a key why."""
    if not sees_people(request):
        raise PermissionDenied(f"{LACKS_SCOPE} {why}" if is_by_key(request) else LACKS_PERMISSION)


def sees_people(request: Request) -> bool:
    """Tell whether a key, or somebody signed in, may see personal data."""
    return may(request, Scope.PROFILES_READ)
