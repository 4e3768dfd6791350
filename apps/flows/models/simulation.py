"""A draft that is run over what is stored: what was asked, and what it has come to so far."""

from typing import ClassVar

from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.models import Task
from apps.flows.models.flow import Flow


@impersonal("a definition, and counts; who is meant is in the samples")
class Simulation(models.Model):
    """A definition of a flow, over the events of a period; its task says how far it is."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    flow = models.ForeignKey(Flow, on_delete=models.CASCADE, related_name="simulations")
    task = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="+")
    definition = Json()
    draft_revision = models.PositiveIntegerField(null=True)  # of the draft that it was; null: it was sent
    pins = Json(default=list)  # as a trial has them
    since = models.DateTimeField()
    until = models.DateTimeField()
    days = models.PositiveIntegerField()
    seed = models.PositiveIntegerField(default=0)
    max_people = models.PositiveIntegerField()
    counts = Json(default=dict)  # see apps/flows/simulating/counts.py
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.flow}, {self.days} days"


class SimulationSample(models.Model):
    """Somebody who went along an edge, waits at a node, or failed there; ids alone, which go with the person."""

    class What(models.TextChoices):
        LEFT = "left"  # by the port
        WAITING = "waiting"  # at the end
        FAILED = "failed"

    MOST: ClassVar = 5  # of each kind, at each place

    id = models.BigAutoField(primary_key=True)
    simulation = models.ForeignKey(Simulation, on_delete=models.CASCADE, related_name="samples")
    what = models.CharField(max_length=7, choices=What)
    node = models.CharField(max_length=40)
    port = models.CharField(max_length=40, blank=True, default="")
    profile_id = models.UUIDField()
    event_id = models.UUIDField(null=True)  # which let them enter; null: a clock did
    event_type = models.CharField(max_length=255)
    entered_at = models.DateTimeField()
    at = models.DateTimeField()  # when they left, or came, or failed
    reason = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["profile_id"], name="simulation_sample_profile")]

    def __str__(self) -> str:
        return f"{self.what} {self.node} {self.port}".rstrip()
