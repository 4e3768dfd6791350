"""Programs have flows simulated: a definition is run over stored events and people, and nothing comes of it."""

from typing import Any, ClassVar, Final
from uuid import UUID

from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.base import described
from apps.api.flow_trials import PinSerializer, as_json, refuse_blind, sees_people
from apps.api.flows import CONFLICT, TAGS, flow_of
from apps.api.scopes import Scope
from apps.core import tasks
from apps.core.api.authentication import actor_of
from apps.core.api.base import SharedView, StrictSerializer, checked
from apps.core.api.errors import Refused
from apps.core.limits import TooSlow, at_most
from apps.core.models import Task
from apps.core.refusal import Refusal
from apps.flows.models import Simulation
from apps.flows.simulating import shown, simulations
from apps.flows.simulating.simulations import MAX_DAYS, MAX_PEOPLE, MOST_PEOPLE, Terms

LISTED: Final = 20
WAIT_SECS: Final = 8.0  # for a step that is under way
MAX_SEED: Final = 2**31 - 1
OF_PEOPLE: Final = f"Simulations are of all people: they ask for the scope {Scope.PROFILES_READ.value}, too."


class TermsSerializer(StrictSerializer):
    """What is simulated, and over what."""

    days = serializers.IntegerField(min_value=1, max_value=MAX_DAYS, help_text="The last so many, until now.")
    definition = serializers.DictField(required=False, help_text="One that is nowhere stored; without it the draft.")
    max_people = serializers.IntegerField(
        min_value=1, max_value=MOST_PEOPLE, default=MAX_PEOPLE, help_text="So many at most, drawn by chance."
    )
    seed = serializers.IntegerField(min_value=0, max_value=MAX_SEED, default=0, help_text="By which chance is drawn.")
    pins = PinSerializer(many=True, required=False, max_length=200)  # type: ignore[call-arg]  # of the list


