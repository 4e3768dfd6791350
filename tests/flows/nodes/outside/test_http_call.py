"""Requests to other systems: what they say, where they may go, and what becomes of their answers."""

from typing import Any

import orjson
import pytest

from apps.bridges.models import Connection
from apps.flows.engine.moves import Delivered, Fail, Go, Stay
from apps.flows.testing import make, refused, story, visit
from tests.bridges.factories import ConnectionFactory
from tests.flows.nodes.documents import flow

pytestmark = pytest.mark.django_db
SHOP = {"connection": "Shop API"}
KNOWN: dict[str, Any] = {
    "event": {"properties": {"id": "7/8", "total": 12.5, "up": "..", "line": "a\nb", "q": "a&b"}},
    "profile": {"id": "p1", "traits": {}},
}


@pytest.fixture(autouse=True)
def _shop() -> None:
    ConnectionFactory(name="Shop API", kind="http")


def request(settings: dict[str, Any]) -> dict[str, Any]:
    move = visit("http-call", settings, **KNOWN)
    assert isinstance(move, Stay), move
    assert move.sent
    return dict(move.sent.request)


def test_a_request_says_what_its_templates_say_each_escaped_as_its_place_needs_it() -> None:
    asked = request(
        {
            **SHOP,
            "method": "PUT",
            "path": "/orders/{{ event@properties.id }}?x=1",
            "query": {"q": "event@properties.q", "none": "event@properties.none"},
            "headers": {"X-Person": "{{ profile@id }}"},
            "body": "json",
            "json": {
                "total": "event@properties.total",
                "who?": "profile@traits.name",
                "text": "T {{ event@properties.total }}",
            },
        }
    )

    assert asked["method"] == "PUT"
    assert asked["path"] == "/orders/7%2F8?x=1&q=a%26b"
    assert asked["headers"] == {"X-Person": "p1", "Content-Type": "application/json"}
    assert orjson.loads(asked["body"]) == {"total": 12.5, "text": "T 12.5"}


def test_a_body_is_json_a_form_a_text_or_nothing() -> None:
    form = request({**SHOP, "body": "form", "form": {"a b": "{{ event@properties.q }}", "none": "profile@traits.no"}})
    assert (form["body"], form["headers"]["Content-Type"]) == ("a%20b=a%26b", "application/x-www-form-urlencoded")
    text = request({**SHOP, "body": "text", "text": "Total: {{ event@properties.total }}"})
    assert text["body"] == "Total: 12.5"
    own = request({**SHOP, "body": "text", "text": "<a/>", "headers": {"content-type": "text/xml"}})
    assert own["headers"] == {"content-type": "text/xml"}
    assert request({**SHOP, "method": "GET"})["body"] == ""


def test_somebody_whom_a_system_does_not_know_holds_up_no_other() -> None:
    assert request({**SHOP, "method": "GET", "path": "/customers/{{ profile@id }}"})["may_be_missing"] is True


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"path": "/a/{{ event@properties.none }}"}, "missing, or is dots only"),
        ({"path": "/a/{{ event@properties.up }}/b"}, "missing, or is dots only"),
        ({"headers": {"X-A": "{{ event@properties.line }}"}}, "one line of text"),
        ({"body": "text", "text": "{{ event@properties.line | date }}"}, "filter date"),
    ],
)
def test_a_request_that_cannot_be_made_fails_before_it_is_sent(settings: dict[str, Any], reason: str) -> None:
    failed = visit("http-call", {**SHOP, **settings}, **KNOWN)

    assert isinstance(failed, Fail)
    assert reason in failed.reason


def test_the_answer_is_in_the_payload_beside_what_was_there() -> None:
    answer = {"status": 200, "headers": {}, "body": '{"price": 3}', "said": "OK"}

    told = visit("http-call", SHOP, wake=Delivered("delivered", answer), payload={"kept": 1})
    assert told == Go(payload={"kept": 1, "answer": {**answer, "json": {"price": 3}}})
    said = {"status": 422, "body": "<no"}
    refused_ = visit("http-call", {**SHOP, "answer": "shop"}, wake=Delivered("refused", said, "HTTP 422."))
    assert refused_ == Go("refused", payload={"shop": {**said, "json": None}, "error": "HTTP 422."})
    assert visit("http-call", SHOP, wake=Delivered("expired", None, "It took 72 hours.")) == Fail("It took 72 hours.")
    cancelled = visit("http-call", SHOP, wake=Delivered("cancelled", None, ""))
    assert cancelled == Fail("The request was cancelled.", is_given_up=True)


