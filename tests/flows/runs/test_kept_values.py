"""What nodes keep for later runs: values that flows share, and records of people, through merges and erasures."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.events.resolution import by_hand
from apps.flows.engine.moves import Ask, Go, Move
from apps.flows.engine.step import Step
from apps.flows.models import PersonRecord, Run, SharedValue
from apps.flows.runs import batches, forgetting
from apps.flows.runs.answers import records
from apps.profiles.holdings import holdings, person_of
from apps.profiles.jobs import start_erasure
from apps.profiles.models import Merge, PrivacyRequest, Profile
from tests.factories import ANNA, NOON, ProfileFactory
from tests.flows.factories import FlowVersionFactory
from tests.flows.nodes.documents import flow
from tests.flows.runs.published import let_in, pass_time, publish, run_of
from tests.shop import Shop

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def start(step: Step) -> Move:
    return Go()


def asked(kind: Any, about: Any, *people: UUID | None, at: datetime = NOON) -> list[Any]:
    """Let each be asked by a run of theirs, and return the answers."""

    def ask(step: Step) -> Move:
        if step.kept != "asked":
            return Ask(kind, about, kept="asked")
        return Go(memory={"answer": step.answer})

    ids = let_in(publish({"start": start, "ask": ask}, ["start -> ask"]), people, at=at)
    pass_time(at)
    return [run_of(id).state["memory"]["answer"] for id in ids]


def change(do: str, value: Any = 1, *people: UUID | None, key: str = "k", secs: int = 60, at: datetime = NOON) -> Any:
    return asked("share", {"key": key, "do": do, "value": value, "keep_secs": secs}, *(people or (None,)), at=at)[-1]


def shared(key: str = "k", at: datetime = NOON) -> Any:
    return asked("shared", {"key": key}, None, at=at)[0]


class TestSharedValues:
    """They are there for all flows, for a while."""

    def test_what_one_flow_sets_another_gets(self) -> None:
        assert shared() == {}
        assert change("set", {"a": [1]}) == {"value": {"a": [1]}}
        assert (shared(), shared("other")) == ({"value": {"a": [1]}}, {})
        assert change("forget") == {"value": None}
        assert shared() == {}

    def test_each_is_counted_of_those_who_come_at_once(self) -> None:
        people = [ProfileFactory().id for _ in range(5)]

        assert change("add", 2, *people) == {"value": 10}
        assert change("add", -0.5) == {"value": 9.5}

    def test_to_what_is_no_number_nothing_is_added(self) -> None:
        change("set", "a text")

        assert "no number" in change("add", 1)["refused"]
        assert shared() == {"value": "a text"}

    def test_a_value_is_there_for_its_while_which_begins_anew(self) -> None:
        change("add", 1, secs=60)
        assert change("add", 1, secs=60, at=NOON + 59 * SECOND) == {"value": 2}
        assert shared(at=NOON + 118 * SECOND) == {"value": 2}
        assert shared(at=NOON + 119 * SECOND) == {}
        assert change("add", 1, at=NOON + 119 * SECOND) == {"value": 1}

    def test_what_is_over_is_forgotten(self) -> None:
        change("set", secs=60)

        forgetting.forget_old(now=NOON + 60 * SECOND)
        assert SharedValue.objects.count() == 1
        forgetting.forget_old(now=NOON + 61 * SECOND)
        assert SharedValue.objects.count() == 0

    def test_it_goes_with_the_person_whose_run_has_set_it(self) -> None:
        ada, ben = (ProfileFactory() for _ in range(2))
        change("set", "of Ada", ada.id, key="a")
        change("set", "of Ben", ben.id, key="b")
        holding = holdings["flow_shared_values"]

        assert [row["value"] for row in holding.rows(person_of(ada))] == ["of Ada"]
        assert holding.erase(person_of(ada), limit=10) == 1
        assert (shared("a"), shared("b")) == ({}, {"value": "of Ben"})


@pytest.mark.django_db(transaction=True)
def test_who_shares_two_values_in_opposite_orders_waits_for_nobody_in_a_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "TRIES", 1)  # of a deadlock
    monkeypatch.setattr(batches, "SIZE", 1)
    both, met = threading.Barrier(2), set[UUID]()

    def adding(key: str) -> Callable[[Step], Move]:
        def ask(step: Step) -> Move:
            if step.answer is None:
                if step.scope["memory"] and step.run_id not in met:
                    met.add(step.run_id)
                    both.wait(60)
                return Ask("share", {"key": key, "do": "add", "value": 1, "keep_secs": 60})
            return Go(memory={key: step.answer["value"]})

        return ask

    def work(_number: int) -> None:
        try:
            while batches.go_on(now=NOON):
                pass
        finally:
            connection.close()

    nodes = {"start": start, "a": adding("a"), "b": adding("b")}
    for edges in (["start -> a", "a -> b"], ["start -> b", "b -> a"]):
        let_in(publish(nodes, edges), [ProfileFactory().id])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))

    assert [(run.status, run.error) for run in Run.objects.all()] == [(Run.Status.FINISHED, "")] * 2
    assert {row.key: row.value for row in SharedValue.objects.all()} == {"a": 2, "b": 2}


def save(person: UUID, name: str = "1", *, do: str = "replace", at: datetime = NOON, **data: Any) -> Any:
    return asked("record", {"do": do, "kind": "car", "name": name, "data": data}, person, at=at)[0]


def load(person: UUID | None, name: str | None = "1", kind: str = "car") -> dict[str, Any]:
    [found] = asked("records", {"kind": kind, "name": name}, person)
    return {each["name"]: each["data"] for each in found}


class TestRecords:
    """Each is of a person, a kind and a name."""

    def test_what_was_saved_is_loaded(self) -> None:
        ada, ben = (ProfileFactory().id for _ in range(2))

        assert (load(ada), load(None)) == ({}, {})
        assert save(ada, brand="VW", seats=4) == {}
        assert (load(ada), load(ben), load(ada, kind="pet")) == ({"1": {"brand": "VW", "seats": 4}}, {}, {})

    def test_it_is_replaced_or_completed(self) -> None:
        ada = ProfileFactory().id
        save(ada, brand="VW", seats=4)

        save(ada, do="complete", seats=5, at=NOON + SECOND)
        assert load(ada) == {"1": {"brand": "VW", "seats": 5}}
        save(ada, seats=2, at=NOON + 2 * SECOND)
        assert load(ada) == {"1": {"seats": 2}}

    def test_all_of_a_kind_are_loaded_the_latest_first(self) -> None:
        ada = ProfileFactory().id
        for number, name in enumerate("bca"):
            save(ada, name, at=NOON + number * SECOND)

        assert list(load(ada, None)) == ["a", "c", "b"]

    def test_one_is_deleted_and_the_others_stay(self) -> None:
        ada = ProfileFactory().id
        for name in "ab":
            save(ada, name)

        assert [save(ada, name, do="delete") for name in "ax"] == [{}, {}]
        assert load(ada, None) == {"b": {}}

    def test_there_are_only_so_many_of_a_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(records, "MOST", 2)
        ada = ProfileFactory().id
        for name in "ab":
            save(ada, name)

        assert "200 records" in save(ada, "c")["refused"]
        assert save(ada, "a", seats=4) == {}
        assert "8,000 bytes" in save(ada, "a", text="x" * 8_000)["refused"]
        assert load(ada, None) == {"a": {"seats": 4}, "b": {}}

    def test_the_number_of_statements_does_not_grow_with_those_who_ask(self) -> None:
        def ask(step: Step) -> Move:
            if step.answer is None:
                return Ask("record", {"do": "replace", "kind": "car", "name": "1", "data": {}})
            return Go()

        version, counts = publish({"start": start, "ask": ask}, ["start -> ask"]), []
        for n in (2, 1, 10):
            let_in(version, [ProfileFactory().id for _ in range(n)])
            with CaptureQueriesContext(connection) as captured:
                assert batches.go_on(now=NOON) == n
            counts.append(len(captured))

        assert counts[1] == counts[2]

    def test_they_are_those_of_both_after_a_merge_and_each_has_their_own_once_it_is_undone(self) -> None:
        shop = Shop()
        shop.track("page-view", session="phone")
        shop.track("page-view", session="laptop")
        ada, gone = Profile.objects.order_by("id").values_list("id", flat=True)
        save(ada, "both", of="ada")
        save(gone, "both", of="gone", at=NOON + SECOND)
        save(gone, "gone's")

        by_hand.merge(ada, gone, actor=ANNA, now=shop.later(seconds=10))
        assert load(ada, None) == {"both": {"of": "gone"}, "gone's": {}}
        save(ada, "both", of="whole", at=NOON + 2 * SECOND)
        assert load(ada, None) == {"both": {"of": "whole"}, "gone's": {}}

        shop.undo(Merge.objects.get())
        assert load(ada, None) == {"both": {"of": "whole"}}
        assert load(gone, None) == {"both": {"of": "gone"}, "gone's": {}}

    def test_they_are_exported_and_erased_with_the_person(self) -> None:
        ada, ben = (ProfileFactory() for _ in range(2))
        save(ada.id, brand="VW")
        save(ben.id)

        assert [row["data"] for row in holdings["flow_records"].rows(person_of(ada))] == [{"brand": "VW"}]
        start_erasure(ada.id, kind=PrivacyRequest.Kind.ERASE, reference="1", actor=ANNA, at=NOON)
        assert [row.profile_id for row in PersonRecord.objects.all()] == [ben.id]


def test_nodes_keep_and_find_what_they_say() -> None:
    """A flow saves a record and counts; another one finds both."""
    ada = ProfileFactory().id
    keeping = flow(
        {
            "start": "start",
            "save": ("save-record", {"kind": "car", "name": "{{ event@properties.plate }}", "data": {"seats": 4}}),
            "count": ("set-shared", {"key": "cars", "do": "add"}),
            "end": "end",
        },
        *("start -> save", "save -> count", "count -> end"),
    )
    finding = flow(
        {
            "start": "start",
            "load": ("load-record", {"kind": "car", "name": "A 1"}),
            "get": ("get-shared", {"key": "cars"}),
            "remember": ("remember", {"memory": {"seats": "payload@record.data.seats", "cars": "payload@shared"}}),
            "end": "end",
        },
        *("start -> load", "load.found -> get", "load.not_found -> end", "get.found -> remember"),
        *("get.not_found -> end", "remember -> end"),
    )
    let_in(FlowVersionFactory(definition=keeping), [ada, ada], event={"properties": {"plate": "A 1"}})
    pass_time(NOON)
    [id] = let_in(FlowVersionFactory(definition=finding), [ada])
    pass_time(NOON)

    assert run_of(id).state["memory"] == {"seats": 4, "cars": 2}
