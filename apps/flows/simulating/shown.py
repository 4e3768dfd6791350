"""What is told of a simulation: by node, edge and connection; while it goes on, what was counted so far."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from apps.core.models import Task
from apps.flows.definition import shape
from apps.flows.definition.parts import Definition
from apps.flows.describing import words
from apps.flows.models import Simulation, SimulationSample
from apps.flows.simulating import caveats
from apps.flows.simulating.counts import Counts, parts_of
from apps.profiles import ledger
from apps.profiles.models import Profile

What = SimulationSample.What
_NAMED_BY: Final = ("name", "email", "primary_id", "is_anonymous")


def line(row: Simulation) -> dict[str, Any]:
    """Tell what it is, and how far: all but the figures of its parts."""
    task, counts = row.task, Counts.read(row.counts)
    is_sample = counts.is_stopped or task.state in (Task.State.CANCELLED, Task.State.FAILED)
    return {
        "id": row.pk,
        "status": task.state,
        "message": task.message,
        "progress": task.progress,
        "total": task.total,
        "requested_by": task.requested_by,
        "created_at": row.created_at,
        "finished_at": task.finished_at,
        "days": row.days,
        "since": row.since,
        "until": row.until,
        "seed": row.seed,
        "max_people": row.max_people,
        "draft_revision": row.draft_revision,
        "is_sample": is_sample,
        "factor": counts.factor if is_sample else 1.0,
        "n_events": counts.n_events,
        "n_people": counts.n_people,
        "n_met": counts.n_met,
        "n_entered": counts.n_entered,
    }


def document(row: Simulation, *, sees_people: bool) -> dict[str, Any]:
    """Tell all of it; who is meant, to whoever may see people."""
    counts, definition = Counts.read(row.counts), shape.collect(row.definition)[0]
    return {
        **line(row),
        "refused": [{"why": why, "said": words.why_not(why), "n": n} for why, n in counts.refused.most_common()],
        "triggers": {
            each.id: {"met": counts.met[each.id], "entered": counts.entered[each.id]} for each in definition.triggers
        },
        "nodes": _nodes(definition, counts),
        "edges": _edges(definition, counts),
        "goals": {each.id: counts.goals[each.id] for each in definition.options.goals},
        "exits": dict(counts.exits),
        "endings": dict(counts.endings),
        "deliveries": [
            dict(zip(("kind", "connection", "channel", "n"), (*parts_of(key), n), strict=True))
            for key, n in counts.deliveries.most_common()
        ],
        "raised": [{"type": type, "n": n} for type, n in counts.raised.most_common()],
        "started": [{"flow": flow, "n": n} for flow, n in counts.started.most_common()],
        **_samples(row, definition, sees_people=sees_people),
        "caveats": list(caveats.told(row, counts)),
    }


def _nodes(definition: Definition, counts: Counts) -> dict[str, Any]:
    left: dict[str, dict[str, int]] = defaultdict(dict)
    for key, n in counts.passed.items():
        node, port = parts_of(key)
        left[node][port] = n
    ended: dict[str, Counter[str]] = defaultdict(Counter)
    for key, n in counts.ended.items():
        node, status = parts_of(key)
        ended[node][status] += n
    return {
        each.id: {
            "entered": left[each.id].pop("", 0),
            "left": left[each.id],
            "waiting_at_end": counts.waiting[each.id],
            "failed": ended[each.id]["failed"],
            "ended": dict(+ended[each.id]),
        }
        for each in definition.nodes
    }


def _edges(definition: Definition, counts: Counts) -> dict[str, int]:
    return {str(edge): counts.passed[f"{edge.from_}\t{edge.port}"] for edge in definition.edges}


def _samples(row: Simulation, definition: Definition, *, sees_people: bool) -> dict[str, Any]:
    if not sees_people:
        return {"samples": None, "samples_waiting": None, "samples_failed": None}
    found: dict[str, dict[str, list[Any]]] = {"samples": {}, "samples_waiting": {}, "samples_failed": {}}
    rows = list(row.samples.order_by("id"))
    living = ledger.living_ids({each.profile_id for each in rows})
    people = Profile.objects.only(*_NAMED_BY).in_bulk(set(living.values()))
    names = {id: str(each) for id, each in people.items()}
    by_place: dict[tuple[str, str, str], list[SimulationSample]] = defaultdict(list)
    for each in rows:
        by_place[each.what, each.node, each.port].append(each)
    for edge in definition.edges:
        there = by_place.get((What.LEFT, edge.from_, edge.port))
        if there:
            found["samples"][str(edge)] = _told(there, living, names)
    for (what, node, _), there in by_place.items():
        if what == What.WAITING:
            found["samples_waiting"][node] = _told(there, living, names)
        elif what == What.FAILED:
            told = zip(_told(there, living, names), there, strict=True)
            found["samples_failed"][node] = [{**said, "reason": each.reason} for said, each in told]
    return found


def _told(
    rows: Iterable[SimulationSample], living: Mapping[UUID, UUID], names: Mapping[UUID, str]
) -> list[dict[str, Any]]:
    return [
        {
            "profile_id": living[each.profile_id],
            "who": names.get(living[each.profile_id], ""),
            "event_id": each.event_id,
            "event_type": each.event_type,
            "entered_at": each.entered_at,
            "at": each.at,
        }
        for each in rows
    ]
