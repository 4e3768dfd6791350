"""What whoever tracks gets: data, and widgets that have no markup."""

from typing import Any
from uuid import UUID

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.testing import refused, story, visit
from tests.flows.nodes.documents import flow

ANNA: dict[str, Any] = {"profile": {"traits": {"plan": "pro", "name": "<b>Anna</b>", "bad": "javascript:alert(1)"}}}
FORM: dict[str, Any] = {"kind": "form", "fields": [{"name": "a", "label": "A"}]}
TWICE = {**FORM, "event_type": "x", "fields": FORM["fields"] * 2}
TAKEN = {**FORM, "event_type": "x", "fields": [{"name": "widget", "label": "A"}]}
WIDGET: dict[str, Any] = {
    "place": "banner",
    "blocks": [
        {"kind": "heading", "text": "Hi {{ profile@traits.name }}"},
        {"kind": "image", "src": "https://cdn.example.com/{{ profile@traits.plan }}.png", "alt": "Plan"},
        {"kind": "button", "text": "Look", "href": "/plans", "event_type": "plans-looked-at"},
        {
            "kind": "form",
            "event_type": "newsletter-wanted",
            "fields": [
                {"name": "email", "label": "E-mail", "input": "email"},
                {
                    "name": "topic",
                    "label": "Topic",
                    "input": "choice",
                    "choices": ["a", "b"],
                    "is_required": False,
                },
            ],
        },
    ],
}


BROKEN = "{{ profile@traits.name | date }}"  # no date


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("inline-response", {"response": {"on": BROKEN}}),
        ("inline-widget", {"blocks": [{"kind": "text", "text": BROKEN}]}),
        ("wait-for-event", {"awaits": "purchase", "match": {"properties.order": BROKEN}, "time_out": "1 day"}),
    ],
)
def test_what_cannot_be_filled_in_leads_to_the_port_for_errors(kind: str, settings: dict[str, Any]) -> None:
    nodes = {"start": "start", "a": (kind, settings), "end": "end", "sorry": "end"}

    told = story(flow(nodes, "start -> a", "a -> end", "a.error -> sorry"), profile=ANNA["profile"], is_inline=True)

    assert told.path == ["start.out", "a.error", "sorry."]


def test_data_are_answered_and_later_ones_add_to_them() -> None:
    nodes = {
        "start": "start",
        "a": ("inline-response", {"response": {"variant": "b", "plan": "profile@traits.plan"}}),
        "b": ("inline-response", {"response": {"variant": "c", "n": 1}}),
        "end": "end",
    }
    told = story(flow(nodes, "start -> a", "a -> b", "b -> end"), profile={"traits": {"plan": "pro"}}, is_inline=True)

    assert told.response == {"variant": "c", "plan": "pro", "n": 1}


def test_a_widget_is_described_by_its_parts_and_what_values_say_is_text() -> None:
    move = visit("inline-widget", WIDGET, **ANNA)

    assert isinstance(move, Go)
    assert move.ux == (
        {
            "type": "widget",
            "id": f"{UUID(int=1)}:n1:1",
            "place": "banner",
            "edge": "bottom",
            "can_be_closed": True,
            "blocks": [
                {"kind": "heading", "text": "Hi <b>Anna</b>"},
                {"kind": "image", "src": "https://cdn.example.com/pro.png", "alt": "Plan"},
                {"kind": "button", "text": "Look", "href": "/plans", "event_type": "plans-looked-at"},
                {
                    "kind": "form",
                    "event_type": "newsletter-wanted",
                    "fields": [
                        {"name": "email", "label": "E-mail", "input": "email", "is_required": True},
                        {
                            "name": "topic",
                            "label": "Topic",
                            "input": "choice",
                            "is_required": False,
                            "choices": ["a", "b"],
                        },
                    ],
                    "send": "Send",
                },
            ],
        },
    )


@pytest.mark.parametrize(
    "address",
    [
        "{{ profile@traits.bad }}",
        "//evil.example.com",
        "/\\evil.example.com",
        "data:text/html,x",
        "java\tscript:x",
        "x",
    ],
)
def test_an_address_in_a_widget_leads_to_the_web_alone(address: str) -> None:
    for block in ({"kind": "button", "text": "x", "href": address}, {"kind": "image", "src": address}):
        try:
            failed = visit("inline-widget", {"blocks": [block]}, **ANNA)
        except ValueError:
            continue  # it was refused by what its settings are
        assert isinstance(failed, Fail)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field", "message"),
    [
        ("inline-response", {"response": ["a"]}, "response", "Expected an object"),
        ("inline-response", {"response": {"a": "{{ x }}"}}, "response.a", "no reference"),
        ("inline-widget", {"blocks": []}, "blocks", "1 to 30"),
        ("inline-widget", {"blocks": [{"kind": "video"}]}, "blocks.0.kind", "Expected one of"),
        ("inline-widget", {"blocks": [{"kind": "text"}]}, "blocks.0.text", "has to be filled in"),
        ("inline-widget", {"blocks": [{"kind": "text", "text": "{{ x }}"}]}, "blocks.0.text", "no reference"),
        ("inline-widget", {"blocks": [{"kind": "button", "text": "x"}]}, "blocks.0.href", "leads somewhere"),
        ("inline-widget", {"blocks": [FORM]}, "blocks.0.event_type", "name its"),
        ("inline-widget", {"blocks": [TWICE]}, "blocks.0.fields", "one name"),
        ("inline-widget", {"blocks": [TAKEN]}, "blocks.0.fields.0.name", "is not widget"),
        ("inline-widget", {"place": "slot", "blocks": WIDGET["blocks"]}, "slot", "has to be filled in"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_when_it_is_saved(kind: str, settings: Any, field: str, message: str) -> None:
    found = refused(kind, settings)

    assert message in found.get(field, ""), found
