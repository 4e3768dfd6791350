"""A definition is read, and all that is wrong with its shape is told at once."""

from datetime import time
from typing import Any

import pytest

from apps.flows import definition
from apps.flows.definition import Problem, Problems
from apps.flows.definition.parts import DateTrigger, EventTrigger, QuietHours
from tests.flows.definition.documents import document, node


def problems_of(given: object) -> list[Problem]:
    with pytest.raises(Problems) as caught:
        definition.read(given)
    return list(caught.value.problems)


def test_what_nobody_says_is_what_is_usual() -> None:
    found = definition.read(document())

    assert [part.id for part in found.nodes] == ["s", "p", "e"]
    assert (found.nodes[0].on_error, found.nodes[0].retry.times) == ("fail", 0)
    assert str(found.edges[0]) == "s.out -> p"
    assert (found.entry.frequency, found.entry.max_live, found.entry.key) == ("every", None, "")
    assert (found.options.max_steps, found.options.max_days, found.options.trace_percent) == (1_000, 400, 1)
    assert found.quiet_hours is None


def test_all_of_it_is_read() -> None:
    found = definition.read(
        document(
            triggers=[
                {"id": "t1", "kind": "event", "event_type": "checkout-started", "max_age_secs": 60},
                {"id": "t2", "kind": "date", "field": "profile@data.pii.birthday", "offset_days": -3, "yearly": True},
            ],
            entry={"frequency": "interval", "interval_secs": 3600, "key": "event@properties.order_id"},
            consents=["newsletter"],
            exits=[{"event_type": "purchase", "match": {"properties.order_id": "event@properties.order_id"}}],
            goals=[{"id": "g", "name": "Bought", "event_type": "purchase", "within_secs": 60, "ends_run": False}],
            quiet_hours={"from": "21:00", "to": "08:00"},
            zone="Europe/Vienna",
            answers_inline=True,
        )
    )

    first, second = found.triggers
    assert isinstance(first, EventTrigger)
    assert (first.event_type, first.max_age_secs) == ("checkout-started", 60)
    assert isinstance(second, DateTrigger)
    assert (second.offset_days, second.at, second.leap) == (-3, "09:00", "feb28")
    assert (found.entry.interval_secs, found.entry.key) == (3600, "event@properties.order_id")
    assert found.options.exits[0].match == {"properties.order_id": "event@properties.order_id"}
    assert (found.options.goals[0].within_secs, found.options.goals[0].ends_run) == (60, False)
    assert isinstance(found.quiet_hours, QuietHours)
    assert found.quiet_hours.bounds == (time(21), time(8))
    assert found.options.zone == "Europe/Vienna"


@pytest.mark.parametrize(
    ("given", "place", "part"),
    [
        ([], {}, "Expected an object."),
        (document(nodez=[]), {"field": "nodez"}, "Did you mean nodes?"),
        (document(edges={}), {"field": "edges"}, "Expected a list."),
        (document(edges=[{"from": "s"}]), {"field": "edges.0.to"}, "This has to be filled in."),
        ({"nodes": ["x"]}, {"field": "nodes.0"}, "Expected an object."),
        ({"nodes": [{"kind": "plain"}]}, {"field": "nodes.0.id"}, "This has to be filled in."),
        (document([node("a b")]), {"field": "nodes.1.id"}, "letters, digits, _ or -"),
        (document([{"id": "p"}]), {"node": "p", "field": "kind"}, "This has to be filled in."),
        (document([{"id": "p", "kind": "x", "color": 1}]), {"node": "p", "field": "color"}, "There is no such key."),
        (document([]) | {"": 1}, {"field": '""'}, "There is no such key."),
        (document([node("p") | {"settings": 3}]), {"node": "p", "field": "settings"}, "Expected an object."),
        (document([node("p") | {"on_error": "stop"}]), {"node": "p", "field": "on_error"}, "fail, continue"),
        (document([node("p") | {"retry": {"times": 99}}]), {"node": "p", "field": "retry.times"}, "At most 20."),
        (document([node("p") | {"position": {"x": "1"}}]), {"node": "p", "field": "position.x"}, "Expected a number."),
        (document([node("p"), node("p")]), {"node": "p", "field": "id"}, "There are two nodes p."),
        (document(triggers=[{"id": "t", "kind": "moon"}]), {"trigger": "t", "field": "kind"}, "event, segment"),
        (document(triggers=[{"id": "t", "kind": "event"}]), {"trigger": "t", "field": "event_type"}, "filled in"),
        (
            document(triggers=[{"id": "t", "kind": "schedule", "cron": "often"}]),
            {"trigger": "t", "field": "cron"},
            "Five fields are needed",
        ),
        (
            document(triggers=[{"id": "t", "kind": "date", "field": "profile@traits.x", "at": "25:00"}]),
            {"trigger": "t", "field": "at"},
            "as 09:00 is",
        ),
        (document(entry={"key": 1}), {"field": "entry.key"}, "Expected a text."),
        (document(entry={"frequency": "interval"}), {"field": "entry.interval_secs"}, "This has to be filled in."),
        (document(exits=[{}]), {"field": "exits.0.event_type"}, "nobody would ever be in the flow"),
        (
            document(goals=[{"id": "g", "event_type": "x"}, {"id": "g", "event_type": "y"}]),
            {"field": "goals.1.id"},
            "There are two goals g.",
        ),
        (document(quiet_hours={"from": "21:00"}), {"field": "quiet_hours.to"}, "This has to be filled in."),
        (document(quiet_hours={"from": "21:00", "to": "21:00"}), {"field": "quiet_hours.to"}, "nothing would ever"),
        (document(zone="Europe/Atlantis"), {"field": "zone"}, "There is no time zone Europe/Atlantis"),
        (document(zone="../etc/passwd"), {"field": "zone"}, "There is no time zone"),
        (document(max_days=0), {"field": "max_days"}, "At least 1."),
    ],
)
def test_what_is_wrong_is_named(given: Any, place: dict[str, str], part: str) -> None:
    found = problems_of(given)

    assert part in found[0].message
    assert found[0] == Problem(found[0].message, **place)


