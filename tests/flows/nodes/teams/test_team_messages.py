"""Messages to teams: what they say, escaped as each chat needs it, and whether people wait."""

from typing import Any

import pytest

from apps.flows.engine.moves import Delivered, Fail, Go, Skipped, Stay
from apps.flows.testing import refused, visit
from tests.bridges.factories import ConnectionFactory

pytestmark = pytest.mark.django_db
CHATS = ("slack", "discord", "telegram", "matrix")
NASTY = "<!channel> & [x](https://evil.example/a_b) *b* @everyone"
KNOWN: dict[str, Any] = {"event": {"properties": {"name": NASTY}}}


@pytest.fixture(autouse=True)
def _rooms() -> None:
    for kind in CHATS:
        ConnectionFactory(name=kind, kind=kind)


def text(kind: str, said: str, **settings: Any) -> str:
    move = visit(kind, {"connection": kind, "text": said, **settings}, **KNOWN)
    assert isinstance(move, Go), move
    return str(move.sent[0].request["text"])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("slack", "&lt;!channel&gt; &amp; [x](https://evil.example/a_b) *b* @\u2060everyone"),
        ("discord", r"\<!channel\> & \[x\]\(https://evil.example/a_b\) \*b\* \@everyone"),
        ("telegram", NASTY),
        ("matrix", NASTY),
    ],
)
def test_what_is_filled_in_is_no_markup(kind: str, said: str) -> None:
    assert text(kind, "*New* <b>: {{ event@properties.name }}") == f"*New* <b>: {said}"


def test_addresses_stay_what_they_are_where_nobody_is_mentioned() -> None:
    known = {"event": {"properties": {"name": "ada@example.com, a.b+c@example.com (@all)"}}}

    move = visit("slack", {"connection": "slack", "text": "{{ event@properties.name }}"}, **known)

    assert isinstance(move, Go)
    assert move.sent[0].request["text"] == "ada@example.com, a.b+c@example.com (@\u2060all)"


def test_telegram_takes_html_in_which_what_is_filled_in_is_escaped() -> None:
    assert text("telegram", "<b>{{ event@properties.name }}</b>", is_html=True).startswith("<b>&lt;!channel&gt; &amp; ")


def test_people_go_on_at_once_unless_they_are_to_wait() -> None:
    said = {"connection": "matrix", "text": "Hello"}

    at_once = visit("matrix", said)
    waits = visit("matrix", {**said, "is_waited_for": True})

    assert isinstance(at_once, Go)
    assert (at_once.sent[0].is_waited_for, at_once.sent[0].channel) == (False, "")
    assert isinstance(waits, Stay)
    assert waits.sent
    assert waits.sent.request == {"text": "Hello"}


@pytest.mark.parametrize(
    ("wake", "move"),
    [
        (Delivered("delivered", {"body": "ok"}), Go()),
        (Delivered("refused", None, "The answer was 400."), Go("refused", payload={"error": "The answer was 400."})),
        (Delivered("expired", None, "Too late."), Fail("Too late.")),
        (Delivered("cancelled", None, ""), Fail("The message was cancelled.", is_given_up=True)),
        (Skipped(), Fail("Somebody let them go on before it was known how it went.", is_given_up=True)),
    ],
)
def test_those_who_wait_go_on_as_it_went(wake: Any, move: Any) -> None:
    assert visit("slack", {"connection": "slack", "text": "Hello", "is_waited_for": True}, wake=wake) == move


def test_a_message_that_says_nothing_is_not_sent() -> None:
    failed = visit("slack", {"connection": "slack", "text": "{{ event@properties.none }}"}, **KNOWN)

    assert failed == Fail("A message has a text.")


@pytest.mark.parametrize("kind", CHATS)
def test_it_goes_to_a_room_of_its_chat(kind: str) -> None:
    ConnectionFactory(name="Mail", kind="smtp")

    assert f"is of the kind smtp, and not {kind}" in refused(kind, {"connection": "Mail", "text": "x"})["connection"]
    assert "There is no field" in refused(kind, {"connection": kind, "text": "{{ profile@data.nme }}"})["text"]
