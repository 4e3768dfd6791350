"""A draft is simulated over the stored events of many people: how many events a second it goes through."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection

from apps.bridges.models import Connection
from apps.core import tasks
from apps.core.audit import COMMAND
from apps.core.garbage import collect_less_often
from apps.flows.models import Flow, Simulation
from apps.flows.simulating import simulations
from apps.flows.simulating.simulations import Terms
from bench import people
from bench.spent import named, spent

Figures = dict[str, float]
PEOPLE = 10_000
# Whoever looks at a product and does not buy in a day is asked again, if they look often.
OFTEN = 'COUNT("page-view" LAST 30 DAYS) >= 2'
DRAFT: dict[str, Any] = {
    "triggers": [{"id": "looked", "kind": "event", "event_type": "product-viewed"}],
    "entry": {"frequency": "interval", "interval_secs": 86_400},
    "nodes": [
        {"id": "start", "kind": "start"},
        {"id": "buys", "kind": "wait-for-event", "settings": {"awaits": "purchase", "time_out": "1 day"}},
        {"id": "often", "kind": "condition", "settings": {"condition": OFTEN}},
        {
            "id": "mail",
            "kind": "email",
            "settings": {"connection": "Bench", "to": "a@example.com", "subject": "Hi", "html": "<p>Hi</p>"},
        },
        {"id": "end", "kind": "end"},
    ],
    "edges": [
        {"from": "start", "to": "buys"},
        {"from": "buys", "to": "end"},
        {"from": "buys", "port": "time_out", "to": "often"},
        {"from": "often", "port": "true", "to": "mail"},
        {"from": "often", "port": "false", "to": "end"},
        {"from": "mail", "to": "end"},
    ],
}


def simulation() -> Figures:
    """All that 100,000 events come to, in one process."""
    people.make(PEOPLE)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE flows_flow, bridges_connection CASCADE")
    Connection.objects.create(name="Bench", kind="smtp")
    flow = Flow.objects.create(key="simulated", name="Simulated", draft=DRAFT)
    collect_less_often()
    begun = simulations.begin(flow, Terms(days=people.DAYS), by=COMMAND.name, now=datetime.now(UTC))
    took = spent(lambda: tasks.run(begun.task_id, secs=600.0))
    counts = Simulation.objects.get(pk=begun.pk).counts
    n_stored = people.EVENTS_EACH * PEOPLE
    return {
        "simulation_secs": took.secs,
        "simulation_stored_events_per_sec": n_stored / took.secs,
        "simulation_events": counts["n_events"],
        "simulation_runs": counts["n_entered"],
        **named("simulation", took.cpu(n_stored)),
    }
