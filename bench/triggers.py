"""What flows cost the events that may start them: ingest beside triggers, and `/track` beside flows that answer."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.core.garbage import collect_less_often
from apps.events import sources
from apps.events.models import InboxItem, Source
from apps.flows.models import Flow, FlowVersion, Run
from apps.flows.triggers import trigger_index
from bench.load import sdk_messages
from bench.machine import web
from bench.spent import Spent, cost, named, spent

Figures = dict[str, float]
TYPE: Final = "lesson-finished"
N_FLOWS: Final = 50
EVENTS, PIECES, BATCH = 15_000, 30, 500  # small pieces: all sets share what the machine does meanwhile
WARM_SECS, SECS, ROUNDS = 2.0, 5.0, 3
# Of the events of the bench one in ten says so.
A_TENTH: Final = 'event@properties.id = "3"'
NOBODY: Final = 'event@properties.revenue > 1000 AND event@properties.status = "failed-{number}"'
LARGE: Final = "event@properties.revenue > 1000{number}"


def plan_cost() -> Figures:
    """Ingest with fifty flows that are on, of which half read the events' type and let nobody in, against none.

    And with one of them letting a tenth in; with all fifty reading the type; and with ten of which no look at one
    property says that they let nobody in. All in turn, in pieces, over the same traffic.
    """
    source = _source("bench-plan")
    others = [_flow(f"bench-other-{number}", _on(f"other-{number}")) for number in range(N_FLOWS // 2)]
    reading = [_flow(f"bench-none-{number}", _on(TYPE, NOBODY.format(number=number))) for number in range(N_FLOWS)]
    comparing = [_flow(f"bench-large-{number}", _on(TYPE, LARGE.format(number=number))) for number in range(10)]
    idle = [*others, *reading[: N_FLOWS // 2]]
    sets: dict[str, list[Flow]] = {
        "plain": [],
        "idle": idle,
        "tenth": [*idle[1:], _flow("bench-tenth", _on(TYPE, A_TENTH))],
        "fifty": reading,
        "ten": comparing,
    }
    took = {name: Spent() for name in sets}
    for flows in sets.values():
        _switch(flows)
        _ingest(source, 1_000)
    collect_less_often()
    before = Run.objects.count()
    for number in range(PIECES):
        for name in _turned(list(sets), number):
            _switch(sets[name])
            took[name] += _ingest(source, EVENTS // PIECES)
    _switch([])
    return {
        "plan_plain_per_sec": EVENTS / took["plain"].secs,
        "plan_tenth_runs": Run.objects.count() - before,
        **named("plan_plain", took["plain"].cpu(EVENTS)),
        **cost("plan_cost", took["idle"], took["plain"], EVENTS),
        **cost("plan_tenth_cost", took["tenth"], took["plain"], EVENTS),
        **cost("plan_fifty_read_cost", took["fifty"], took["plain"], EVENTS),
        **cost("plan_ten_compare_cost", took["ten"], took["plain"], EVENTS),
    }


def inline_flow() -> Figures:
    """`/track` of visitors who ask, with a flow of five nodes that answers them, against none; in turn."""
    source = _source("bench-inline")
    flow = _flow("bench-inline", _on("page-view"), **_answering())
    found: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    with web("cdp.wsgi:application") as ours:
        for _ in range(ROUNDS):
            for is_on, rounds in found.items():
                _switch([flow] if is_on else [])
                ours.load("/track", "asking_views", source, secs=WARM_SECS)
                rounds.append(ours.load("/track", "asking_views", source, secs=SECS))
    _switch([])
    ended = Run.objects.filter(flow=flow, status=Run.Status.FINISHED).count()
    with_flow, without = (max(each["per_sec"] for each in found[is_on]) for is_on in (True, False))
    return {
        "inline_per_sec": with_flow,
        "inline_off_per_sec": without,
        "inline_failed": sum(each["n_failed"] for rounds in found.values() for each in rounds),
        "inline_ended": ended,
        "inline_p99_ms": min(each["p99_ms"] for each in found[True]),
        "inline_cpu_us": min(each["cpu_us"] for each in found[True]),
        "inline_off_cpu_us": min(each["cpu_us"] for each in found[False]),
        "inline_flow_ratio": with_flow / without,
    }


def _on(type: str, condition: str = "") -> dict[str, Any]:
    return {"id": "t", "kind": "event", "event_type": type, "condition": condition}


def _answering() -> dict[str, Any]:
    nodes = [
        ("start", {}),
        ("condition", {"condition": 'event@properties.category = "products"'}),
        ("set-fields", {"fields": [{"field": "traits.seen", "value": "event@properties.id"}]}),
        ("increment", {"field": "stats.pages", "by": 1}),
        ("inline-response", {"response": {"page": "event@properties.id", "seen": "profile@stats.pages"}}),
        ("end", {}),
    ]
    pairs = itertools.pairwise(kind for kind, _ in nodes)
    edges = [{"from": one, "to": other, "port": "true" if one == "condition" else "out"} for one, other in pairs]
    edges.append({"from": "condition", "to": "end", "port": "false"})
    return {
        "nodes": [{"id": kind, "kind": kind, "settings": settings} for kind, settings in nodes],
        "edges": edges,
        "answers_inline": True,
        "inline_ms": 1_000,
    }


def _flow(key: str, trigger: dict[str, Any], **parts: Any) -> Flow:
    document = {
        "triggers": [trigger],
        "nodes": [{"id": "start", "kind": "start"}, {"id": "end", "kind": "end"}],
        "edges": [{"from": "start", "to": "end"}],
        **parts,
    }
    flow = Flow.objects.create(key=key, name=key)
    flow.version = FlowVersion.objects.create(
        flow=flow, number=1, definition=document, published_at=datetime.now(UTC), published_by="bench"
    )
    flow.save()
    return flow


def _turned(names: list[str], by: int) -> list[str]:
    """Let another one begin each round: what a round leaves to whoever comes next is none of their cost."""
    first = by % len(names)
    return names[first:] + names[:first]


def _switch(flows: list[Flow]) -> None:
    """Let these be on, and no others."""
    Flow.objects.update(state=Flow.State.OFF)
    Flow.objects.filter(pk__in=[flow.pk for flow in flows]).update(state=Flow.State.ON)
    trigger_index.current.latest()  # what a change of flows costs is not what asking for them costs


def _ingest(source: str, count: int) -> Spent:
    bodies: Iterator[bytes] = sdk_messages(source)
    policy = sources.find(source)
    assert policy is not None
    envelope = Envelope(policy, datetime.now(UTC), ip="198.51.100.7", call="track")
    messages = [Message(InboxItem.Dialect.SDK, body, envelope) for body in itertools.islice(bodies, count)]
    for start in range(0, count, 1_000):
        accept.keep(messages[start : start + 1_000])
    return spent(_drain)


def _drain() -> None:
    while accept.ingest(BATCH, at=datetime.now(UTC)):
        pass


def _source(name: str) -> str:
    source, _ = Source.objects.get_or_create(name=name)
    return str(source.id)