class SimulationLineSerializer(serializers.Serializer[Any]):
    """A simulation, and how far it is."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(Task.State.choices)
    message = serializers.CharField()
    progress = serializers.IntegerField(help_text="People who were looked at.")
    total = serializers.IntegerField(allow_null=True, help_text="Null: they are not counted yet.")
    requested_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    days = serializers.IntegerField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    seed = serializers.IntegerField()
    max_people = serializers.IntegerField()
    draft_revision = serializers.IntegerField(allow_null=True, help_text="Of the draft; null: a definition was sent.")
    is_sample = serializers.BooleanField(help_text="Whether the counts are not of all people.")
    factor = serializers.FloatField(help_text="Multiply counts by it for an estimate of all.")
    n_events = serializers.IntegerField()
    n_people = serializers.IntegerField(help_text="To whom anything has happened that the flow looks at.")
    n_met = serializers.IntegerField(help_text="How often a trigger was met.")
    n_entered = serializers.IntegerField(help_text="Runs.")


class SimulationsSerializer(serializers.Serializer[Any]):
    """The latest simulations of a flow."""

    results = SimulationLineSerializer(many=True)


class MetSerializer(serializers.Serializer[Any]):
    """Of one trigger."""

    met = serializers.IntegerField()
    entered = serializers.IntegerField()


class SimulatedRefusalSerializer(serializers.Serializer[Any]):
    """Of one reason for which people did not enter."""

    why = serializers.CharField()
    said = serializers.CharField(help_text="In words.")
    n = serializers.IntegerField()


class SimulatedNodeSerializer(serializers.Serializer[Any]):
    """Of one node."""

    entered = serializers.IntegerField()
    left = serializers.DictField(child=serializers.IntegerField(), help_text="By port.")
    waiting_at_end = serializers.IntegerField()
    failed = serializers.IntegerField()
    ended = serializers.DictField(child=serializers.IntegerField(), help_text="Runs that ended there, by status.")


class SimulatedDeliverySerializer(serializers.Serializer[Any]):
    """What would be sent by a connection."""

    kind = serializers.CharField()
    connection = serializers.CharField()
    channel = serializers.CharField(allow_blank=True)
    n = serializers.IntegerField()


class SimulatedSampleSerializer(serializers.Serializer[Any]):
    """Somebody who was there."""

    profile_id = serializers.UUIDField()
    who = serializers.CharField(allow_blank=True, help_text="What they are called; empty: they are no more.")
    event_id = serializers.UUIDField(allow_null=True, help_text="Which let them enter; null: a clock did.")
    event_type = serializers.CharField()
    entered_at = serializers.DateTimeField()
    at = serializers.DateTimeField(help_text="When they left by the edge, came to the node, or failed.")
    reason = serializers.CharField(required=False, help_text="Of who failed.")


def _samples(told: str) -> Any:
    return serializers.DictField(child=SimulatedSampleSerializer(many=True), allow_null=True, help_text=told)


class SimulationSerializer(SimulationLineSerializer):
    """A simulation, with all that was counted so far."""

    refused = SimulatedRefusalSerializer(many=True, help_text="Who met a trigger and did not enter.")
    triggers = serializers.DictField(child=MetSerializer())
    nodes = serializers.DictField(child=SimulatedNodeSerializer())
    edges = serializers.DictField(child=serializers.IntegerField(), help_text="By from.port -> to.")
    goals = serializers.DictField(child=serializers.IntegerField())
    exits = serializers.DictField(child=serializers.IntegerField(), help_text="By why, in words.")
    endings = serializers.DictField(child=serializers.IntegerField(), help_text="By status; waiting: under way still.")
    deliveries = SimulatedDeliverySerializer(many=True)
    raised = serializers.ListField(child=serializers.DictField(), help_text="type, n")
    started = serializers.ListField(child=serializers.DictField(), help_text="flow, n")
    samples = _samples("By edge; null, as those below: who asks may not see people.")
    samples_waiting = _samples("By node.")
    samples_failed = _samples("By node.")
    caveats = serializers.ListField(child=serializers.CharField(), help_text="What is approximate.")


class FlowSimulationsView(SharedView):
    """The simulations of a flow."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ, "POST": Scope.FLOWS_WRITE}

    @described("flow_simulations", responses=SimulationsSerializer, tags=TAGS)
    def get(self, request: Request, key: str) -> Response:
        """List the latest ones."""
        rows = Simulation.objects.filter(flow=flow_of(key)).select_related("task").order_by("-created_at", "-pk")
        return Response(SimulationsSerializer({"results": [shown.line(row) for row in rows[:LISTED]]}).data)

    @described("flow_simulate", request=TermsSerializer, responses={202: SimulationSerializer, **CONFLICT}, tags=TAGS)
    def post(self, request: Request, key: str) -> Response:
        """Run the draft over the last days of stored events, in the background; nothing is done for anybody.

        Ask for it with profiles:read, too.
        """
        row, found = flow_of(key), checked(TermsSerializer, request.data)
        refuse_blind(request, OF_PEOPLE)  # what a draft asks of somebody the counts of its ways tell
        said = as_json(found)
        terms = Terms(
            days=found["days"],
            document=said.get("definition"),
            pins=said.get("pins") or (),
            seed=found["seed"],
            max_people=found["max_people"],
        )
        made = simulations.begin(row, terms, by=actor_of(request).name, now=timezone.now())
        return _answer(request, made, status.HTTP_202_ACCEPTED)


class FlowSimulationView(SharedView):
    """One of them."""

    scopes: ClassVar = {"GET": Scope.FLOWS_READ, "DELETE": Scope.FLOWS_WRITE}

    @described("flow_simulation", responses=SimulationSerializer, tags=TAGS)
    def get(self, request: Request, key: str, simulation_id: UUID) -> Response:
        """Tell what was counted so far."""
        return _answer(request, _found(key, simulation_id))

    @described("flow_simulation_cancel", responses={200: SimulationSerializer, **CONFLICT}, tags=TAGS)
    def delete(self, request: Request, key: str, simulation_id: UUID) -> Response:
        """End it where it is; what was counted stays."""
        found = _found(key, simulation_id)
        try:
            with at_most(WAIT_SECS):
                if not tasks.cancel([found.task_id], by=actor_of(request).name, now=timezone.now()):
                    message = f"It is {found.task.get_state_display().lower()}, and cannot be cancelled."
                    raise Refused(status.HTTP_409_CONFLICT, Refusal("not_now", message))
        except TooSlow:
            message = "The step that is under way takes long. Please try again in a minute."
            raise Refused(status.HTTP_409_CONFLICT, Refusal("not_yet", message)) from None
        return _answer(request, _found(key, simulation_id))


def _found(key: str, id: UUID) -> Simulation:
    found = Simulation.objects.filter(flow=flow_of(key), pk=id).select_related("task", "flow").first()
    if found is None:
        raise NotFound("There is no such simulation.")
    return found


def _answer(request: Request, row: Simulation, code: int = status.HTTP_200_OK) -> Response:
    told = shown.document(row, sees_people=sees_people(request))
    return Response(SimulationSerializer(told).data, status=code)
