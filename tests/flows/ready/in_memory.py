"""People go through ready flows in memory, and are counted by the ways that they go."""

from collections import Counter
from typing import Any

from apps.bridges.models import Connection
from apps.events.models import EventType
from apps.flows.ready.ready_flows import ReadyFlow, ready_flows
from apps.flows.testing import Story, story
from apps.segments.models import Segment
from tests.bridges.factories import ConnectionFactory
from tests.factories import ConsentTypeFactory, EventTypeFactory, SegmentFactory

HOME = "https://www.teashop.example"
GIVEN: dict[str, Any] = {"consents": {"marketing-email": {"revoke": None}}}
ANNA: dict[str, Any] = {"data": {"pii": {"firstname": "Anna"}, "contact": {"email": {"main": "anna@example.com"}}}}


def make_all_that_is_needed(ready: ReadyFlow) -> None:
    """Make what a ready flow needs, as its needs say."""
    for need in ready.needs:
        match need.what:
            case "connection":
                ConnectionFactory(name=need.name, kind=need.kind)
            case "consent":
                ConsentTypeFactory(id=need.name)
            case "segment" if need.condition:
                SegmentFactory(key=need.name, name=need.title, condition=need.condition)
            case "segment":
                SegmentFactory(key=need.name, name=need.title, kind=Segment.Kind.FLOW, condition="")
            case "event_type":
                if not EventType.objects.filter(type=need.name).exists():
                    EventTypeFactory(type=need.name)


def begun(key: str, event: str = "", **known: Any) -> Story:
    """Let Anna enter a ready flow, by an event with properties of hers if one is named; she has agreed to letters."""
    known["profile"] = {**GIVEN, **known.pop("profile", ANNA)}
    properties = known.pop("properties", {})
    if event:
        known["event"] = {"id": "begun", "type": event, "time": "2026-11-30T12:00:00+00:00", "properties": properties}
    ready = ready_flows()[key]
    for name, kind in ready.connections.items():
        if not Connection.objects.filter(name=name).exists():
            ConnectionFactory(name=name, kind=kind)
    document = ready.drafted(site=HOME, connections={})["definition"]
    return story(document, answers={"past_event": []}, **known)


def counted(*people: Story) -> dict[str, int]:
    """Count by which ports people left which nodes."""
    return dict(Counter(edge for each in people for edge in each.path if not edge.endswith(".")))


def subjects(somebody: Story) -> list[str]:
    """Return what their letters are called."""
    return [sent.request["subject"] for sent in somebody.sent if "subject" in sent.request]
