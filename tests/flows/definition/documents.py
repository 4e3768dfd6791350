"""Definitions of small nodes, to be read, checked and compiled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from apps.core.typed_settings import condition, duration, reference, template, text
from apps.flows.engine.graph import Joining
from apps.flows.engine.moves import Go, Move, Stay
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place


class Plain(Node):
    """A node that goes on."""

    key, group, title, icon, order = "plain", "test", "Plain", "circle", 1

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """None."""

    def __init__(self, settings: Any, place: Place) -> None:
        self.settings = settings

    def run(self, step: Step) -> Move:
        return Go()


class Start(Plain):
    key = "start"


class End(Plain):
    key, is_end, ports = "end", True, ()

    def run(self, step: Step) -> Move:
        return Go("end")


class Choose(Plain):
    key, ports = "choose", ("true", "false")

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What decides."""

        condition: str = condition("Condition")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._holds = place.condition("condition", settings.condition)

    def run(self, step: Step) -> Move:
        return Go("true" if self._holds(step) else "false")


class Wait(Plain):
    key, is_wait = "wait", True

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """How long."""

        length: Any = duration("Length")

    def run(self, step: Step) -> Move:
        return Go() if step.wake else Stay(step.now + self.settings.length)


class Say(Plain):
    key, has_error_port, effects = "say", True, Effects.EXTERNAL
    needs_person: ClassVar[bool] = True

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is said."""

        words: str = text("Words")
        body: Any = template("Body", default=None)
        segment: str = reference("Segment", to="segment", default="")
        connection: str = reference("Connection", to="connection", default="")
        flow: str = reference("Flow", to="flow", default="")
        event_type: str = reference("Event type", to="event_type", default="")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._words, self._body = place.text("words", settings.words), place.value("body", settings.body)

    def run(self, step: Step) -> Move:
        return Go(memory={"said": self._words(step.scope), "body": self._body(step.scope)})


class Meet(Plain):
    key, is_join = "meet", True

    def __init__(self, settings: Any, place: Place) -> None:
        self.joining = Joining("all")


KINDS = {kind.key: kind for kind in (Start, End, Plain, Choose, Wait, Say, Meet)}


def node(id: str, kind: str = "plain", **settings: Any) -> dict[str, Any]:
    return {"id": id, "kind": kind, "settings": settings}


def edges(*texts: str) -> list[dict[str, str]]:
    """Read edges such as `a -> b`, `a.true -> b` and `a -> b = name`."""
    found = []
    for each in texts:
        ends, _, name = each.partition(" = ")
        source, _, target = ends.partition(" -> ")
        id, _, port = source.partition(".")
        found.append({"from": id, "port": port or "out", "to": target, "name": name})
    return found


def document(nodes: Sequence[dict[str, Any]] = (), ways: Sequence[str] = (), **rest: Any) -> dict[str, Any]:
    """Make a definition that starts at `s` and ends at `e`."""
    nodes = nodes or [node("p")]
    ways = ways or [f"s -> {nodes[0]['id']}", f"{nodes[-1]['id']} -> e"]
    whole = [node("s", "start"), *nodes, node("e", "end")]
    return {"triggers": [{"id": "t", "kind": "manual"}], "nodes": whole, "edges": edges(*ways)} | rest
