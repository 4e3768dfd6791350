"""`flow simulate`: what a draft would have done over the last days, counted by node, edge and connection."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from apps.core import tasks
from apps.core.arguments import at_least_one
from apps.core.audit import COMMAND
from apps.core.models import Task
from apps.flows.models import Flow, Simulation
from apps.flows.simulating import shown, simulations
from apps.flows.simulating.simulations import MAX_DAYS, MAX_PEOPLE, MOST_PEOPLE, Terms

SLICE_SECS = 60.0


def arguments(actions: Any) -> None:
    """Take what it asks for."""
    simulating = actions.add_parser("simulate", help="count what a draft would have done over the last days")
    simulating.add_argument("key")
    simulating.add_argument("--days", type=at_least_one, default=30, help=f"the last so many, {MAX_DAYS:,} at most")
    simulating.add_argument("--max-people", type=at_least_one, default=MAX_PEOPLE, help="so many, drawn by chance")
    simulating.add_argument("--seed", type=int, default=0, help="by which chance is drawn")
    simulating.add_argument("--json", action="store_true", help="print all of it, as the API answers")


def simulated(*, key: str, days: int, max_people: int, seed: int, **options: Any) -> Iterable[str]:
    """Go through it here and now, and say what comes of it. Raises CommandError, and what `begin` raises."""
    row = Flow.objects.filter(key=key).first()
    if row is None:
        raise CommandError(f"There is no flow {key}: flow list has all.")
    if days > MAX_DAYS or max_people > MOST_PEOPLE or seed < 0:
        raise CommandError(f"At most {MAX_DAYS:,} days, {MOST_PEOPLE:,} people, and no seed below 0.")
    terms = Terms(days=days, seed=seed, max_people=max_people)
    begun = simulations.begin(row, terms, by=COMMAND.name, now=timezone.now())
    while tasks.run(begun.task_id, secs=SLICE_SECS):
        pass
    found = Simulation.objects.select_related("task", "flow").get(pk=begun.pk)
    if found.task.state != Task.State.DONE:
        raise CommandError(f"It is {found.task.state}: {found.task.message}")
    told = shown.document(found, sees_people=True)
    if options["json"]:
        yield json.dumps(told, indent=2, default=str)
    else:
        yield from _lines(told)


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['n_people']:,} people with {told['n_events']:,} events since {told['since']:%Y-%m-%d %H:%M} UTC"
    yield f"{told['n_met']:,} met a trigger, {told['n_entered']:,} entered"
    yield from (f"not entered, {each['said']}: {each['n']:,}" for each in told["refused"])
    yield from (f"{edge}: {n:,}" for edge, n in told["edges"].items())
    yield from (f"waiting at {id}: {n:,}" for id, each in told["nodes"].items() if (n := each["waiting_at_end"]))
    yield from (f"goal {id}: {n:,}" for id, n in told["goals"].items())
    yield from (f"ended, {status}: {n:,}" for status, n in told["endings"].items())
    yield from (f"sent by {each['connection']} ({each['kind']}): {each['n']:,}" for each in told["deliveries"])
    yield from told["caveats"]