def test_whoever_is_skipped_goes_on_as_if_its_tries_were_over_and_not_as_if_it_went_well() -> None:
    nodes = {
        "start": "start",
        "ask": ("http-call", {**SHOP, "path": "/x"}),
        "end": "end",
        "wrong": "end",
    }
    document = flow(nodes, "start -> ask", "ask -> end", "ask.error -> wrong")
    document["nodes"][1]["retry"] = {"times": 3, "rest_secs": 60}

    told = story(document).skip()

    assert told.path == ["start.out", "ask.error", "wrong."]
    assert told.outcome.cancelled == {1}
    assert len(told.sent) == 1


def test_somebody_may_go_on_at_once() -> None:
    move = visit("http-call", {**SHOP, "is_waited_for": False}, **KNOWN)

    assert isinstance(move, Go)
    assert len(move.sent) == 1


def test_an_answer_is_read_by_what_comes_behind() -> None:
    nodes = {
        "start": "start",
        "ask": ("http-call", {**SHOP, "path": "/x"}),
        "set": ("set-fields", {"fields": [{"field": "traits.price", "value": "payload@answer.json.price"}]}),
        "end": "end",
    }
    told = story(flow(nodes, "start -> ask", "ask -> set", "set -> end"))

    told.ends(answer={"status": 200, "body": '{"price": 3}'})

    assert told.person.profile.traits == {"price": 3}


def test_each_host_has_a_connection_of_its_own_made_when_the_flow_is_published() -> None:
    settings = {"where": "address", "url": "https://hooks.example.com/a/{{ profile@id }}?t={{ event@properties.q }}"}

    assert refused("http-call", settings) == {}
    assert not Connection.objects.filter(name__contains="hooks").exists()
    make("http-call", settings)
    made = Connection.objects.get(name="https://hooks.example.com")
    move = visit("http-call", settings, **KNOWN)

    assert isinstance(move, Stay)
    assert move.sent
    assert move.sent.connection_id == made.pk
    assert move.sent.request["path"] == "/a/p1?t=a%26b"


@pytest.mark.parametrize(
    ("settings", "field", "message"),
    [
        ({"where": "address", "url": "https://{{ profile@traits.host }}/x"}, "url", "the host, written out"),
        ({"where": "address", "url": "{{ event@properties.url }}"}, "url", "the host, written out"),
        ({"where": "address", "url": "event@properties.url"}, "url", "the host, written out"),
        ({"where": "address", "url": "https://a.example.com{{ event@properties.x }}/"}, "url", "the host, written out"),
        ({"where": "address", "url": "https://u:p@a.example.com/"}, "url", "a user name or a password"),
        ({"where": "address", "url": "http://127.0.0.1:8000/"}, "url", "private or reserved network"),
        ({"where": "address", "url": "http://[::1]/"}, "url", "private or reserved network"),
        ({"where": "address", "url": "http://169.254.169.254/latest"}, "url", "private or reserved network"),
        ({"where": "address", "url": "ftp://a.example.com/"}, "url", "the host, written out"),
        ({"where": "address", "url": "https://a.example.com/a b"}, "url", "no spaces"),
        ({"connection": "Shop APi"}, "connection", "Did you mean Shop API?"),
        ({"connection": "Mail"}, "connection", "is of the kind smtp, and not http"),
        ({"path": "orders"}, "path", "A path begins with /"),
        ({"path": "/x#y"}, "path", "no #"),
        ({"path": "/{{ profile@data.pii.fistname }}"}, "path", "Did you mean"),
        ({"headers": {"Authorization": "Bearer x"}}, "headers.Authorization", "Make a connection"),
        ({"headers": {"Host": "x"}}, "headers.Host", "set by the platform"),
        ({"headers": {"X Y": "x"}}, "headers.X Y", "letters, digits and hyphens"),
        ({"body": "json", "json": {"a": ["{{ x }}"]}}, "json.a.0", "no reference"),
        ({"body": "text"}, "text", "has to be filled in"),
        ({"query": {"a": "{{ y }}"}}, "query.a", "no reference"),
        ({"method": "TRACE"}, "method", "Expected one of"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(settings: dict[str, Any], field: str, message: str) -> None:
    ConnectionFactory(name="Mail", kind="smtp")

    found = refused("http-call", settings if "where" in settings else {**SHOP, **settings})

    assert message in found.get(field, ""), found
