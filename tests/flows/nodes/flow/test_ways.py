"""Which way people go: by conditions, by chance, together, one after the other, and to the end."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.flows.engine.moves import Ask, End, Fail, Go, Returned, Skipped, Started, Stay, TimedOut
from apps.flows.models import Run
from apps.flows.testing import NOON, ask, make, refused, story, visit
from tests.flows.nodes.documents import flow

PLANS = {
    "cases": [
        {"port": "gold", "condition": 'profile@traits.plan = "gold"'},
        {"port": "rich", "condition": "profile@traits.points > 10"},
    ]
}


@pytest.mark.parametrize(("total", "port"), [(101, "true"), (100, "false"), (None, "false"), ("many", "false")])
def test_a_condition_has_two_ways_and_what_cannot_be_told_is_false(total: Any, port: str) -> None:
    event = {"properties": {"total": total}}

    assert visit("condition", {"condition": "event@properties.total > 100"}, event=event) == Go(port)


def test_a_condition_about_the_past_is_asked_and_answered() -> None:
    settings = {"condition": 'COUNT("order-completed" LAST 30 DAYS) > 2'}

    assert isinstance(visit("condition", settings), Ask)
    assert visit("condition", settings, held={"condition": True}) == Go("true")
    assert visit("condition", settings, held={"condition": None}) == Go("false")


@pytest.mark.parametrize(
    ("traits", "port"),
    [({"plan": "gold", "points": 99}, "gold"), ({"points": 11}, "rich"), ({"plan": "none"}, "else"), ({}, "else")],
)
def test_a_switch_takes_the_first_case_that_holds(traits: dict[str, Any], port: str) -> None:
    assert visit("switch", PLANS, profile={"traits": traits}) == Go(port)


@pytest.mark.parametrize(
    ("kind", "settings", "problems"),
    [
        ("condition", {"condition": " "}, {"condition": "This has to be filled in."}),
        ("condition", {"condition": "event@ ="}, {"condition"}),
        ("switch", {"cases": []}, {"cases"}),
        ("switch", {"cases": [{"port": "else", "condition": "1 = 1"}]}, {"cases.0.port"}),
        ("switch", {"cases": [PLANS["cases"][0]] * 2}, {"cases.1.port": "There are two branches gold."}),
        ("split", {"branches": [{"port": "a"}]}, {"branches"}),
        ("split", {"branches": [{"port": "a"}, {"port": "a"}]}, {"branches.1.port": "There are two branches a."}),
        ("split", {"branches": [{"port": "a", "weight": 0}, {"port": "b", "weight": 0}]}, {"branches"}),
        ("split", {"branches": [{"port": "A b"}, {"port": "b"}]}, {"branches.0.port"}),
        ("join", {"mode": "key"}, {"key_of": "This has to be filled in."}),
        ("error", {}, {"reason": "This has to be filled in."}),
        ("limiter", {"limit": 0}, {"limit": "At least 1."}),
    ],
)
@pytest.mark.django_db
def test_settings_that_cannot_be_are_refused_by_their_field(kind: str, settings: dict[str, Any], problems: Any) -> None:
    found = refused(kind, settings)

    assert found == problems if isinstance(problems, dict) else found.keys() == problems


def split(answer: Any = None, weights: tuple[float, float] = (1, 3), **known: Any) -> Any:
    branches = [{"port": port, "weight": weight} for port, weight in zip("ab", weights, strict=True)]
    return visit("split", {"branches": branches}, answer=answer, **known)


def test_whoever_drew_a_branch_keeps_it() -> None:
    drawn = split()

    assert isinstance(drawn, Ask)
    assert drawn.kind == "assignment"
    assert split("a") == Go("a")
    assert split("b", weights=(1, 0)) == Go("b")
    assert split("gone") == Go(drawn.about["branch"])


def test_a_split_draws_as_the_weights_say_and_each_person_the_same_each_time() -> None:
    people = [UUID(int=n) for n in range(4_000)]

    drawn = {person: split(profile_id=person).about["branch"] for person in people}

    assert 0.22 < Counter(drawn.values())["a"] / len(people) < 0.28
    assert all(split(profile_id=person, run_id=person).about["branch"] == drawn[person] for person in people[:100])
    narrower = {person: split(profile_id=person, weights=(1, 4)).about["branch"] for person in people}
    assert not [person for person in people if (drawn[person], narrower[person]) == ("b", "a")]


def test_a_split_that_keeps_nothing_draws_for_each_visit() -> None:
    node = make("split", {"branches": [{"port": "a"}, {"port": "b"}], "is_kept": False})

    moves = [ask(node, run_id=UUID(int=n)) for n in range(50)]
    assert all(isinstance(move, Go) for move in moves)
    assert Counter(str(move.port) for move in moves if isinstance(move, Go)).keys() == {"a", "b"}
    assert len({split(profile_id=None, visit=n).port for n in range(50)}) == 2


def test_a_limiter_counts_by_its_key_and_the_person() -> None:
    settings = {"limit": 2, "within": "7 days"}

    asked = visit("limiter", settings)
    assert asked == Ask("limit", {"key": f"node:flow:n1:{UUID(int=2)}", "limit": 2, "window_secs": 604_800})
    shared = visit("limiter", {**settings, "key": "offers", "counts": "all"})
    assert isinstance(shared, Ask)
    assert shared.about["key"] == "key:offers;"
    assert visit("limiter", settings, answer=True) == Go("pass")
    assert visit("limiter", settings, answer=False) == Go("block")


@pytest.mark.parametrize("kind", ["limiter", "throttle"])
def test_a_key_may_refer_to_something_and_counts_each_of_it_by_itself(kind: str) -> None:
    settings = {"limit": 2, "counts": "all", "key": "sku {{ event@properties.sku }}"}

    def key(sku: str) -> Any:
        asked = visit(kind, settings, event={"properties": {"sku": sku}})
        assert isinstance(asked, Ask)
        return asked.about["key"]

    assert [key(sku) for sku in ("a", "b")] == ["key:sku a;", "key:sku b;"]
    nothing = visit(kind, {**settings, "key": "{{ event@properties.sku }}"}, event={"properties": {"sku": " "}})
    assert isinstance(nothing, Ask)
    assert nothing.about["key"] == "node:flow:n1"
    assert refused(kind, {**settings, "key": "{{ nonsense }}"}).keys() == {"key"}


def test_a_throttle_lets_people_wait_for_their_turn() -> None:
    settings = {"limit": 10, "within": "1 minute"}
    turn = NOON + timedelta(seconds=18)

    assert visit("throttle", settings) == Ask("slot", {"key": "node:flow:n1", "every_secs": 6.0})
    assert visit("throttle", settings, answer=turn.isoformat()) == Stay(until=turn)
    assert visit("throttle", settings, answer=NOON.isoformat()) == Go()
    assert visit("throttle", settings, wake=TimedOut()) == Go()
    assert visit("throttle", settings, wake=Skipped()) == Go()


def test_a_sub_flow_is_started_waited_for_and_gives_its_result() -> None:
    settings = {"flow": "confirm", "payload": {"why": "event@properties.why"}}

    started = visit("sub-flow", settings, event={"properties": {"why": "new"}})
    assert started == Stay(until=None, child=Started("confirm", {"why": "new"}))
    assert visit("sub-flow", settings, wake=Returned(Run.Status.FINISHED, {"ok": True})) == Go(payload={"ok": True})
    assert visit("sub-flow", settings, wake=Returned(Run.Status.EXITED, None)) == Go("stopped")
    failed = visit("sub-flow", settings, wake=Returned(Run.Status.FAILED, None, "No address."))
    assert failed == Fail("The flow confirm failed: No address.")


def test_an_error_fails_the_run_with_a_reason() -> None:
    failed = visit("error", {"reason": "No order {{ event@properties.id }}"}, event={"properties": {"id": 7}})

    assert failed == End(Run.Status.FAILED, "No order 7")


PARALLEL = (
    "start -> a",
    "start -> b",
    "a -> join = first",
    "b -> join = second",
    "join -> end",
    "join.time_out -> end",
)


def parallel(join: dict[str, Any], **a_and_b: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    nodes: dict[str, Any] = {"start": "start", **a_and_b, "join": ("join", join), "end": "end"}
    return flow(nodes, *PARALLEL[: 6 if "time_out" in join else 5])


def test_branches_come_together_with_what_each_brought() -> None:
    told = story(parallel({}, a=("wait", {"length": "1 hour"}), b=("wait", {"length": "2 hours"})))

    told.later(hours=1, minutes=30)
    assert told.status == Run.Status.LIVE
    told.later(hours=1)

    assert told.status == Run.Status.FINISHED
    assert told.path[-2:] == ["join.out", "end."]


def test_a_join_that_does_not_wait_for_ever_has_a_port_for_that() -> None:
    told = story(parallel({"time_out": "1 day"}, a=("wait", {"length": "1 hour"}), b=("wait", {"length": "9 days"})))

    told.later(days=2)

    assert told.path[-2:] == ["join.time_out", "end."]


@pytest.mark.parametrize(("settings", "port"), [({}, "join.out"), ({"time_out": "1 day"}, "join.time_out")])
def test_a_join_that_is_skipped_waits_for_nobody(settings: dict[str, Any], port: str) -> None:
    told = story(parallel(settings, a=("wait", {"length": "1 hour"}), b=("wait", {"length": "9 days"})))
    told.later(hours=2)

    told.skip()

    assert port in told.path
    assert told.status == Run.Status.FINISHED


def test_an_end_ends_a_branch_or_all_and_has_a_result() -> None:
    nodes = {
        "start": "start",
        "wait": ("wait", {"length": "1 day"}),
        "end": ("end", {"ends": "branch", "result": {"of": "flow@key", "total": "event@properties.total"}}),
        "late": "end",
    }
    document = flow(nodes, "start -> wait", "start -> end", "wait -> late")
    told = story(document, event={"type": "t", "properties": {"total": 3}})
    assert told.status == Run.Status.LIVE
    told.later(days=1)
    assert told.status == Run.Status.FINISHED
    assert told.outcome.state.result == {"of": "flow", "total": 3}

    document["nodes"][2]["settings"]["ends"] = "run"
    assert story(document).status == Run.Status.FINISHED
