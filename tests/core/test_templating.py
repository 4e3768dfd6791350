"""Templates are filled with what an event has, and say what is wrong with them before that."""

from typing import Any

import pytest

from apps.core.templating import MAX_DEPTH, TemplateError, compile

ROOTS = ("event", "session")
SCOPE = {
    "event": {
        "type": "order-completed",
        "properties": {
            "name": "Anna",
            "total": 12.5,
            "count": 0,
            "gift": False,
            "note": " ",
            "tags": [],
            "items": [{"sku": "a"}, {"sku": "b"}],
            "dotted.key": "yes",
            "nothing": None,
        },
    },
    "session": {"id": "s-1"},
}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("event@type", "order-completed"),
        (" event@type ", "order-completed"),
        ("event@properties.total", 12.5),
        ("event@properties.items.1.sku", "b"),
        ("event@properties.items", [{"sku": "a"}, {"sku": "b"}]),
        ("event@properties.dotted\\.key", "yes"),
        ("event@properties.unknown", None),
        ("event@properties.name.first", None),
        ("session@", {"id": "s-1"}),
        ("plain", "plain"),
        ("info@shop.example", "info@shop.example"),
        ("", ""),
        (5, 5),
        (True, True),
        (None, None),
        ("Hello {{event@properties.name}}!", "Hello Anna!"),
        ("{{ event@properties.count }}/{{event@properties.unknown}}", "0/"),
        ("{{event@properties.gift}}", "false"),
        ("{{event@properties.items}}", '[{"sku": "a"}, {"sku": "b"}]'),
        (["event@type", 1, ["session@id"]], ["order-completed", 1, ["s-1"]]),
        ({"who": {"name": "event@properties.name"}}, {"who": {"name": "Anna"}}),
        ({"a": "event@properties.unknown"}, {"a": None}),
        ({"a?": "event@properties.unknown"}, {}),
        ({"a?": "event@properties.nothing"}, {}),
        ({"a?": "event@properties.note"}, {}),
        ({"a?": "event@properties.tags"}, {}),
        ({"a?": "event@properties.count"}, {"a": 0}),
        ({"a?": "event@properties.gift"}, {"a": False}),
        ({"who?": {"name?": "event@properties.unknown"}}, {}),
        ({"who?": {"name?": "event@properties.name", "age?": "event@properties.age"}}, {"who": {"name": "Anna"}}),
        ({}, {}),
    ],
)
def test_a_template_is_filled(template: Any, filled: Any) -> None:
    found = compile(template, roots=ROOTS)(SCOPE)

    assert (found, type(found)) == (filled, type(filled))


@pytest.mark.parametrize(
    ("template", "path", "message"),
    [
        ("profile@data.pii", "reshape", "profile@ is not known here; known are event@, session@."),
        ({"a": {"b": ["x", "payload@x"]}}, "reshape.a.b.1", "payload@ is not known here"),
        ({"a?": "memory@x"}, "reshape.a", "memory@"),
        ({"a": "event@properties..x"}, "reshape.a", "is not a dotted path"),
        ({"a": "Hello {{name}}"}, "reshape.a", "'name' is no reference"),
        ({"a": 1, "a?": 2}, "reshape.a?", "twice"),
        ({"?": 1}, "reshape.?", "empty"),
    ],
)
def test_a_wrong_template_names_the_place(template: Any, path: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        compile(template, roots=ROOTS, at="reshape")

    assert caught.value.path == path
    assert message in caught.value.message


def test_a_template_may_not_be_nested_without_end() -> None:
    template: Any = "event@type"
    for _ in range(MAX_DEPTH + 2):
        template = {"a": template}

    with pytest.raises(TemplateError, match="nested deeper"):
        compile(template, roots=ROOTS)


def test_what_is_filled_in_is_the_value_itself() -> None:
    """A template is filled for each event: copies would cost more than everything else."""
    assert compile({"all": "event@properties"}, roots=ROOTS)(SCOPE)["all"] is SCOPE["event"]["properties"]
