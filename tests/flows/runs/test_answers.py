"""What nodes ask is answered exactly, in one statement of a kind, whatever the number of those who ask."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core.ids import digest
from apps.events.models import Event
from apps.flows.engine.moves import Ask, Go, Move
from apps.flows.engine.step import Step
from apps.flows.models import Allowance, Assignment, LastValue
from apps.flows.runs import batches, following, forgetting
from apps.profiles.models import Profile
from tests.factories import NOON, ConsentTypeFactory, EventFactory, ProfileFactory, SessionFactory
from tests.flows.factories import FlowVersionFactory
from tests.flows.nodes.documents import flow
from tests.flows.runs.published import let_in, pass_time, publish, run_of

pytestmark = pytest.mark.django_db


def start(step: Step) -> Move:
    return Go()


def asking(kind: Any, about: Any) -> Any:
    """Make a node that asks, and remembers the answer in the run's memory."""

    def ask(step: Step) -> Move:
        if step.kept != "asked":
            return Ask(kind, about(step) if callable(about) else about, kept="asked")
        return Go(memory={"answer": step.answer})

    return ask


def answers(kind: Any, about: Any, people: list[Any], *, at: datetime = NOON) -> list[Any]:
    version = publish({"start": start, "ask": asking(kind, about)}, ["start -> ask"])
    ids = let_in(version, people, at=at)
    pass_time(at)
    return [run_of(id).state["memory"]["answer"] for id in ids]


def some(n: int) -> list[Any]:
    return [ProfileFactory().id for _ in range(n)]


def test_a_limit_lets_so_many_through_in_any_such_while() -> None:
    about = {"key": "vip", "limit": 3, "window_secs": 60}

    assert sorted(answers("limit", about, some(5))) == [False, False, True, True, True]
    assert answers("limit", about, some(1), at=NOON + timedelta(seconds=59)) == [False]
    assert sorted(answers("limit", about, some(4), at=NOON + timedelta(seconds=60))) == [False, True, True, True]
    assert answers("limit", {**about, "key": "other"}, some(1), at=NOON) == [True]


def test_what_a_limit_no_longer_counts_is_forgotten() -> None:
    answers("limit", {"key": "vip", "limit": 3, "window_secs": 60}, some(1))

    forgetting.forget_old(now=NOON + timedelta(seconds=59))
    assert Allowance.objects.count() == 1
    forgetting.forget_old(now=NOON + timedelta(seconds=61))
    assert Allowance.objects.count() == 0


def test_each_has_a_turn_of_its_own() -> None:
    found = answers("slot", {"key": "slow", "every_secs": 10}, some(3))

    assert sorted(map(datetime.fromisoformat, found)) == [NOON + timedelta(seconds=secs) for secs in (0, 10, 20)]
    [later] = answers("slot", {"key": "slow", "every_secs": 10}, some(1), at=NOON + timedelta(seconds=100))
    assert datetime.fromisoformat(later) == NOON + timedelta(seconds=100)


def test_who_drew_a_branch_keeps_it_whatever_they_draw_later() -> None:
    person, other = some(2)
    version = publish(
        {"start": start, "ask": asking("assignment", lambda step: {"branch": step.scope["event"]["draws"]})},
        ["start -> ask"],
    )
    ids = [*let_in(version, [person, other], event={"draws": "a"}), *let_in(version, [person], event={"draws": "b"})]
    pass_time(NOON)
    ids += let_in(version, [other, None], event={"draws": "b"})
    pass_time(NOON)

    assert [run_of(id).state["memory"]["answer"] for id in ids] == ["a", "a", "a", "a", "b"]
    assert dict(Assignment.objects.values_list("profile_id", "branch")) == {person: "a", other: "a"}


def happened(person: Any, type: str, at: datetime, **properties: Any) -> Event:
    return EventFactory(profile_id=person, original_profile_id=person, type=type, time=at, properties=properties)


def test_the_latest_event_that_says_the_same_is_found() -> None:
    person, other = some(2)
    hour = timedelta(hours=1)
    happened(person, "purchase", NOON - 3 * hour, order_id="A", value=1)
    wanted = happened(person, "purchase", NOON - 2 * hour, order_id="A", value=2)
    happened(person, "purchase", NOON - hour, order_id="B")
    about = {
        "type": "purchase",
        "match": {"properties.order_id": "A"},
        "since": (NOON - 4 * hour).isoformat(),
        "most": 1,
    }

    [found], none = answers("past_event", about, [person, other])

    assert (found["id"], found["properties"], none) == (str(wanted.id), {"order_id": "A", "value": 2}, [])
    assert answers("past_event", {**about, "since": (NOON - hour).isoformat()}, [person]) == [[]]
    assert answers("past_event", about, [None]) == [[]]


