"""A kind of node of which people could not read what it is for stops the process, whoever wrote it."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.core.typed_settings import text
from apps.flows.node import Node, check, discover, kinds


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What it is told."""

    text: str = text("Text")


@dataclass(frozen=True, kw_only=True)
class Nameless:
    """What it is told, without a label."""

    text: str = text("")


WHOLE: dict[str, Any] = {
    **{"key": "acme-greet", "group": "acme", "title": "Greet", "icon": "extension", "order": 10},
    **{"Settings": Settings, "example": {"text": "Hello"}, "__doc__": "Greet the person.", "__module__": "acme.greet"},
}


def kind(**parts: Any) -> type[Node]:
    """Write a kind of node; a part that is None is not there."""
    return type("Greet", (Node,), {name: value for name, value in {**WHOLE, **parts}.items() if value is not None})


def test_all_that_are_there_have_all_and_so_may_others() -> None:
    for each in (*kinds.values(), kind()):
        check(each)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"__doc__": None}, "help, its docstring"),
        ({"__doc__": " "}, "help, its docstring"),
        ({"title": ""}, "title"),
        ({"icon": None, "order": None}, "icon, order"),
        ({"Settings": None}, "Settings"),
        ({"Settings": Nameless}, "labels of its settings: text"),
        ({"example": None}, "example"),
        ({"example": {}}, r"an example that its settings allow \(.*text"),
        ({"example": {"text": "Hello", "name": "Ada"}}, r"an example that its settings allow \(.*name"),
    ],
)
def test_one_that_lacks_something_is_refused_by_name(parts: dict[str, Any], told: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"Node acme\.greet\.Greet lacks {told}.*docs/writing-nodes\.md"):
        check(kind(**parts))


def test_no_process_starts_with_one_that_lacks_something(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds._declared, "acme-greet", replace(kinds._declared["start"], entry=kind(title="")))

    with pytest.raises(ImproperlyConfigured, match=r"Node acme\.greet\.Greet lacks title"):
        discover()
