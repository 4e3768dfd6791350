"""What the steps of a definition do, in words: a line for each node, with what matters most of its settings.

As words.py it reads documents that may have mistakes, and never fails.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from apps.core.typed_settings.setting import settings_of
from apps.core.typed_settings.value_kinds import Choice, Kind, TextMapping
from apps.flows.describing import words
from apps.flows.node import kinds

N_TOLD: Final = 2  # settings of a node: those that it asks for first
_START: Final = "start"
_EDGES: Final = frozenset({_START, "end"})  # kinds of which nothing is to be told
_NAMES: Final = ("port", "name", "label", "field", "text")  # by which an item of a list goes


def steps(document: Any) -> list[str]:
    """Say what each node does, in the order in which the definition has them."""
    return [step(each) for each in _nodes(document) if each.get("kind") not in _EDGES]


def summaries(document: Any) -> dict[str, str]:
    """Return how each node is set, by its id, in as few words as stand on a drawing; empty where nothing is told.

    Of the start it is by what people enter.
    """
    found = {str(each.get("id")): each for each in _nodes(document) if str(each.get("kind")) in kinds}
    told = {id: "; ".join(_settings(each)) for id, each in found.items()}
    entered = " ".join(words.triggers(document))
    return told | {id: entered for id, each in found.items() if each["kind"] == _START}


def step(node: Mapping[str, Any]) -> str:
    """Say what a node is, what it is called, and how it is set."""
    kind = kinds.get(str(node.get("kind")))
    title = kind.title if kind else f"{node.get('kind')}, which there is not"
    name = f" {words.value(node['name'])}" if node.get("name") else ""
    if node.get("is_disabled"):
        return f"{title}{name}: disabled, people pass it."
    told = "; ".join(_settings(node)) if kind else ""
    said = f"{title}{name}: {told}" if told else f"{title}{name}"
    return said if said.endswith("…") else f"{said}."


def _nodes(document: Any) -> list[Mapping[str, Any]]:
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    return [each for each in nodes if isinstance(each, Mapping)] if isinstance(nodes, list) else []


def _settings(node: Mapping[str, Any]) -> Iterator[str]:
    said = node.get("settings")
    said = said if isinstance(said, Mapping) else {}
    filled = [each for each in settings_of(kinds[str(node["kind"])].Settings) if said.get(each.name)]
    for each in filled[:N_TOLD]:
        yield f"{each.label.lower()} {_value(each.kind, said[each.name])}"


def _value(kind: Kind, found: Any) -> str:
    if isinstance(found, list):
        return words.shortened(", ".join(map(_item, found)))
    if isinstance(kind, Choice) and isinstance(found, str):
        return words.value(kind.choices.get(found, found))
    if isinstance(kind, TextMapping) and isinstance(found, Mapping):
        return words.shortened(", ".join(map(str, found)))
    return words.value(found)


def _item(found: Any) -> str:
    if isinstance(found, Mapping):
        return next((str(found[name]) for name in _NAMES if found.get(name)), words.value(found))
    return str(found)