def test_a_condition_that_asks_about_the_past_is_answered_for_each() -> None:
    person, other = some(2)
    happened(person, "purchase", NOON - timedelta(days=1))

    assert answers("holds", {"condition": 'COUNT("purchase") >= 1'}, [person, other, None]) == [True, False, False]


def test_past_events_are_counted_for_each_as_json_has_it() -> None:
    person, other = some(2)
    for days, value in ((1, 2.5), (2, 2.5), (3, 7)):
        happened(person, "purchase", NOON - timedelta(days=days), value=value)

    def made(value: str) -> list[Any]:
        return answers("counted", {"value": value}, [person, other, None])

    assert made('COUNT("purchase")') == [3, 0, 0]
    assert made('SUM(event@properties.value OF "purchase" LAST 60 HOURS)') == [5, 0, 0]
    assert made('AVERAGE(event@properties.value OF "purchase" SINCE "2020-01-01")') == [4, None, None]
    assert made("MIN(event@properties.value OF ANY EVENT)") == [2.5, None, None]
    assert made('FIRST(event@time OF "purchase")') == [(NOON - timedelta(days=3)).isoformat(), None, None]


def test_events_of_any_type_are_found_but_for_those_of_the_platform() -> None:
    [person] = some(1)
    for hours, type in enumerate(("purchase", "page-view", "segment-entered", "search"), start=1):
        happened(person, type, NOON - timedelta(hours=hours))
    since = (NOON - timedelta(days=1)).isoformat()

    [found] = answers("past_event", {"type": "", "match": None, "since": since, "most": 2}, [person])

    assert [event["type"] for event in found] == ["purchase", "page-view"]


def test_history_that_came_in_later_is_found_unless_it_has_to_be_news() -> None:
    [person] = some(1)
    EventFactory(profile_id=person, original_profile_id=person, type="purchase", time=NOON, is_silent=True)
    about = {"type": "purchase", "match": None, "since": (NOON - timedelta(days=1)).isoformat(), "most": 1}

    assert [len(found) for found in answers("past_event", about, [person])] == [1]
    assert answers("past_event", {**about, "stored_since": about["since"]}, [person]) == [[]]


def test_sessions_are_found_the_latest_first() -> None:
    person, other = some(2)
    times = [NOON - timedelta(hours=hours) for hours in (1, 3, 2, 50)]
    ids = [str(SessionFactory(profile_id=person, started_at=at, last_seen_at=at).id) for at in times]
    about = {"since": (NOON - timedelta(days=2)).isoformat(), "most": 2}

    found, none, nobody = answers("past_session", about, [person, other, None])

    assert [each["id"] for each in found] == [ids[0], ids[2]]
    assert found[0]["started_at"] == times[0].isoformat()
    assert "profile_id" not in found[0]
    assert (none, nobody) == ([], [])


def test_people_are_found_with_the_fields_that_are_wanted() -> None:
    ada = ProfileFactory(traits={"plan": "pro", "other": 1}, primary_id="42", data={"pii": {"firstname": "Ada"}})
    about = {"named": "42", "fields": ["traits.plan", "traits.gone", "data.pii.firstname", "created_at"]}

    [found] = answers("people", about, some(1))

    assert found == [
        {
            **{"id": str(ada.id), "traits": {"plan": "pro"}, "data": {"pii": {"firstname": "Ada"}}},
            "created_at": ada.created_at.isoformat(),
        }
    ]
    assert answers("people", {**about, "named": "43"}, [None]) == [[]]


class TestWhatChanges:
    """Of each person and node what was seen last is kept, as a digest."""

    def see(self, version: Any, people: list[Any], value: str, *, at: datetime = NOON) -> list[Any]:
        ids = let_in(version, people, at=at, event={"value": value})
        pass_time(at)
        return [run_of(id).state["memory"]["answer"] for id in ids]

    def version(self, within_secs: float | None = None, **of: Any) -> Any:
        def about(step: Step) -> Any:
            return {"digest": str(digest(step.scope["event"]["value"])), "within_secs": within_secs}

        return publish({"start": start, "ask": asking("changed", about)}, ["start -> ask"], **of)

    def test_it_is_what_was_seen_last_by_this_node_of_this_person(self) -> None:
        (ada, ben), version = some(2), self.version()

        assert self.see(version, [ada, ben], "a") == ["first", "first"]
        assert self.see(version, [ada, ada], "b") == ["changed", "same"]
        assert self.see(version, [ada, ben, None], "b") == ["same", "changed", "first"]
        assert self.see(self.version(), [ada], "b") == ["first"]
        assert LastValue.objects.filter(profile_id=ada).count() == 2

    def test_it_is_forgotten_so_long_after_it_came(self) -> None:
        [ada], version = some(1), self.version(within_secs=60)

        seen = [self.see(version, [ada], "a", at=NOON + timedelta(seconds=secs)) for secs in (0, 40, 59, 60, 119)]

        assert seen == [["first"], ["same"], ["same"], ["first"], ["same"]]
        forgetting.forget_old(now=NOON + timedelta(seconds=120))
        assert LastValue.objects.count() == 1
        forgetting.forget_old(now=NOON + timedelta(seconds=121))
        assert LastValue.objects.count() == 0

    def test_of_people_who_are_merged_the_latest_counts(self) -> None:
        (ada, gone, alone), version = some(3), self.version()
        self.see(version, [ada, alone], "a")
        self.see(version, [gone], "b", at=NOON + timedelta(seconds=1))

        following.adopt_last_values({gone: ada, alone: ada})

        assert LastValue.objects.count() == 1
        assert self.see(version, [ada], "b", at=NOON + timedelta(seconds=2)) == ["same"]


