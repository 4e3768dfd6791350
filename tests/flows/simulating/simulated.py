"""A flow is simulated to its end, as workers do."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.core import tasks
from apps.core.models import Task
from apps.flows.models import Flow, Simulation
from apps.flows.simulating import shown, simulations
from apps.flows.simulating.simulations import Terms


def simulated(row: Flow, *, now: datetime | None = None, days: int = 30, **terms: Any) -> dict[str, Any]:
    """Simulate the draft of a flow, and return all that is told of it."""
    found = simulations.begin(row, Terms(days=days, **terms), by="anna", now=now or timezone.now())
    while tasks.run(found.task_id, secs=60):
        pass
    found = Simulation.objects.select_related("task", "flow").get(pk=found.pk)
    assert found.task.state == Task.State.DONE, found.task.message
    return shown.document(found, sees_people=True)


def not_entered(told: dict[str, Any]) -> dict[str, int]:
    """Return how many did not enter, by why."""
    return {each["why"]: each["n"] for each in told["refused"]}
