"""Forms of settings: what is shown is stored, what is typed is what the dataclass reads, errors stand at fields."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django import forms
from django.http import QueryDict

from apps.core.admin.settings_form import form_fields, initial_of, read_from
from apps.core.typed_settings import (
    choice,
    duration,
    items,
    mapping,
    number,
    reference,
    secret,
    settings_of,
    template,
    text,
    texts,
    write,
    yes_no,
)
from tests.core.test_typed_settings import Sample


def typed(cls: type, values: dict[str, Any], *, prefix: str = "", kept: dict[str, str] | None = None) -> Any:
    """Fill in a form, and return (form, settings)."""
    data = QueryDict(mutable=True)
    for name, value in values.items():
        data.setlist(prefix + name, value if isinstance(value, list) else [value])
    form = type("Form", (forms.Form,), dict(form_fields(cls, prefix=prefix, kept=kept or {})))(data)
    assert isinstance(form, forms.Form)
    form.is_valid()
    return form, read_from(form, cls, prefix=prefix, kept=kept)


FILLED = {
    "host": "a.example",
    "port": 8443,
    "wait": "90 seconds",
    "auth": "basic",
    "user": "anna",
    "password": "open sesame",
    "is_on": False,
    "from": "b.example",
    "note": "Two\nlines",
    "tags": ["one", "two"],
    "headers": {"X-Tenant": "shop"},
    "body": {"deep": [1, None]},
    "only": "",
    "segment": "vip",
    "cases": [{"name": "a", "weight": 2.5}],
}


def posted(document: dict[str, Any]) -> dict[str, Any]:
    """What a browser sends of a form that shows this document."""
    sent: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, list) and name == "headers":
            sent |= {f"{name}-name": [row["name"] for row in value], f"{name}-value": [row["value"] for row in value]}
        elif value is not False:
            sent[name] = "on" if value is True else value
    return sent


@pytest.mark.parametrize("prefix", ["", "live_"])
def test_a_form_that_is_sent_as_it_is_shown_changes_nothing(prefix: str) -> None:
    shown = initial_of(Sample, FILLED, prefix=prefix)
    assert shown[f"{prefix}password"] == ""

    as_shown = {name.removeprefix(prefix): value for name, value in shown.items()}
    form, found = typed(Sample, posted(as_shown), prefix=prefix, kept={"password": "open sesame"})

    assert form.errors == {}
    assert write(found) == FILLED


def test_what_is_left_empty_is_what_nobody_said() -> None:
    form, found = typed(Sample, {"host": "a.example", "is_on": "on", "port": "", "wait": "", "auth": "", "body": " "})

    assert form.errors == {}
    assert write(found) == write(typed(Sample, {"host": "a.example", "is_on": "on"})[1])


@dataclass(frozen=True, kw_only=True)
class Odd:
    how_many: int = number("How many", default=1)
    share: float = number("Share", is_whole=False, most=1, default=0.5)
    name: str = text("Name")
    token: str = secret("Token")
    kind: str = choice("Kind", {"a": "A"}, default="a")
    rest: Any = duration("Rest")
    names: tuple[str, ...] = texts("Names", default=())
    pairs: dict[str, str] = mapping("Pairs", default={})
    body: Any = template("Body", default=None)
    to: str = reference("To", to="segment")
    is_on: bool = yes_no("On", default=False)
    all: tuple[Any, ...] = items("All", Sample, default=())


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"how_many": "many"}, "how_many", "Expected a number."),
        ({"how_many": "1.5"}, "how_many", "Expected a whole number."),
        ({"share": "1.5"}, "share", "At most 1."),
        ({"name": ""}, "name", "This field is required."),
        ({"name": "a\x01b"}, "name", "Expected one line, without tabs and control characters."),
        ({"token": ""}, "token", "This field is required."),
        ({"kind": "z"}, "kind", "Select a valid choice. z is not one of the available choices."),
        ({"rest": "soon"}, "rest", "'soon' is no length of time: write it as 15 minutes, 1h30m or 180 days."),
        ({"names": "one\ntwo\none"}, "names", "one is there twice."),
        ({"pairs-name": ["a", "a"], "pairs-value": ["1", "2"]}, "pairs", "a is there twice."),
        ({"body": "{"}, "body", "Line 1, column 2: a name in double quotes is missing, or a comma is too many."),
        ({"body": "[" * 10_000}, "body", "It is nested too deep."),
        ({"all": json.dumps([{"host": "a"}, {"port": 0}])}, "all", "1.host: This has to be filled in."),
    ],
)
def test_what_is_wrong_stands_at_its_field(wrong: dict[str, Any], field: str, message: str) -> None:
    right = {"name": "a", "token": "t", "rest": "1 hour", "to": "vip"}

    form, found = typed(Odd, {**right, **wrong})

    assert found is None
    assert form.errors[field][0] == message


def test_fields_that_are_there_beside_some_choice_say_so_to_the_page() -> None:
    fields = form_fields(Sample, prefix="live_")

    assert json.loads(fields["live_user"].widget.attrs["data-shown-while"]) == [["live_auth", ["basic"]]]
    assert "data-shown-while" not in fields["live_host"].widget.attrs


def test_what_is_saved_as_it_was_shown_has_not_changed() -> None:
    shown, made = initial_of(Sample, FILLED), form_fields(Sample)

    numbers = [each.name for each in settings_of(Sample) if each.kind.widget == "number"]
    assert numbers
    assert not [name for name in numbers if made[name].has_changed(shown[name], str(shown[name]))]


def test_a_secret_that_need_not_be_can_be_taken_away_and_no_other_one() -> None:
    document, kept = {"host": "a.example", "auth": "basic", "user": "anna"}, {"password": "open sesame"}

    form, found = typed(
        Sample, {**document, "password-taken-away": "on", "password": "typed by the browser"}, kept=kept
    )
    assert found.password == ""
    assert form.changed_data.count("password") == 1
    assert "checked" in form["password"].as_widget()
    assert typed(Sample, document, kept=kept)[1].password == "open sesame"
    assert typed(Sample, {**document, "password": "other"}, kept=kept)[1].password == "other"

    assert "taken-away" not in str(typed(Odd, {}, kept={"token": "t"})[0]["token"])
    assert "taken-away" not in str(typed(Sample, {})[0]["password"])
