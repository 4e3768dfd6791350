"""What a node compiles of its settings: which of them are conditions, templates, names of connections.

Nothing says so but the node itself, as it is made; so each kind is made, of its example and of what else its settings
may hold, in a place that takes notes.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final
from uuid import UUID

from apps.core.typed_settings import SettingsError, read, settings_of
from apps.core.typed_settings.items import Items
from apps.core.typed_settings.setting import Setting
from apps.core.typed_settings.value_kinds import Choice, JsonTemplate, Kind, Text, TextMapping
from apps.flows.definition.connections import NOBODY
from apps.flows.engine.step import Step
from apps.flows.node import Node, Scope

TEXT: Final = "text"  # a text with {{ }}
VALUE: Final = "value"  # a reference, or JSON whose texts are some
_NUMBER: Final = re.compile(r"\.\d+(?=\.|$)")


@dataclass(slots=True)
class Compiled:
    """What was compiled, by setting; those of an object in a list are cases.condition."""

    fills: dict[str, str] = field(default_factory=dict)
    connections: dict[str, str] = field(default_factory=dict)  # the kind that it has to be of
    is_join: bool = False


@cache
def compiled_by(kind: type[Node]) -> Compiled:
    """Return what nodes of a kind compile."""
    place = _Noting()
    for document in _documents(kind):
        try:
            settings = read(kind.Settings, document)
        except SettingsError:
            continue
        place.found.is_join |= kind(settings, place).joining is not None
    of_items = {each.name for each in settings_of(kind.Settings) if isinstance(each.kind, Items)}
    for path in list(place.found.fills):
        first = path.partition(".")[0]
        if first not in of_items:  # an entry of an object: the setting is the object
            place.found.fills.setdefault(first, place.found.fills.pop(path))
    return place.found


def _documents(kind: type[Node]) -> Iterator[Mapping[str, Any]]:
    """Yield the example, and the same with each setting as it may be besides."""
    yield kind.example
    settings = settings_of(kind.Settings)
    for setting in settings:
        there = {setting.when[0].removesuffix("_"): setting.when[1]} if setting.when else {}
        for each in _values(setting.kind):
            found = {**kind.example, **there, setting.name: each}
            yield {
                other.name: found[other.name]
                for other in settings
                if other.name in found and (not other.when or _said(settings, found, other.when[0]) in other.when[1:])
            }


def _said(settings: Sequence[Setting], document: Mapping[str, Any], attribute: str) -> Any:
    of = next(each for each in settings if each.attribute == attribute)
    return document.get(of.name, of.default)


def _values(kind: Kind) -> tuple[Any, ...]:
    match kind:
        case Choice():
            return tuple(kind.choices)
        case JsonTemplate():
            return ({"a": "b"}, "b")
        case TextMapping():
            return ({"a": "b"},)
        case Text():
            return ("b", "profile@traits.b")
    return ()


class _Noting:
    """A place that compiles nothing, and notes what is asked of it."""

    flow, node, zone, is_stored = "flow", "node", "UTC", True

    def __init__(self) -> None:
        self.found = Compiled()

    def text(self, field: str, template: str, *, channel: str = "text") -> Callable[[Scope], str]:
        self._note(field, TEXT)
        return lambda _scope: ""

    def value(self, field: str, template: Any) -> Callable[[Scope], Any]:
        self._note(field, VALUE)
        return lambda _scope: None

    def condition(self, field: str, text: str) -> Callable[[Step], bool | None]:
        return lambda _step: None

    def counted(self, field: str, text: str) -> Callable[[Step], Any]:
        return lambda _step: None

    def connection(self, field: str, name: str, *, kind: str) -> UUID:
        self.found.connections[field] = kind
        return NOBODY

    def address(self, field: str, origin: str) -> UUID:
        return NOBODY

    def refuse(self, field: str, message: str) -> None:
        pass

    def warn(self, field: str, message: str) -> None:
        pass

    def _note(self, path: str, how: str) -> None:
        self.found.fills.setdefault(_NUMBER.sub("", path), how)
