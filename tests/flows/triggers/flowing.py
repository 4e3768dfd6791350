"""Flows that are on, for tests of what lets people enter them."""

from typing import Any

from apps.collector import accept
from apps.flows.models import Flow, FlowVersion, Run
from apps.profiles.models import Profile
from tests.flows.factories import FlowFactory, FlowVersionFactory
from tests.shop import Shop

Document = dict[str, Any]


def document(*triggers: Document, **parts: Any) -> Document:
    """A flow that ends where it starts."""
    return {
        "triggers": [{"id": f"t{number}", **each} for number, each in enumerate(triggers, 1)],
        "nodes": [{"id": "start", "kind": "start"}, {"id": "end", "kind": "end"}],
        "edges": [{"from": "start", "to": "end"}],
        **parts,
    }


def on_event(type: str = "checkout-started", **values: Any) -> Document:
    return {"kind": "event", "event_type": type, **values}


def publish(*triggers: Document, key: str = "", priority: int = 0, **parts: Any) -> Flow:
    """Publish a flow, and switch it on."""
    named = {"key": key} if key else {}
    flow: Flow = FlowFactory(**named, priority=priority, state=Flow.State.OFF)
    return republish(flow, *triggers, **parts)


def republish(flow: Flow, *triggers: Document, **parts: Any) -> Flow:
    """Publish another version of a flow, and switch it on."""
    number = FlowVersion.objects.filter(flow=flow).count() + 1
    flow.version = FlowVersionFactory(flow=flow, number=number, definition=document(*triggers, **parts))
    flow.state = Flow.State.ON
    flow.save()
    return flow


def runs(flow: Flow, person: Profile | None = None) -> list[Run]:
    """List the runs of a flow, or those of somebody in it, in their order."""
    found = Run.objects.filter(flow=flow).order_by("id")
    return list(found.filter(profile_id=person.id) if person else found)


def settle(shop: Shop) -> None:
    """Let what the platform says be processed."""
    while accept.ingest(100, at=shop.later(seconds=1)):
        pass
