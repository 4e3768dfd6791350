"""Who tracks and asks is answered by flows, before anything of it is stored; what takes longer goes on behind."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.events.models import Event
from apps.flows.models import Flow, NodeCount, Run, Wait
from apps.flows.runs import awaited, inline, walking
from apps.profiles.models import Profile
from apps.segments import definitions
from apps.segments.models import Membership
from tests.factories import ConsentTypeFactory, SegmentFactory, SourceFactory, track_body
from tests.flows.runs.published import pass_time
from tests.flows.triggers.flowing import on_event, publish, runs

pytestmark = pytest.mark.django_db
VIEW = {"type": "page-view", "properties": {"category": "shoes"}}


@pytest.fixture
def client(db: None, alone: None) -> APIClient:
    return APIClient()


@pytest.fixture
def source(db: None) -> Any:
    return SourceFactory()


def chain(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A flow that answers, of these nodes one after the other."""
    listed = [{"id": "start", "kind": "start"}, *nodes, {"id": "end", "kind": "end"}]
    pairs = pairwise(listed)
    edges = [{"from": one["id"], "to": other["id"]} for one, other in pairs]
    return {"nodes": listed, "edges": edges, "answers_inline": True, "inline_ms": 1_000, "trace_percent": 100}


def node(kind: str, id: str = "", **settings: Any) -> dict[str, Any]:
    return {"id": id or kind, "kind": kind, "settings": settings}


SAYS = node("inline-response", response={"seen": "event@properties.category", "views": "profile@stats.seen"})
COUNTS = node("increment", field="stats.seen", by=1)
SHOWS = node("inline-widget", blocks=[{"kind": "text", "text": "Hello {{ profile@traits.plan | default('you') }}"}])


def ask(client: APIClient, source: Any, *events: Any, session: str = "anna", **options: Any) -> dict[str, Any]:
    body = track_body(source, session=session, events=list(events or [VIEW]), options={"answer": True, **options})
    response = client.post("/track", body, format="json")
    assert response.status_code == 200, response.content
    told: dict[str, Any] = response.json()
    return told


def test_a_flow_answers_and_what_it_changes_is_stored_with_the_event(client: APIClient, source: Any) -> None:
    flow = publish(on_event("page-view"), **chain(COUNTS, SAYS, SHOWS))

    first, second = ask(client, source), ask(client, source)

    assert [told["response"] for told in (first, second)] == [
        {"seen": "shoes", "views": 1},
        {"seen": "shoes", "views": 2},
    ]
    assert "Hello you" in str(first["ux"])
    anna = Profile.objects.get()
    assert anna.stats["seen"] == 2
    assert anna.provenance["stats.seen"][1].startswith(f"flow:{flow.key}:1:increment:")
    one, two = runs(flow)
    assert (one.status, two.status) == (Run.Status.FINISHED, Run.Status.FINISHED)
    assert (one.due_at, one.profile_id, one.ended_at) == (None, anna.id, one.started_at)
    assert one.state["event"]["id"] == str(Event.objects.filter(type="page-view").earliest("id").id)
    assert NodeCount.objects.get(node="increment", port="out").n == 2


def test_what_cannot_be_written_is_not_answered(client: APIClient, source: Any) -> None:
    product = node("inline-response", response={"n": "{{ event@properties.n * event@properties.n }}"})
    flow = publish(on_event("page-view"), **chain(product))

    told = ask(client, source, {"type": "page-view", "properties": {"n": 10**12}})

    assert told["response"] == {}
    assert [run.reason for run in runs(flow)] == ["Node inline-response: The response is no JSON."]


def test_who_agrees_to_what_a_page_asks_is_asked_no_more(client: APIClient, source: Any) -> None:
    for id in ("letters", "statistics"):
        ConsentTypeFactory(id=id)
    publish(on_event("page-view"), **chain(node("ask-consents", text="May we?")))

    [widget] = ask(client, source)["ux"]
    _, block = widget["blocks"]
    shown = {each["id"]: each["text_version"] for each in block["consents"]}
    agreed = {"letters": {"revoke": None, "text_version": shown["letters"]}, "statistics": False}
    decided = {"type": block["event_type"], "properties": {"consents": agreed, "widget": widget["id"]}}
    told = ask(client, source, decided)

    assert (shown, told.get("errors", []), told.get("warnings", [])) == ({"letters": 1, "statistics": 1}, [], [])
    assert Profile.objects.get().consents["letters"] == {"revoke": None}
    assert ask(client, source)["ux"] == []


