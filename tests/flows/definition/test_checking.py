"""A definition is checked with all that it refers to; what is wrong is told at once, with its place."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.conditions import once
from apps.flows import definition
from apps.flows.definition import Problem
from apps.flows.models import Flow, FlowVersion
from apps.segments.models import Segment
from tests.bridges.factories import ConnectionFactory
from tests.factories import NOON, ConsentTypeFactory, EventTypeFactory, SegmentFactory
from tests.flows.definition.documents import KINDS, document, node

pytestmark = pytest.mark.django_db


def check(given: object, flow: Flow | None = None) -> list[Problem]:
    return definition.check(given, flow, kinds=KINDS)


def mistakes(given: object, flow: Flow | None = None) -> list[Problem]:
    return [each for each in check(given, flow) if not each.is_warning]


def say(id: str = "p", **settings: Any) -> dict[str, Any]:
    return node(id, "say", **{"words": "Hello", **settings})


def published(key: str, *calls: str, raises: str = "") -> Flow:
    flow = Flow.objects.create(key=key, name=key.title())
    nodes = [say(f"n{at}", flow=called) for at, called in enumerate(calls)]
    nodes += [say("r", event_type=raises)] if raises else []
    version = FlowVersion.objects.create(
        flow=flow, number=1, definition=document(nodes) if nodes else document(), published_at=NOON, published_by="anna"
    )
    flow.version = version
    flow.save()
    return flow


def test_what_there_is_is_read_once_however_much_is_referred_to() -> None:
    def n_statements(n_nodes: int) -> int:
        nodes = [node(f"c{at}", "choose", condition=f"profile@traits.x = {at}") for at in range(n_nodes)]
        with CaptureQueriesContext(connection) as statements:
            check(document(nodes))
        return len(statements)

    n_statements(1)  # some of it is remembered from then on
    assert n_statements(1) == n_statements(20)


def test_nothing_is_wrong_with_a_flow_that_is_well() -> None:
    EventTypeFactory(type="carted")
    EventTypeFactory(type="purchase")
    ConsentTypeFactory(id="newsletter")
    whole = document(
        [
            node("c", "choose", condition='event@properties.total > 5 AND profile@traits.plan = "pro"'),
            node("w", "wait", length="1 hour"),
            say("p", words="Hello {{ profile@data.pii.firstname | default('friend') }}", body={"a": "payload@b"}),
        ],
        ["s -> c", "c.true -> w", "c.false -> e", "w -> p", "p -> e"],
        triggers=[
            {"id": "t", "kind": "event", "event_type": "checkout-started", "condition": "event@properties.x = 1"}
        ],
        entry={"key": "event@properties.order_id"},
        consents=["newsletter"],
        exits=[{"event_type": "purchase", "match": {"properties.order_id": "event@properties.order_id"}}],
        goals=[{"id": "g", "event_type": "purchase", "within_secs": 3600}],
    )

    assert mistakes(whole) == []


@pytest.mark.parametrize(
    ("given", "place", "part"),
    [
        (
            document([node("p", "plian")]),
            {"node": "p", "field": "kind"},
            "There is no kind of node plian. Did you mean plain?",
        ),
        (document([node("p", "plain", x=1)]), {"node": "p", "field": "settings.x"}, "There is no such setting."),
        (document([node("p", "wait", length="soon")]), {"node": "p", "field": "settings.length"}, "soon"),
        (document([say(words="{{ profile@traits.x")]), {"node": "p", "field": "settings.words"}, ""),
        (document([say(words="{{ profile@nmae }}")]), {"node": "p", "field": "settings.words"}, "profile@name"),
        (document([say(body={"a": "profile@nmae"})]), {"node": "p", "field": "settings.body"}, "profile@name"),
        (
            document([say(segment="vpi")]),
            {"node": "p", "field": "settings.segment"},
            "There is no segment vpi. Did you mean vip?",
        ),
        (
            document([say(connection="Shop")]),
            {"node": "p", "field": "settings.connection"},
            "There is no connection Shop. Add it under Connections.",
        ),
        (document([say(flow="gone")]), {"node": "p", "field": "settings.flow"}, "There is no flow gone."),
        (
            document([say(event_type="Order Completed")]),
            {"node": "p", "field": "settings.event_type"},
            "order-completed",
        ),
        (
            document(triggers=[{"id": "t", "kind": "segment", "segment": "vpi"}]),
            {"trigger": "t", "field": "segment"},
            "There is no segment vpi.",
        ),
        (
            document(triggers=[{"id": "t", "kind": "consent", "consent": "moon"}]),
            {"trigger": "t", "field": "consent"},
            "There is no consent type moon.",
        ),
        (
            document(triggers=[{"id": "t", "kind": "event", "event_type": "x", "condition": "payload@x = 1"}]),
            {"trigger": "t", "field": "condition"},
            "Nothing is known of payload@x here.",
        ),
        (
            document(triggers=[{"id": "t", "kind": "event", "event_type": "x", "condition": 'DID("purchase")'}]),
            {"trigger": "t", "field": "condition"},
            "Past events are not at hand here",
        ),
        (
            document(triggers=[{"id": "t", "kind": "field", "field": "event@x"}]),
            {"trigger": "t", "field": "field"},
            "Expected a field of the person",
        ),
        (
            document(triggers=[{"id": "t", "kind": "date", "field": "profile@data.pii.brithday"}]),
            {"trigger": "t", "field": "field"},
            "profile@data.pii.birthday",
        ),
        (document(consents=["moon"]), {"field": "consents.0"}, "There is no consent type moon."),
        (document(entry={"key": "{{ event@"}), {"field": "entry.key"}, ""),
        (
            document(exits=[{"event_type": "x", "match": {"properties.a": "profile@nmae"}}]),
            {"field": "exits.0.match.properties.a"},
            "profile@name",
        ),
        (
            document(exits=[{"event_type": "x", "match": {"a..b": "event@properties.a"}}]),
            {"field": "exits.0.match"},
            "'a..b' is not a dotted path.",
        ),
        (
            document(goals=[{"id": "g", "event_type": "x", "match": {"a..b": "event@properties.a"}}]),
            {"field": "goals.0.match"},
            "'a..b' is not a dotted path.",
        ),
        (
            document(goals=[{"id": "g", "condition": "profile@nmae = 1"}]),
            {"field": "goals.0.condition"},
            "profile@name",
        ),
        (
            document([say()], triggers=[{"id": "t", "kind": "webhook", "event_type": "x"}]),
            {"node": "p"},
            "It needs a person, and the trigger t starts the flow for nobody.",
        ),
        (
            document([say(event_type="x")], triggers=[{"id": "t", "kind": "event", "event_type": "x"}]),
            {"node": "p", "field": "settings.event_type"},
            "The event x starts this flow (trigger t)",
        ),
    ],
)
def test_what_is_wrong_is_named(given: Any, place: dict[str, str], part: str) -> None:
    SegmentFactory(key="vip", kind=Segment.Kind.FLOW)
    found = mistakes(given)

    assert [replace(each, message="") for each in found] == [Problem("", **place)]
    assert part in found[0].message


def test_an_event_type_that_nobody_knows_may_come_and_is_doubted() -> None:
    found = check(document(triggers=[{"id": "t", "kind": "event", "event_type": "checkout-startd"}]))

    assert [(each.trigger, each.field, each.is_warning) for each in found] == [("t", "event_type", True)]
    assert "Did you mean checkout-started?" in found[0].message


def test_what_is_named_is_found() -> None:
    ConnectionFactory(name="Shop")
    SegmentFactory(key="vip", kind=Segment.Kind.FLOW)
    ConsentTypeFactory(id="newsletter")
    published("other")

    assert mistakes(document([say(segment="vip", connection="Shop", flow="other")], consents=["newsletter"])) == []


def test_flows_that_call_each_other_in_a_circle_are_refused() -> None:
    published("b", "c")
    published("c", "a")
    flow = Flow.objects.create(key="a", name="A")
    itself = mistakes(document([say(flow="a")]), flow)
    found = mistakes(document([say(flow="b")]), flow)

    assert [each.message for each in itself] == ["Flows would call each other without end: a > a."]
    assert found == [
        Problem("Flows would call each other without end: a > b > c > a.", node="p", field="settings.flow")
    ]


def test_a_flow_that_is_started_by_what_those_that_it_calls_raise_is_refused() -> None:
    published("b", "c", "d")
    published("c", "b")
    published("d", raises="x")
    calling, other = document([say(flow="b")]), document([say(flow="c", event_type="y")])
    triggers = [{"id": "t", "kind": "event", "event_type": "x"}]

    said = "The flow d raises the event x, which starts this flow (trigger t): it would go on without end."
    assert mistakes({**calling, "triggers": triggers}) == [Problem(said, node="p", field="settings.flow")]
    assert mistakes({**other, "triggers": triggers}) == [Problem(said, node="p", field="settings.flow")]
    assert mistakes({**calling, "triggers": [{**triggers[0], "event_type": "y"}]}) == []


def test_a_flow_that_was_never_published_is_doubted() -> None:
    Flow.objects.create(key="draft", name="Draft")
    found = [each for each in check(document([say(flow="draft")])) if each.field == "settings.flow"]

    assert [(each.is_warning, each.message) for each in found] == [
        (True, "The flow draft was never published: nobody can enter it.")
    ]


def test_all_mistakes_of_all_kinds_are_told_at_once() -> None:
    found = mistakes(
        document(
            [node("p", "plian"), say("q", words="{{ x }}", segment="moon"), {"id": "r", "kind": 3}],
            ["s -> p", "p -> q", "q.sideways -> e", "q -> nowhere"],
            triggers=[{"id": "t", "kind": "segment", "segment": "moon"}],
            zone="Europe/Atlantis",
        )
    )

    places = {(each.node, each.edge, each.trigger, each.field) for each in found}
    assert places >= {
        *{("p", "", "", "kind"), ("q", "", "", "settings.words"), ("q", "", "", "settings.segment")},
        *{("r", "", "", "kind"), ("", "q.sideways -> e", "", "port"), ("", "q.out -> nowhere", "", "to")},
        *{("", "", "t", "segment"), ("", "", "", "zone")},
    }


@pytest.mark.parametrize("given", [None, 3, "x", [], {}, {"nodes": None}, {"nodes": [[]], "edges": [3]}])
def test_nothing_that_somebody_writes_makes_it_raise(given: Any) -> None:
    assert mistakes(given)


def test_the_number_of_statements_does_not_grow(django_assert_max_num_queries: Any) -> None:
    for n in range(5):
        published(f"flow-{n}", "other")
    whole = document([say(f"n{n}", segment=f"s{n}") for n in range(30)], ["s -> n0"])

    with django_assert_max_num_queries(15):
        check(whole)


def test_of_many_words_that_name_nothing_the_first_are_told_what_was_meant() -> None:
    SegmentFactory(key="customers")
    said = [say(f"n{at}", segment="customrs") for at in range(30)]
    ways = ["s -> n0", *(f"n{at} -> n{at + 1}" for at in range(29)), "n29 -> e"]

    found = [each.message for each in mistakes(document(said, ways))]

    assert found == [
        *["There is no segment customrs. Did you mean customers?"] * 20,
        *["There is no segment customrs. Add it under Segments."] * 10,
    ]


def test_a_condition_may_ask_for_a_consent() -> None:
    ConsentTypeFactory(id="marketing-email")

    found = {
        name: [str(each) for each in check(document([node("c", "choose", condition=f'CONSENTED("{name}")')]))]
        for name in ("marketing-email", "marketing-emial")
    }

    assert not any("marketing-email" in each for each in found["marketing-email"])
    [doubt] = (each for each in found["marketing-emial"] if "marketing-emial" in each)
    assert "There is no field" not in doubt


def test_a_condition_is_parsed_once_however_often_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    monkeypatch.setattr(once.Kept, "may", lambda _kept, text: not parsed.append(text))  # type: ignore[func-returns-value]
    asks = {"kind": "condition", "settings": {"condition": "memory@n > 1"}}
    nodes = [{"id": "start", "kind": "start"}, *({"id": f"asks-{n}", **asks} for n in range(3))]

    definition.check({"nodes": nodes, "edges": []})

    assert parsed == ["memory@n > 1"]


def test_conditions_together_have_an_end() -> None:
    long = [f"memory@n = {n} OR " * 500 + "memory@n = 1" for n in range(60)]
    asking = [{"id": f"asks-{n}", "kind": "condition", "settings": {"condition": text}} for n, text in enumerate(long)]

    found = definition.check({"nodes": [{"id": "start", "kind": "start"}, *asking], "edges": []})

    refused = [each for each in found if "All conditions together have at most 100,000" in each.message]
    assert refused[-1].node == "asks-59"
    assert 40 < len(refused) < 60
