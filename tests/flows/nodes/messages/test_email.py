"""Mails to people: what they say, whether they may be sent, and what becomes of them."""

from datetime import timedelta
from typing import Any

import pytest

from apps.flows.engine.moves import Ask, Delivered, Fail, Go, Skipped, Stay
from apps.flows.models import Run
from apps.flows.nodes.messages.plain_text import plain_text
from apps.flows.testing import NOON, refused, story, visit
from tests.bridges.factories import ConnectionFactory
from tests.flows.nodes.documents import flow

pytestmark = pytest.mark.django_db
MAIL = {
    "connection": "Shop mail",
    "subject": "Your  cart, {{ profile@data.pii.firstname | default('friend') }}",
    "html": "<p>Hi {{ profile@data.pii.firstname }}</p><a href='https://shop.example.com/cart'>Your cart</a>",
}
ANNA: dict[str, Any] = {
    "profile": {
        "id": "p1",
        "data": {"contact": {"email": {"main": "anna@example.com"}}, "pii": {"firstname": "Anna <b>"}},
    }
}


@pytest.fixture(autouse=True)
def _mail() -> None:
    ConnectionFactory(name="Shop mail", kind="smtp")


def mail(settings: dict[str, Any] | None = None, **known: Any) -> dict[str, Any]:
    move = visit("email", {**MAIL, **(settings or {})}, answer={}, **{**ANNA, **known})
    assert isinstance(move, Stay), move
    assert move.sent
    assert move.sent.channel == "email"
    return dict(move.sent.request)


def test_a_mail_says_what_its_templates_say_escaped_in_html_and_as_a_text() -> None:
    assert mail() == {
        "to": "anna@example.com",
        "subject": "Your cart, Anna <b>",
        "html": "<p>Hi Anna &lt;b&gt;</p><a href='https://shop.example.com/cart'>Your cart</a>",
        "text": "Hi Anna <b>\n\nYour cart (https://shop.example.com/cart)",
    }
    assert mail({"text": "Hello {{ profile@id }}"})["text"] == "Hello p1"


def test_mail_programs_can_unsubscribe_with_one_click() -> None:
    headers = mail({"unsubscribe": "https://shop.example.com/leave?id={{ profile@id }}"})["headers"]

    assert headers == {
        "List-Unsubscribe": "<https://shop.example.com/leave?id=p1>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_it_asks_whether_it_may_be_sent_now() -> None:
    assert isinstance(visit("email", MAIL, **ANNA), Ask)
    assert visit("email", MAIL, answer={"capped_by": "x"}, **ANNA) == Go("capped")
    quiet = visit("email", MAIL, answer={"quiet_secs": 3_600}, **ANNA)
    assert quiet == Stay(until=NOON + timedelta(hours=1), kept="quiet-hours")


def test_whoever_waits_for_quiet_hours_gets_it_after_them_and_once() -> None:
    nodes = {"start": "start", "mail": ("email", MAIL), "end": "end"}
    answers = iter([{"quiet_secs": 60}, {}])
    told = story(
        flow(nodes, "start -> mail", "mail -> end"),
        profile={"data": ANNA["profile"]["data"]},
        answers={"contact": lambda _about: next(answers)},
    )
    assert told.sent == []
    told.later(minutes=2)
    assert len(told.sent) == 1
    told.ends()

    assert told.path == ["start.out", "mail.out", "end."]
    assert len(told.sent) == 1


@pytest.mark.parametrize(
    ("wake", "move"),
    [
        (Delivered("delivered", None), Go()),
        (Delivered("refused", None, "No such mailbox."), Go("refused", payload={"error": "No such mailbox."})),
        (Delivered("expired", None, "It took 72 hours."), Fail("It took 72 hours.")),
    ],
)
def test_people_go_on_as_the_mail_went(wake: Delivered, move: Any) -> None:
    assert visit("email", MAIL, wake=wake, kept="sent", **ANNA) == move


def test_a_run_that_ends_as_a_mail_is_refused_says_what_the_mail_server_said() -> None:
    nodes = {"start": "start", "mail": ("email", MAIL), "other": "end"}
    told = story(flow(nodes, "start -> mail", "mail -> other"), profile={"data": ANNA["profile"]["data"]})

    told.ends("refused", error="550 No such mailbox.")

    assert told.status == Run.Status.FINISHED
    assert told.reason == "It ended at mail, by refused: 550 No such mailbox."


def test_whoever_is_skipped_while_it_is_sent_goes_on_as_if_its_tries_were_over() -> None:
    skipped = visit("email", MAIL, wake=Skipped(), kept="sent", **ANNA)

    assert skipped == Fail("Somebody let them go on before it was known how it went.", is_given_up=True)


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("profile@data.contact.email.private", "Nobody knows an address"),
        ("{{ profile@id }}", "to is an e-mail address"),
    ],
)
def test_a_mail_to_nobody_fails_and_does_not_count(to: str, reason: str) -> None:
    failed = visit("email", {**MAIL, "to": to}, **ANNA)

    assert isinstance(failed, Fail)
    assert reason in failed.reason


@pytest.mark.parametrize(
    ("settings", "field", "message"),
    [
        ({"connection": "Shop"}, "connection", "Did you mean Shop mail?"),
        ({"html": " "}, "html", "A mail says something"),
        ({"html": "{% for x in event@properties.items %}"}, "html", "endfor"),
        ({"subject": "{{ profile@data.pii.name }}"}, "subject", "There is no field profile@data.pii.name"),
        ({"unsubscribe": "http://a.example.com"}, "unsubscribe", "begin with https://"),
        ({"unsubscribe": "https://{{ profile@id }}.example.com"}, "unsubscribe", "the host, written out"),
        ({"to": "profile@data.contact.mail.main"}, "to", "Did you mean profile@data.contact.email.main?"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(settings: dict[str, Any], field: str, message: str) -> None:
    found = refused("email", {**MAIL, **settings})

    assert message in found.get(field, ""), found


def test_html_is_read_as_a_text() -> None:
    html = """<html><head><title>T</title><style>p {}</style></head><body><h1>News &amp; more</h1>
    <p>Hello<br>there</p><ul><li>One</li><li>Two <b>bold</b></li></ul><img src="x" alt="A cat">
    <table><tr><td>a</td><td>b</td></tr></table><a href="mailto:x@y.z">write</a></body></html>"""

    assert plain_text(html) == "News & more\n\nHello\nthere\n\n- One\n- Two bold\n\nA cat\n\na b\n\nwrite"
