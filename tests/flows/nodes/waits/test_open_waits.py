"""People wait for what may never happen: until it has, or for as long as is said."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.core.typed_settings import read
from apps.flows.engine.moves import Ask, Awaited, Go, Raised, Stay
from apps.flows.models import Run
from apps.flows.node import kinds
from apps.flows.testing import refused, story
from apps.flows.testing import visit as visit_alone
from tests.factories import NOON, EventTypeFactory
from tests.flows.nodes.documents import flow
from tests.flows.nodes.waits.visiting import Visit

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CHECKOUT = {"type": "checkout-started", "time": (NOON - HOUR).isoformat(), "properties": {"order_id": 7}}
PURCHASE = {"awaits": "purchase", "match": {"properties.order_id": "event@properties.order_id"}, "time_out": "1 hour"}
EVERY_KIND: list[tuple[str, dict[str, Any]]] = [
    ("wait-for-event", PURCHASE),
    ("wait-for-segment", {"segment": "vip", "time_out": "1 hour"}),
    ("wait-until-condition", {"condition": "profile@traits.plan = 'pro'", "time_out": "1 hour"}),
]
EACH = pytest.mark.parametrize(("kind", "settings"), EVERY_KIND, ids=[kind for kind, _ in EVERY_KIND])


def visit(kind: str, settings: dict[str, Any], **known: Any) -> Visit:
    return Visit(kind, settings=settings, **{"event": CHECKOUT, "profile": {"traits": {"plan": "free"}}, **known})


def bought(order_id: Any, **properties: Any) -> dict[str, Any]:
    return {"type": "purchase", "time": NOON.isoformat(), "properties": {"order_id": order_id, **properties}}


def went_by(event: dict[str, Any]) -> Go:
    """How whoever has waited for an event goes on."""
    return Go("out", payload=event, took=event)


# --- what all of them have in common


@EACH
def test_who_waits_in_vain_leaves_by_the_port_for_that(kind: str, settings: dict[str, Any]) -> None:
    anna = visit(kind, {**settings, "event_type": "waited"})
    while isinstance(anna.move, Stay):
        assert anna.until <= NOON + HOUR
        anna.timed_out()

    assert anna.known["now"] == NOON + HOUR
    assert anna.move == Go("time_out", raised=(Raised("waited", {"order_id": 7}),))


@EACH
def test_who_skips_the_wait_goes_on_at_once(kind: str, settings: dict[str, Any]) -> None:
    assert visit(kind, settings).skipped() == Go("out")


@EACH
def test_who_is_let_go_before_the_time_has_waited_in_vain(kind: str, settings: dict[str, Any]) -> None:
    assert visit(kind, settings).timed_out(now=NOON + MINUTE) == Go("time_out")


# --- for an event


def test_the_purchase_of_that_order_ends_the_wait() -> None:
    anna = visit("wait-for-event", PURCHASE)
    assert isinstance(anna.move, Stay)
    assert anna.move.events == (Awaited("purchase", {"properties.order_id": "7"}),)
    assert anna.until == NOON + HOUR

    assert anna.met(bought(7)) == went_by(bought(7))


def test_any_event_of_the_type_ends_a_wait_that_nothing_joins() -> None:
    anna = visit("wait-for-event", {"awaits": "purchase"})
    assert isinstance(anna.move, Stay)
    assert anna.move.events == (Awaited("purchase"),)

    assert anna.met(bought(8)).port == "out"


def test_an_event_that_does_not_meet_the_condition_is_waited_past() -> None:
    anna = visit("wait-for-event", {**PURCHASE, "condition": "event@properties.total > 100"})

    anna.met(bought(7, total=50), now=NOON + 10 * MINUTE)
    assert anna.until == NOON + HOUR  # the time-out does not begin anew
    assert isinstance(anna.move, Stay)
    assert anna.move.events == (Awaited("purchase", {"properties.order_id": "7"}),)

    assert anna.met(bought(7, total=60), bought(7, total=120)) == went_by(bought(7, total=120))


@pytest.mark.parametrize(("missing", "port"), [("port", "missing"), ("go_on", "out")])
def test_an_event_that_cannot_be_joined_is_not_waited_for(missing: str, port: str) -> None:
    anna = visit("wait-for-event", {**PURCHASE, "missing": missing}, event={"properties": {}})

    assert anna.port == port


@pytest.mark.parametrize(
    ("settings", "since"),
    [
        ({"counts_from": "entry"}, NOON - HOUR),
        ({"counts_from": "before", "look_back": "2 days"}, NOON - 2 * DAY),
    ],
)
def test_what_was_done_before_counts_too(settings: dict[str, Any], since: datetime) -> None:
    anna = visit("wait-for-event", {**PURCHASE, **settings})
    about = {"type": "purchase", "match": {"properties.order_id": "7"}, "since": since.isoformat(), "most": 20}
    assert anna.move == Ask("past_event", about)

    assert anna.answered([bought(7)]) == went_by(bought(7))


def test_who_has_not_done_it_before_waits() -> None:
    anna = visit("wait-for-event", {**PURCHASE, "counts_from": "entry", "condition": "event@properties.total > 100"})

    anna.answered([bought(7, total=50)])
    assert anna.until == NOON + HOUR
    assert anna.met(bought(7, total=120)).port == "out"

    bo = visit("wait-for-event", {**PURCHASE, "counts_from": "entry"})
    bo.answered([])
    assert bo.until == NOON + HOUR


def test_the_event_that_started_the_flow_is_not_the_one_that_is_waited_for() -> None:
    first, second = {**bought(7), "id": "1"}, {**bought(7), "id": "2"}
    anna = visit("wait-for-event", {**PURCHASE, "counts_from": "entry"}, event=first)

    anna.answered([first])
    assert anna.until == NOON + HOUR
    assert anna.met(second, first) == went_by(second)


def test_whoever_comes_round_to_the_same_wait_waits_for_another_event() -> None:
    first = {**bought(7), "id": "2", "time": (NOON - MINUTE).isoformat()}
    round_and_round = flow(
        {"start": "start", "wait": ("wait-for-event", {"awaits": "purchase", "time_out": "1 hour"}), "end": "end"},
        *("start -> wait", "wait -> wait", "wait.time_out -> end"),
    )
    anna = story(round_and_round, event={**CHECKOUT, "id": "1"}, answers={"past_event": [first]}, due_at=NOON - HOUR)

    assert (anna.status, anna.path) == (Run.Status.LIVE, ["start.out", "wait.out"])
    anna.happens("purchase").later(hours=1)
    assert anna.path == ["start.out", *["wait.out"] * 2, "wait.time_out", "end."]


def test_nobody_goes_on_twice_by_an_event_that_counts_though_it_came_before() -> None:
    early, late = ({**bought(7), "id": id, "time": (NOON - n * MINUTE).isoformat()} for id, n in (("1", 2), ("2", 1)))
    told = {"awaits": "purchase", "counts_from": "before", "look_back": "1 day", "time_out": "1 hour"}
    round_and_round = flow(
        {"start": "start", "wait": ("wait-for-event", told), "rest": ("wait", {"length": "1 minute"}), "end": "end"},
        *("start -> wait", "wait -> rest", "rest -> wait", "wait.time_out -> end"),
    )
    anna = story(round_and_round, answers={"past_event": [late, early]}).later(minutes=10)

    assert anna.path == ["start.out", *["wait.out", "rest.out"] * 2]
    anna.happens("purchase").later(minutes=1).happens("purchase").later(hours=2)
    assert anna.path == ["start.out", *["wait.out", "rest.out"] * 4, "wait.time_out", "end."]


def test_whoever_comes_from_a_join_goes_on_by_none_of_the_events_of_its_branches() -> None:
    both = flow(
        {
            "start": "start",
            "one": ("wait-for-event", {"awaits": "purchase"}),
            "other": ("wait-for-event", {"awaits": "review"}),
            "both": ("join", {"mode": "all"}),
            "again": ("wait-for-event", {"awaits": "purchase", "counts_from": "entry", "time_out": "1 hour"}),
        },
        *("start -> one", "start -> other", "one -> both", "other -> both", "both -> again"),
    )
    past = [{"id": "e1", "type": "purchase", "time": NOON.isoformat()}]
    anna = story(both, answers={"past_event": past}).happens("purchase").happens("review")

    assert anna.path[-1] == "both.out"
    assert anna.status == Run.Status.LIVE


# --- for a segment


@pytest.mark.parametrize(("change", "segments"), [("entered", ["vip"]), ("left", ["other"])])
def test_who_is_so_already_goes_on_at_once(change: str, segments: list[str]) -> None:
    assert visit("wait-for-segment", {"segment": "vip", "change": change}, segments=segments).move == Go("out")


@pytest.mark.parametrize(("change", "move"), [("entered", Stay), ("left", Go)])
def test_nobody_is_in_no_segment(change: str, move: type) -> None:
    found = visit_alone("wait-for-segment", {"segment": "vip", "change": change, "time_out": "1 hour"}, profile_id=None)

    assert isinstance(found, move)


@pytest.mark.parametrize(("change", "segments"), [("entered", []), ("left", ["vip"])])
def test_who_enters_or_leaves_goes_on(change: str, segments: list[str]) -> None:
    anna = visit("wait-for-segment", {"segment": "vip", "change": change}, segments=segments)
    assert isinstance(anna.move, Stay)
    assert anna.move.events == (Awaited(f"segment-{change}", {"properties.segment": "vip"}),)

    assert anna.met({"type": f"segment-{change}", "properties": {"segment": "vip"}}) == Go("out")


# --- until a condition holds


def test_a_condition_is_judged_when_somebody_comes() -> None:
    anna = visit("wait-until-condition", {"condition": "profile@traits.plan = 'free'"})

    assert anna.move == Go("out")


def test_a_condition_is_judged_whenever_something_happens_and_every_so_often() -> None:
    anna = visit(
        "wait-until-condition",
        {"condition": "profile@traits.plan = 'pro'", "every": "20 minutes", "time_out": "1 hour"},
    )
    assert isinstance(anna.move, Stay)
    assert anna.move.events == (Awaited("*"),)
    assert anna.until == NOON + 20 * MINUTE

    anna.met({"type": "page-view"}, now=NOON + 15 * MINUTE)
    assert anna.until == NOON + 35 * MINUTE
    anna.timed_out()
    assert anna.until == NOON + 55 * MINUTE
    anna.timed_out()
    assert anna.until == NOON + HOUR

    anna.known["profile"]["traits"]["plan"] = "pro"
    assert anna.met({"type": "page-view"}, now=NOON + 56 * MINUTE) == Go("out")


def test_what_holds_at_the_last_moment_counts() -> None:
    anna = visit("wait-until-condition", {"condition": "profile@traits.plan = 'pro'", "time_out": "10 minutes"})
    anna.known["profile"]["traits"]["plan"] = "pro"

    assert anna.timed_out() == Go("out")


# --- in the background


def test_who_is_waited_for_is_left_to_a_worker() -> None:
    anna = visit("run-in-background", {"event_type": "waited"}, is_inline=True)
    assert anna.move == Stay(until=NOON, leaves_inline=True)

    assert anna.timed_out(is_inline=False) == Go("out", raised=(Raised("waited", {"order_id": 7}),))


def test_a_worker_goes_on_at_once() -> None:
    assert visit("run-in-background", {}).move == Go("out")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field"),
    [
        ("wait-for-event", {}, "awaits"),
        ("wait-for-event", {"awaits": "purchase", "time_out": "0 seconds"}, "time_out"),
        ("wait-for-event", {"awaits": "purchase", "time_out": "2 years"}, "time_out"),
        ("wait-for-event", {"awaits": "purchase", "counts_from": "before"}, "look_back"),
        ("wait-for-event", {"awaits": "purchase", "condition": "total >"}, "condition"),
        ("wait-for-event", {"awaits": "purchase", "match": {"order_id": "event@properties.order_id"}}, "match"),
        ("wait-for-event", {"awaits": "purchase", "match": {"properties": "event@properties.order_id"}}, "match"),
        ("wait-for-segment", {"change": "left"}, "segment"),
        ("wait-for-segment", {"segment": "vip", "change": "in"}, "change"),
        ("wait-until-condition", {"condition": ""}, "condition"),
        ("wait-until-condition", {"condition": "profile@traits.plan = 'pro'", "every": "1 minute"}, "every"),
    ],
)
def test_settings_that_cannot_be_are_named(kind: str, settings: dict[str, Any], field: str) -> None:
    assert refused(kind, settings).keys() == {field}


def test_a_port_is_there_while_it_may_be_needed() -> None:
    def ports(kind: str, **settings: Any) -> tuple[str, ...]:
        *found, error = kinds[kind].ports_of(read(kinds[kind].Settings, settings))
        assert error == "error"
        return tuple(found)

    assert ports("wait", length="3 days") == ("out",)
    assert ports("wait", length="profile@traits.delay") == ("out", "missing")
    assert ports("wait", length="profile@traits.delay", missing="go_on") == ("out",)
    assert ports("wait", length="3 days", zone_unknown="port") == ("out", "missing")
    assert ports("wait-until", moment="2026-12-24 18:00", past="port") == ("out", "past")
    assert ports("wait-until", moment="event@properties.at") == ("out", "missing")
    assert ports("wait-for-event", awaits="purchase") == ("out", "time_out")
    assert ports("wait-for-event", **{**PURCHASE, "time_out": "1 day"}) == ("out", "time_out", "missing")


@pytest.mark.django_db
def test_an_event_that_nobody_may_raise_is_refused() -> None:
    EventTypeFactory(type="waited")

    assert refused("wait", {"length": "1 hour", "event_type": "waited"}) == {}
    for type in ("page-view", "segment-entered", "never-defined"):
        assert refused("wait", {"length": "1 hour", "event_type": type}).keys() == {"event_type"}