def test_who_does_not_ask_waits_for_nothing(client: APIClient, source: Any) -> None:
    flow = publish(on_event("page-view"), **chain(COUNTS, SAYS))

    told = ask(client, source, answer=False)

    assert told["response"] == {}
    [run] = runs(flow)
    assert (run.status, run.due_at) == (Run.Status.LIVE, run.started_at)


def test_other_flows_are_left_to_workers(client: APIClient, source: Any) -> None:
    publish(on_event("page-view"), **chain(SAYS))
    other = publish(on_event("page-view"))

    ask(client, source)

    [run] = runs(other)
    assert run.status == Run.Status.LIVE


def test_segments_are_evaluated_by_what_a_flow_has_changed(client: APIClient, source: Any) -> None:
    definitions.save(SegmentFactory.build(key="seen", condition="profile@stats.seen >= 1"))
    publish(on_event("page-view"), **chain(COUNTS))

    ask(client, source)

    assert Membership.objects.filter(segment__key="seen", left_at=None).count() == 1


def test_people_enter_segments_by_flows(client: APIClient, source: Any) -> None:
    SegmentFactory(key="visitors", kind="flow", condition="")
    publish(on_event("page-view"), **chain(node("enter-segment", segment="visitors")))

    ask(client, source)

    assert Membership.objects.filter(segment__key="visitors", left_at=None).count() == 1


SAYS_IN_IT = node("inline-response", response={"in": "profile@segments"})


def test_who_is_in_a_segment_already_is_known_to_flows_that_read_it(client: APIClient, source: Any) -> None:
    SegmentFactory(key="visitors", kind="flow", condition="")
    flow = publish(on_event("page-view"), **chain(node("enter-segment", segment="visitors")))
    ask(client, source)
    flow.state = Flow.State.OFF
    flow.save()
    waits = node("wait-for-segment", segment="visitors", time_out="1 day")
    publish(on_event("page-view"), key="waits", **chain(waits, SAYS_IN_IT))

    assert ask(client, source)["response"] == {"in": ["visitors"]}

    publish(on_event("page-view"), key="leaves", **chain(node("leave-segment", segment="visitors")))
    ask(client, source)
    assert not Membership.objects.filter(segment__key="visitors", left_at=None).exists()


@pytest.mark.parametrize(
    ("reading", "is_asked"), [(SAYS, False), (SAYS_IN_IT, True), (node("leave-segment", segment="visitors"), True)]
)
def test_segments_of_people_are_read_where_a_flow_reads_them(
    client: APIClient, source: Any, reading: dict[str, Any], is_asked: bool
) -> None:
    SegmentFactory(key="visitors", kind="flow", condition="")
    publish(on_event("page-view"), **chain(reading))
    ask(client, source)

    with CaptureQueriesContext(connection) as captured:
        ask(client, source)

    assert any("array_agg(key)" in each["sql"] for each in captured) is is_asked


def test_what_waits_goes_on_in_a_worker_and_is_not_met_by_what_started_it(client: APIClient, source: Any) -> None:
    waits = node("wait-for-event", awaits="page-view")
    flow = publish(on_event("page-view"), **chain(SAYS, waits), entry={"frequency": "once"})

    assert ask(client, source)["response"] == {"seen": "shoes", "views": None}

    [run] = runs(flow)
    assert (run.status, run.place) == (Run.Status.LIVE, "wait-for-event")
    wait = Wait.objects.get(run_id=run.id, type="page-view")
    assert wait.met == []
    ask(client, source)
    wait.refresh_from_db()
    assert len(wait.met) == 1


