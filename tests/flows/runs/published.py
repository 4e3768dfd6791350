"""Versions of flows made of test nodes, people in them, and time that passes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.core.ids import new_id
from apps.flows.definition import compiled as compiling
from apps.flows.engine import state
from apps.flows.models import FlowVersion, Run
from apps.flows.runs import batches, versions
from apps.flows.runs.entering import Entry, enter
from tests.factories import NOON
from tests.flows.engine.graphs import Node, compiled
from tests.flows.engine.graphs import Run as Running
from tests.flows.factories import FlowVersionFactory


def publish(
    nodes: Mapping[str, Node | Running], edges: Sequence[str], *, version: FlowVersion | None = None, **options: Any
) -> FlowVersion:
    """Publish a flow of test nodes: as `graphs.compiled` makes it, known to the runner as if it had compiled it."""
    row = version or FlowVersionFactory()
    graph = compiled(nodes, edges, flow=row.flow.key, number=row.number, **options)
    compiling._versions.put(row.pk, replace(graph, version_id=row.pk, flow_id=row.flow_id))
    row.flow.version = row
    row.flow.save()
    return row


def let_in(version: FlowVersion, people: Iterable[UUID | None], *, at: datetime = NOON, **values: Any) -> list[UUID]:
    """Let people enter, and return their runs."""
    start = versions.compiled([version.pk])[version.pk].start.id
    event = values.pop("event", None)
    entries = [
        Entry(
            new_id(),
            version.flow_id,
            version.pk,
            id,
            state.fresh(start, began=at, event=event),
            at,
            **values,
        )
        for id in people
    ]
    enter(entries)
    return [entry.id for entry in entries]


def pass_time(until: datetime) -> int:
    """Let all that is due by then go on, as a worker does; return how many runs went on."""
    n_runs = 0
    while n_due := batches.go_on(now=until):
        n_runs += n_due
    return n_runs


def run_of(id: UUID) -> Run:
    return Run.objects.get(pk=id)
