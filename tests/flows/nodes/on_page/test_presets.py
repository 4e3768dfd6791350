"""Widgets that are wanted often: each of a few settings, built of the blocks that all widgets are built of."""

from typing import Any

import pytest

from apps.flows.engine.moves import Ask, Fail, Go
from apps.flows.node import kinds
from apps.flows.testing import RUN, refused, story, visit
from tests.flows.nodes.documents import flow

LETTERS = {"id": "letters", "name": "Letters", "text": "We write.", "text_version": 2}


def shown(kind: str, settings: dict[str, Any], **known: Any) -> dict[str, Any]:
    """Return the widget that a node shows."""
    move = visit(kind, settings, **known)
    assert isinstance(move, Go), move
    [widget] = move.ux
    return dict(widget)


def blocks(kind: str, settings: dict[str, Any], **known: Any) -> Any:
    return shown(kind, settings, **known)["blocks"]


def test_a_message_disappears_by_itself() -> None:
    profile = {"traits": {"name": "<b>Ada</b>"}}

    assert shown(
        "show-message", {"text": "Thanks, {{ profile@traits.name }}!", "tone": "success"}, profile=profile
    ) == {
        **{"type": "widget", "id": f"{RUN}:n1:1", "place": "banner", "edge": "bottom", "can_be_closed": True},
        **{"tone": "success", "hides_after_secs": 6},
        "blocks": [{"kind": "text", "text": "Thanks, <b>Ada</b>!"}],
    }
    assert isinstance(visit("show-message", {"text": "{{ profile@traits.gone }}"}), Fail)


def test_whatever_is_shown_may_disappear_by_itself() -> None:
    offer = {"text": "All for less", "button": "Look", "href": "/sale"}

    assert "hides_after_secs" not in shown("show-offer", offer)
    assert shown("show-offer", {**offer, "hides_after": "90 seconds"})["hides_after_secs"] == 90
    assert refused("show-offer", {**offer, "hides_after": "2 hours"}).keys() == {"hides_after"}


def test_an_offer_leads_somewhere_and_may_be_refused() -> None:
    offer = {"text": "All for less", "button": "Look", "href": "/sale"}
    button = {"kind": "button", "text": "Look", "href": "/sale", "event_type": "promotion-clicked"}

    assert blocks("show-offer", offer) == [{"kind": "text", "text": "All for less"}, button]
    more = {"title": "Sale", "image": "https://cdn.example.com/a.png", "dismiss": "No, thanks", "name": "sale"}
    assert blocks("show-offer", {**offer, **more}) == [
        {"kind": "image", "src": "https://cdn.example.com/a.png"},
        {"kind": "heading", "text": "Sale"},
        {"kind": "text", "text": "All for less"},
        {**button, "properties": {"name": "sale"}},
        {"kind": "button", "text": "No, thanks"},
    ]


@pytest.mark.parametrize("field", ["href", "image"])
def test_an_offer_leads_to_the_web_alone(field: str) -> None:
    profile = {"traits": {"bad": "javascript:alert(1)"}}
    offer = {"button": "Look", "href": "/sale", field: "{{ profile@traits.bad }}"}

    assert isinstance(visit("show-offer", offer, profile=profile), Fail)


@pytest.mark.parametrize(("contact", "label"), [("email", "E-mail address"), ("phone", "Phone number")])
def test_an_address_is_asked_for(contact: str, label: str) -> None:
    assert blocks("ask-contact", {"text": "Where to?", "contact": contact})[1:] == [
        {
            **{"kind": "form", "event_type": "identification", "send": "Send"},
            "fields": [{"name": contact, "label": label, "input": contact, "is_required": True}],
        }
    ]