def test_what_comes_together_with_what_started_a_flow_that_answers_ends_it_where_it_comes_later(
    client: APIClient, source: Any
) -> None:
    awaited.note(["sale-completed"])
    exits = [{"event_type": "sale-completed", "match": {"properties.id": "event@properties.id"}}]
    rests = node("wait", length="1 hour")
    flow = publish(on_event("page-view"), **chain(SAYS, rests), exits=exits)
    viewed = {"type": "page-view", "properties": {"id": 1}}
    sold = {"type": "sale-completed", "properties": {"id": 1}}

    ask(client, source, viewed, sold, session="after")
    ask(client, source, sold, viewed, session="before")
    pass_time(datetime.now(UTC))

    assert [run.status for run in runs(flow)] == [Run.Status.EXITED, Run.Status.LIVE]


def test_what_takes_too_long_goes_on_where_it_has_come_to(
    client: APIClient, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = iter([0.0, 0.0, *[60.0] * 100])
    monkeypatch.setattr(walking, "perf_counter", lambda: next(slow))
    monkeypatch.setattr("apps.flows.runs.inline.perf_counter", lambda: 0.0)
    flow = publish(on_event("page-view"), **chain(COUNTS, SAYS))

    told = ask(client, source)

    [run] = runs(flow)
    assert run.status == Run.Status.LIVE
    assert run.due_at == run.started_at
    assert Profile.objects.get().stats.get("seen") == 1
    assert told["response"] == {}
    assert [token["node"] for token in run.state["tokens"]] == ["inline-response"]


def test_a_condition_that_reads_past_events_is_left_to_a_worker(client: APIClient, source: Any) -> None:
    asks = {"id": "asks", "kind": "condition", "settings": {"condition": 'COUNT("page-view") >= 1'}}
    parts = chain(COUNTS, asks, SAYS)
    parts["edges"] = [{**edge, "port": "true"} if edge["from"] == "asks" else edge for edge in parts["edges"]] + [
        {"from": "asks", "port": "false", "to": "end"}
    ]
    flow = publish(on_event("page-view"), **parts)

    assert ask(client, source)["response"] == {}

    [run] = runs(flow)
    assert (run.status, run.due_at) == (Run.Status.LIVE, run.started_at)
    assert [token["node"] for token in run.state["tokens"]] == ["asks"]
    assert Profile.objects.get().stats["seen"] == 1


def test_rules_of_entry_and_history_hold(client: APIClient, source: Any) -> None:
    flow = publish(on_event("page-view"), **chain(SAYS), entry={"frequency": "once"})

    assert ask(client, source, VIEW, VIEW)["response"] == {"seen": "shoes", "views": None}
    assert ask(client, source)["response"] == {}
    assert ask(client, source, session="bo", historical=True)["response"] == {}

    assert len(runs(flow)) == 1


def test_of_two_flows_the_one_that_comes_first_says_what_both_say(client: APIClient, source: Any) -> None:
    for priority, who in ((0, "last"), (9, "first")):
        says = node("inline-response", response={"who": who, who: True})
        publish(on_event("page-view"), **chain(says), priority=priority)

    assert ask(client, source)["response"] == {"who": "first", "first": True, "last": True}


def test_a_repetition_is_answered_nothing(client: APIClient, source: Any) -> None:
    publish(on_event("page-view"), **chain(SAYS))
    event = {**VIEW, "id": "m1"}

    assert ask(client, source, event)["response"]
    assert ask(client, source, event)["response"] == {}


def test_the_number_of_statements_does_not_depend_on_how_many_ask(client: APIClient, source: Any) -> None:
    flow: Flow = publish(on_event("page-view"), **chain(COUNTS, SAYS))
    counts = []
    for size in (1, 1, 10):
        body = [VIEW] * size
        with CaptureQueriesContext(connection) as captured:
            ask(client, source, *body, session=f"{size}-{len(counts)}")
        counts.append(len(captured))

    assert counts[1] == counts[2]
    assert len(runs(flow)) == 12


def test_flows_that_cannot_answer_lose_no_event_and_who_enters_goes_on_behind(
    client: APIClient, source: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = publish(on_event("page-view"), **chain(SAYS))

    def fails(*_asked: Any, **_options: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr(inline, "advance", fails)
    ask(client, source)

    assert Event.objects.filter(type="page-view").exists()
    [run] = runs(flow)
    assert (run.status, run.due_at is not None) == (Run.Status.LIVE, True)