def test_all_mistakes_are_told_at_once() -> None:
    found = problems_of(
        document(
            [{"id": "p", "on_error": "stop"}], triggers=[{"id": "t", "kind": "moon"}], zone="nowhere", max_steps=-1
        )
    )

    assert [(each.node, each.trigger, each.field) for each in found] == [
        ("p", "", "kind"),
        ("p", "", "on_error"),
        ("", "t", "kind"),
        ("", "", "zone"),
        ("", "", "max_steps"),
    ]
    assert str(found[0]) == "Node p, kind: This has to be filled in."


def test_notes_and_groups_are_read() -> None:
    found = definition.read(
        document(
            notes=[{"id": "n", "text": "**Ask** Anna.\nOr Ben.", "position": {"x": -5.5}}, {"id": "m", "color": "red"}],
            groups=[{"id": "g", "name": "The offer", "nodes": ["p", "e"]}],
        )
    )

    first, second = found.notes
    assert (first.id, first.words.text, first.words.color) == ("n", "**Ask** Anna.\nOr Ben.", "yellow")
    assert (first.position.x, first.position.y, first.size.width, first.size.height) == (-5.5, 0, 240, 120)
    assert (second.id, second.words.color) == ("m", "red")
    assert [(each.id, each.name, each.color, each.nodes) for each in found.groups] == [
        ("g", "The offer", "gray", ("p", "e"))
    ]


def test_exits_that_say_no_id_go_by_their_place() -> None:
    exits = [{"event_type": "a"}, {"id": "mine", "event_type": "b"}, {"event_type": "c"}, {"event_type": "d"}]
    found = definition.read(document(exits=[*exits, {"id": "exit-3", "event_type": "e"}]))

    assert [each.id for each in found.options.exits] == ["exit-1", "mine", "exit-3-", "exit-4", "exit-3"]


NOTE, GROUP = {"id": "n"}, {"id": "g", "nodes": ["p"]}


@pytest.mark.parametrize(
    ("given", "field", "part"),
    [
        ({"notes": {}}, "notes", "Expected a list."),
        ({"notes": ["x"]}, "notes.0", "Expected an object."),
        ({"notes": [{}]}, "notes.0.id", "filled in"),
        ({"notes": [{"id": "a b"}]}, "notes.0.id", "letters, digits"),
        ({"notes": [NOTE, NOTE]}, "notes.1.id", "There are two notes n."),
        ({"notes": [NOTE | {"text": "x" * 2_001}]}, "notes.0.text", "2,000"),
        ({"notes": [NOTE | {"color": "pink"}]}, "notes.0.color", "yellow"),
        ({"notes": [NOTE | {"size": {"width": 3}}]}, "notes.0.size.width", "At least 40."),
        ({"notes": [NOTE | {"position": {"z": 3}}]}, "notes.0.position.z", "There is no such"),
        ({"notes": [{"id": f"n{at}"} for at in range(201)]}, "notes", "At most 200"),
        ({"groups": [GROUP, GROUP | {"nodes": ["e"]}]}, "groups.1.id", "There are two groups g."),
        ({"groups": [{"id": "g"}]}, "groups.0.nodes", "filled in"),
        ({"groups": [{"id": "g", "nodes": []}]}, "groups.0.nodes", "A group has at least one node."),
        ({"groups": [GROUP | {"nodes": ["x"]}]}, "groups.0.nodes", "There is no node x."),
        (
            {"groups": [GROUP, {"id": "h", "nodes": ["e", "p"]}]},
            "groups.1.nodes",
            "The node p is in the group g already",
        ),
        ({"groups": [GROUP | {"position": {}}]}, "groups.0.position", "There is no such"),
        ({"exits": [{"id": "x", "event_type": "a"}] * 2}, "exits.1.id", "There are two exits x."),
    ],
)
def test_what_is_wrong_with_what_is_drawn_is_named(given: dict[str, Any], field: str, part: str) -> None:
    [found] = problems_of(document(**given))

    assert (found.field, found.node) == (field, "")
    assert part in found.message