def test_a_question_has_a_button_for_each_answer() -> None:
    answers = [{"label": "Yes", "value": "self"}, {"label": "No"}]
    settings = {"text": "For you?", "answers": answers, "question": "whom", "event_type": "answered"}

    assert blocks("ask-question", settings) == [
        {"kind": "text", "text": "For you?"},
        *(
            {
                **{"kind": "button", "text": text, "event_type": "answered"},
                "properties": {"question": "whom", "answer": value},
            }
            for text, value in (("Yes", "self"), ("No", "No"))
        ),
    ]


@pytest.mark.parametrize(("scale", "least", "most"), [("stars", 1, 5), ("nps", 0, 10)])
def test_a_rating_is_a_number_of_a_scale(scale: str, least: int, most: int) -> None:
    event = {"properties": {"order_id": "o1"}}
    settings = {"text": "How was it?", "scale": scale, "rated": "event@properties.order_id"}
    block = {"kind": "rating", "least": least, "most": most, "event_type": "rating"}

    assert blocks("ask-rating", settings, event=event)[1:] == [{**block, "properties": {"id": "o1"}}]
    widget = {"blocks": [{"kind": "rating", "scale": scale, "event_type": "rating"}]}
    assert blocks("inline-widget", widget) == [block]


def test_what_has_not_been_decided_is_asked_in_its_wording() -> None:
    settings = {"place": "slot", "slot": "aside", "text": "May we?", "consents": ["letters"]}

    assert visit("ask-consents", settings) == Ask("consents", {"ids": ["letters"], "is_undecided": True})
    widget = shown("ask-consents", settings, answer=[LETTERS])
    assert (widget["place"], widget["slot"]) == ("slot", "aside")
    assert widget["blocks"][1:] == [
        {
            **{"kind": "consents", "event_type": "consent-update", "send": "Save", "agree": "Agree to all"},
            "consents": [LETTERS],
        }
    ]


def test_where_all_is_decided_nothing_is_shown() -> None:
    nodes = {"start": "start", "a": ("ask-consents", {}), "end": "end"}

    told = story(flow(nodes, "start -> a", "a -> end"), is_inline=True)

    assert (told.path, told.ux) == (["start.out", "a.out", "end."], [])
    assert visit("ask-consents", {"asked": "all"}) == Ask("consents", {"ids": [], "is_undecided": False})


def test_what_a_button_or_a_rating_tracks_may_have_properties_of_its_own() -> None:
    block = {"kind": "button", "text": "Yes", "event_type": "answered"}
    said = {**block, "properties": {"plan": "profile@traits.plan"}}

    assert blocks("inline-widget", {"blocks": [said]}, profile={"traits": {"plan": "pro"}}) == [
        {**block, "properties": {"plan": "pro"}}
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field", "message"),
    [
        ("show-message", {"text": " "}, "text", "has to be filled in"),
        ("show-message", {"text": "x", "hides_after": "1 hour"}, "hides_after", "At most"),
        ("show-offer", {"button": "x", "href": "{{ x }}"}, "href", "no reference"),
        ("show-offer", {"button": "x", "href": "/", "place": "slot"}, "slot", "has to be filled in"),
        ("ask-contact", {"text": "x", "contact": "fax"}, "contact", "Expected one of"),
        ("ask-question", {"text": "x", "answers": [], "event_type": "x"}, "answers", "2 to 5"),
        ("ask-question", {"text": "x", "answers": [{"label": "Yes"}] * 2, "event_type": "x"}, "answers", "the same"),
        ("ask-rating", {"text": "x", "scale": "school"}, "scale", "Expected one of"),
        ("ask-consents", {"text": "{{ x }}"}, "text", "no reference"),
        ("inline-widget", {"blocks": [{"kind": "rating"}]}, "blocks.0.event_type", "name its"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(kind: str, settings: Any, field: str, message: str) -> None:
    found = refused(kind, settings)

    assert message in found.get(field, ""), found


def test_a_page_may_track_the_event_that_starts_its_flow() -> None:
    """It is no echo: it comes if somebody does something."""
    assert all(kinds[kind].raised_by(None) == () for kind in ("ask-contact", "ask-rating", "show-offer"))