def test_who_asks_is_before_those_behind_them_and_holds_up_nobody_else() -> None:
    """Three runs of one person: the second one sees what the first has counted."""
    person = ProfileFactory()

    def count(step: Step) -> Move:
        from apps.flows.engine.moves import Change

        return Go(
            changes=(Change("increment", "traits.n", 1),), memory={"seen": step.scope["profile"]["traits"].get("n", 0)}
        )

    about = {"key": "k", "limit": 100, "window_secs": 60}
    version = publish({"start": start, "ask": asking("limit", about), "count": count}, ["start -> ask", "ask -> count"])
    ids = let_in(version, [person.id] * 3)
    pass_time(NOON)

    assert [run_of(id).state["memory"]["seen"] for id in ids] == [0, 1, 2]
    assert Profile.objects.get(pk=person.pk).traits == {"n": 3}


ABOUTS: Final[dict[Any, Any]] = {
    "limit": lambda step: {"key": str(step.run_id), "limit": 1, "window_secs": 1},
    "slot": lambda step: {"key": str(step.run_id), "every_secs": 1},
    "assignment": {"branch": "a"},
    "changed": {"digest": str(digest("a")), "within_secs": None},
    "holds": {"condition": 'COUNT("purchase") >= 1'},
    "counted": {"value": 'COUNT("purchase")'},
    "past_event": {"type": "purchase", "match": None, "since": NOON.isoformat(), "most": 1},
    "past_session": {"since": NOON.isoformat(), "most": 1},
    "people": {"named": "nobody@example.com", "fields": []},
}


@pytest.mark.parametrize("kind", ABOUTS)
def test_the_number_of_statements_does_not_grow_with_those_who_ask(kind: Any) -> None:
    version = publish({"start": start, "ask": asking(kind, ABOUTS[kind])}, ["start -> ask"])
    counts = []
    for n in (2, 1, 10):
        let_in(version, some(n))
        with CaptureQueriesContext(connection) as captured:
            assert batches.go_on(now=NOON) == n
        counts.append(len(captured))

    assert counts[1] == counts[2]


def test_limiters_of_one_key_count_together_whatever_flow_they_are_in() -> None:
    """Each person by themselves; one without a key counts for its own flow alone."""

    def limited(**settings: Any) -> list[UUID]:
        nodes = {"start": "start", "limit": ("limiter", {"limit": 2, **settings}), "end": "end"}
        edges = ("start -> limit", "limit.pass -> end", "limit.block -> end")
        return let_in(FlowVersionFactory(definition=flow(nodes, *edges)), [anna, anna, ben])

    anna, ben = some(2)
    ids = [*limited(key="offers"), *limited(key="offers"), *limited()]
    pass_time(NOON)

    ports = [next(port for node, port, _ in run_of(id).state["path"] if node == "limit") for id in ids]
    assert ports == ["pass", "pass", "pass", "block", "block", "pass", "pass", "pass", "pass"]


def test_what_may_be_agreed_to_is_what_is_offered_and_not_decided() -> None:
    for id, is_enabled in (("letters", True), ("old", False), ("post", True), ("statistics", True)):
        ConsentTypeFactory(id=id, is_enabled=is_enabled, is_required=id == "letters", default="grant")
    expired = {"revoke": (NOON - timedelta(days=1)).isoformat()}
    decided = {"consents.statistics": [(NOON - timedelta(days=9)).isoformat(), "", "", ""]}
    somebody = ProfileFactory(consents={"post": {"revoke": None}, "statistics": expired}, provenance=decided).id

    undecided, named = (
        answers("consents", {"ids": ids, "is_undecided": is_undecided}, [somebody])
        for ids, is_undecided in (([], True), (["post", "statistics", "old"], False))
    )

    assert [[each["id"] for each in found] for found in undecided] == [["letters", "statistics"]]
    assert [[each["id"] for each in found] for found in named] == [["post", "statistics"]]
    assert undecided[0][0] == {
        **{"id": "letters", "name": "letters", "text": "You may write to me.", "text_version": 1},
        **{"is_required": True, "is_ticked": True},
    }
