"""A flow is tried out: each step is told, waits are answered, and nothing comes of it."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.mistakes import DefinitionError
from apps.flows.definition import Problems
from apps.flows.models import Assignment, Flow, FlowVersion, Run
from apps.flows.runs import batches
from apps.flows.trying import trial_walk, trials
from apps.flows.trying.step_lines import said
from apps.flows.trying.told import StepTold, Tried
from apps.profiles.models import Profile
from apps.segments.models import Segment
from tests.bridges.factories import ConnectionFactory
from tests.factories import NOON, EventFactory, ProfileFactory, SegmentFactory
from tests.flows.factories import FrequencyCapFactory, RunFactory
from tests.flows.runs.published import let_in, run_of
from tests.laws import examples

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MAIL = {
    "id": "mail",
    "kind": "email",
    "settings": {"connection": "Mail", "subject": "Hi {{ profile@name }}", "html": "<p>!</p>"},
}
WAIT = {"id": "wait", "kind": "wait", "settings": {"length": "1 hour"}}
LISTEN = {"id": "listen", "kind": "wait-for-event", "settings": {"awaits": "sale-completed", "time_out": "2 days"}}
CALL = {"id": "call", "kind": "http-call", "settings": {"connection": "API", "path": "/x/{{ profile@id }}"}}
LIMIT = {"id": "limit", "kind": "limiter", "settings": {"limit": 1}}
KEEP = {"id": "keep", "kind": "save-record", "settings": {"kind": "car", "name": "1", "data": {"colour": "red"}}}
ANNA = {"name": "Anna", "data": {"contact": {"email": {"main": "anna@example.com"}}}, "traits": {"plan": "pro"}}
PRO = 'profile@traits.plan = "pro"'


def flow(*nodes: dict[str, Any], ports: dict[str, str] | None = None, **parts: Any) -> Flow:
    """Return a flow whose draft leads through these nodes, one after the other, by out or the port that is said."""
    line = [{"id": "start", "kind": "start"}, *nodes, {"id": "end", "kind": "end"}]
    leads = ports or {}
    edges = [
        {"from": one["id"], "port": leads.get(one["id"], "out"), "to": other["id"]} for one, other in pairwise(line)
    ]
    return Flow.objects.create(key="welcome", name="Welcome", draft={"nodes": line, "edges": edges, **parts})


def tried(row: Flow, **said: Any) -> Tried:
    return trial_walk.try_out(row, trials.read(said), now=NOON, sees_people=True)


def step(found: Tried, node: str) -> StepTold:
    return next(each for each in found.steps if each.node == node)


def stored() -> dict[str, int]:
    """Count all rows of all tables."""
    with connection.cursor() as cursor:
        found = {}
        for model in apps.get_models():
            if model._meta.managed:
                cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}"')
                found[model._meta.db_table] = cursor.fetchone()[0]
    return found


def test_each_step_tells_what_it_would_have_done() -> None:
    anna = ProfileFactory(traits={"plan": "pro"})
    SegmentFactory(key="vips", kind=Segment.Kind.FLOW)
    row = flow(
        {"id": "asks", "kind": "condition", "settings": {"condition": PRO}},
        {"id": "tag", "kind": "add-tag", "settings": {"tag": "{{ event@properties.colour }}"}},
        {"id": "enter", "kind": "enter-segment", "settings": {"segment": "vips"}},
        ports={"asks": "true"},
    )

    found = tried(row, profile_id=str(anna.pk), event={"type": "seen", "properties": {"colour": "red"}})

    assert (found.end, found.path) == ("finished", ["start.out", "asks.true", "tag.out", "enter.out", "end"])
    assert step(found, "asks").conditions == {"condition": True}
    [change] = step(found, "tag").changes
    assert (change["path"], change["value"]) == ("traits.tags", "red")
    assert step(found, "enter").segments == {"vips": True}
    assert found.entered == ["vips"]
    anna.refresh_from_db()
    assert anna.traits == {"plan": "pro"}


def test_what_would_be_sent_is_shown_as_it_would_leave_and_is_not_sent() -> None:
    ConnectionFactory(name="Mail", kind="smtp")
    ConnectionFactory(name="API")
    row = flow(MAIL, CALL)
    before = stored()

    found = tried(row, profile=ANNA)

    assert found.path == ["start.out", "mail.out", "call.out", "end"]
    [mail] = step(found, "mail").sent
    assert (mail["connection"], mail["kind"], mail["channel"]) == ("Mail", "smtp", "email")
    assert (mail["request"]["to"], mail["request"]["subject"]) == ("anna@example.com", "Hi Anna")
    [call] = step(found, "call").sent
    assert call["request"]["path"].startswith("/x/")
    assert "open sesame" not in repr(found)
    wait = step(found, "call").wait
    assert wait
    assert (wait.delivery, wait.ended_by, wait.is_assumed) == (True, "delivery", True)
    assert stored() == before


@pytest.mark.parametrize(("name", "filled"), [("Sam Sample", "Sam Sample"), ("Sam", ""), ("Anna Maria Sample", "")])
def test_of_who_is_made_up_two_words_are_a_first_and_a_last_name(name: str, filled: str) -> None:
    ConnectionFactory(name="Mail", kind="smtp")
    subject = "Hi {{ profile@data.pii.firstname }} {{ profile@data.pii.lastname }}"
    node = {**MAIL, "settings": {"connection": "Mail", "subject": subject, "html": "<p>!</p>"}}

    found = tried(flow(node), profile={"name": name, "email": "sam@example.com"})

    [mail] = step(found, "mail").sent
    assert mail["request"]["subject"].strip() == f"Hi {filled}".strip()


def test_who_is_made_up_of_a_name_and_an_address_is_written_to_as_somebody_real() -> None:
    ConnectionFactory(name="Mail", kind="smtp")

    found = tried(flow(MAIL), profile={"name": "Ben", "email": "ben@example.com"})

    [mail] = step(found, "mail").sent
    assert (mail["request"]["to"], mail["request"]["subject"]) == ("ben@example.com", "Hi Ben")


def test_time_passes_for_whoever_waits_and_the_clock_moves_along() -> None:
    found = tried(flow(WAIT, LISTEN, ports={"listen": "time_out"}), profile=ANNA)

    assert found.path == ["start.out", "wait.out", "listen.time_out", "end"]
    assert found.ended_at == NOON + HOUR + timedelta(days=2)
    wait = step(found, "wait").wait
    assert wait
    assert (wait.until, wait.ended_at, wait.ended_by) == (NOON + HOUR, NOON + HOUR, "time")
    listens = step(found, "listen").wait
    assert listens
    assert listens.events == [{"type": "sale-completed", "match": None}]


def test_a_wait_is_answered_by_an_event_and_an_answer_that_nobody_waits_for_is_told() -> None:
    sale = {"type": "sale-completed", "properties": {"total": 7}}
    answers = [
        {"node": "listen", "visit": 1, "after_secs": 60, "event": {"type": "page-view"}},
        {"node": "listen", "after_secs": 3600, "event": sale},
        {"node": "wait", "visit": 2},
    ]

    found = tried(flow(WAIT, LISTEN), profile=ANNA, answers=answers)

    assert found.path == ["start.out", "wait.out", "listen.out", "end"]
    assert found.ended_at == NOON + 2 * HOUR
    assert found.unused_answers == [2]


def test_an_event_that_comes_is_another_one_than_that_which_started_the_flow() -> None:
    found = tried(
        flow(LISTEN),
        profile=ANNA,
        event={"type": "sale-completed"},
        answers=[{"node": "listen", "event": {"type": "sale-completed"}}],
    )

    assert found.path == ["start.out", "listen.out", "end"]


def test_an_answer_that_comes_too_late_answers_nothing() -> None:
    late = {"node": "listen", "after_secs": 86_400 * 3, "event": {"type": "sale-completed"}}

    found = tried(flow(LISTEN, ports={"listen": "time_out"}), profile=ANNA, answers=[late])

    assert found.path == ["start.out", "listen.time_out", "end"]
    assert found.unused_answers == [0]


def test_an_exit_rule_is_met_by_what_happens_while_somebody_waits() -> None:
    row = flow(WAIT, exits=[{"event_type": "sale-completed"}])

    found = tried(row, profile=ANNA, answers=[{"node": "wait", "after_secs": 60, "event": {"type": "sale-completed"}}])

    assert (found.end, found.place, found.ended_at) == ("exited", "wait", NOON + timedelta(minutes=1))


def test_it_stops_at_a_wait_that_nobody_answers_if_it_is_to() -> None:
    found = tried(flow(WAIT, LISTEN), profile=ANNA, waits="stop", answers=[{"node": "wait"}])

    assert (found.end, found.place) == ("waiting", "listen")
    listens = step(found, "listen").wait
    assert listens
    assert (listens.until, listens.ended_by) == (NOON + HOUR + timedelta(days=2), "")


def test_a_delivery_goes_as_somebody_says() -> None:
    ConnectionFactory(name="API")
    refused = {"node": "call", "delivery": {"outcome": "refused", "error": "410 Gone"}}

    found = tried(flow(CALL, ports={"call": "refused"}), profile=ANNA, answers=[refused])

    assert found.path == ["start.out", "call.refused", "end"]
    assert found.steps[-1].input["error"] == "410 Gone"


def test_a_pin_stands_in_for_asking_the_node() -> None:
    ConnectionFactory(name="API")
    row = flow(
        CALL,
        {"id": "asks", "kind": "condition", "settings": {"condition": "payload@answer.json.score > 5"}},
        ports={"asks": "true"},
    )

    found = tried(row, profile=ANNA, pins=[{"node": "call", "output": {"answer": {"json": {"score": 7}}}}])

    assert found.path == ["start.out", "call.out", "asks.true", "end"]
    assert (step(found, "call").is_pinned, step(found, "call").sent) == (True, [])
    with pytest.raises(DefinitionError, match="no node"):
        tried(row, pins=[{"node": "cal"}])


def test_a_node_that_is_disabled_is_passed_whatever_it_is_pinned_to() -> None:
    row = flow(WAIT | {"is_disabled": True}, {"id": "end-of-it", "kind": "remember", "settings": {"memory": {"x": 1}}})

    found = tried(row, profile=ANNA, pins=[{"node": WAIT["id"], "port": "error"}])

    passed = step(found, WAIT["id"])
    assert (passed.is_disabled, passed.is_pinned, passed.port, passed.wait) == (True, False, "out", None)
    assert list(said(passed)) == ["disabled, passed"]
    assert not step(found, "end-of-it").is_disabled


def test_one_node_is_tried_alone_with_what_it_is_given() -> None:
    row = flow(WAIT, {"id": "asks", "kind": "condition", "settings": {"condition": "payload@n > memory@least"}})

    found = tried(row, profile=ANNA, node="asks", payload={"n": 3}, memory={"least": 2})

    assert [(each.node, each.port, each.input) for each in found.steps] == [("asks", "true", {"n": 3})]


def test_a_trial_takes_no_allowance_keeps_no_record_and_books_no_contact() -> None:
    ConnectionFactory(name="Mail", kind="smtp")
    FrequencyCapFactory()
    anna = ProfileFactory(name="Anna", data=ANNA["data"])
    again = {**LIMIT, "id": "again", "settings": {"limit": 1, "counts": "all", "key": "x"}}
    row = flow(
        LIMIT, KEEP, again, {**again, "id": "third"}, MAIL, ports={"limit": "pass", "again": "pass", "third": "block"}
    )
    before = stored()

    ways = [tried(row, profile_id=str(anna.pk)).path for _ in range(2)]

    assert ways[0] == ways[1]
    assert ways[0][:4] == ["start.out", "limit.pass", "keep.out", "again.pass"]
    assert "mail.out" in ways[0]
    assert stored() == before


def test_a_trial_begins_as_a_run_did_or_with_an_event_that_is_stored() -> None:
    anna = ProfileFactory(traits={"plan": "pro"})
    row = flow({"id": "asks", "kind": "condition", "settings": {"condition": 'event@properties.colour = "red"'}})
    version = FlowVersion.objects.create(
        flow=row, number=1, definition=row.draft, published_at=NOON, published_by="anna"
    )
    event = EventFactory(profile_id=anna.pk, type="seen", properties={"colour": "red"}, time=NOON - HOUR)
    state = {"event": {"type": "seen", "properties": {"colour": "blue"}}, "tokens": []}
    run = RunFactory(flow=row, version=version, profile_id=anna.pk, state=state, started_at=NOON - 2 * HOUR)

    by_event, by_run = tried(row, event_id=str(event.pk)), tried(row, run_id=str(run.pk))

    assert (by_event.path[1], by_event.profile_id, by_event.began_at) == ("asks.true", anna.pk, NOON - HOUR)
    assert (by_run.path[1], by_run.profile_id, by_run.began_at) == ("asks.false", anna.pk, NOON - 2 * HOUR)


def test_branches_wait_side_by_side_and_a_join_waits_for_both() -> None:
    row = flow(WAIT)
    row.draft = {
        "nodes": [
            {"id": "start", "kind": "start"},
            WAIT,
            LISTEN,
            {"id": "join", "kind": "join"},
            {"id": "end", "kind": "end"},
        ],
        "edges": [
            {"from": "start", "to": "listen"},
            {"from": "start", "to": "wait"},
            {"from": "listen", "to": "join", "name": "bought"},
            {"from": "wait", "to": "join", "name": "waited"},
            {"from": "join", "to": "end"},
        ],
    }
    sale = {"node": "listen", "after_secs": 7_200, "event": {"type": "sale-completed"}}

    found = tried(row, profile=ANNA, answers=[sale])

    assert found.path == ["start.out", "wait.out", "listen.out", "join.out", "end"]
    assert found.ended_at == NOON + 2 * HOUR
    assert set(step(found, "join").input) == {"bought", "waited"}


def test_a_flow_that_is_called_ends_as_somebody_says() -> None:
    call = {"id": "call", "kind": "sub-flow", "settings": {"flow": "other"}}
    row = flow(call)

    assumed = tried(row, profile=ANNA)
    failed = tried(row, profile=ANNA, answers=[{"node": "call", "returns": {"status": "failed", "reason": "No."}}])

    assert (assumed.path[1], step(assumed, "call").started) == ("call.out", [{"flow": "other", "payload": None}])
    assert (failed.end, failed.steps[-1].error) == ("failed", "The flow other failed: No.")


def test_a_split_draws_as_it_would_and_nothing_is_drawn() -> None:
    anna = ProfileFactory()
    split = {
        "id": "split",
        "kind": "split",
        "settings": {"branches": [{"port": "a", "weight": 1}, {"port": "b", "weight": 1}]},
    }
    row = flow(split, ports={"split": "a"})
    Assignment.objects.create(flow=row, node="split", profile_id=anna.pk, branch="b", at=NOON)

    assert tried(row, profile_id=str(anna.pk)).path[1] == "split.b"
    assert len({tried(row, profile=ANNA).path[1] for _ in range(3)}) == 1
    assert Assignment.objects.count() == 1


def test_whoever_may_not_see_people_is_told_nothing_of_others() -> None:
    bob = ProfileFactory(traits={"plan": "Bobs"})
    find = {"id": "find", "kind": "find-person", "settings": {"named": str(bob.pk), "fields": ["traits.plan"]}}
    row = flow(find, ports={"find": "found"})

    seen, unseen = (
        trial_walk.try_out(row, trials.read({"profile": ANNA}), now=NOON, sees_people=sees) for sees in (True, False)
    )

    assert "Bobs" in repr(step(seen, "find").output)
    assert "Bobs" not in repr(unseen)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"profile_id": "01890000-0000-7000-8000-000000000000"}, "profile_id"),
        ({"profile_id": "anna"}, "profile_id"),
        ({"event_id": "01890000-0000-7000-8000-000000000000"}, "event_id"),
        ({"run_id": "01890000-0000-7000-8000-000000000000"}, "run_id"),
        ({"profile_id": "01890000-0000-7000-8000-000000000000", "profile": {}}, "profile"),
        ({"now": "noon"}, "now"),
        ({"answers": [{"node": "wait", "at": "2026-11-30T12:00:00"}]}, "answers.0.at"),
        ({"answers": [{"node": "wait", "after_secs": 7}]}, "answers.0.after_secs"),
        ({"answers": [{"node": "wait", "event": {"type": "x"}, "is_skipped": True}]}, "answers.0.is_skipped"),
        ({"event": {"type": "x", "time": "now"}}, "event.time"),
        ({"node": "nowhere"}, "node"),
    ],
)
def test_a_trial_that_cannot_begin_says_why(said: dict[str, Any], field: str) -> None:
    with pytest.raises(DefinitionError) as error:
        tried(flow(WAIT), **said)

    assert error.value.field == field


def test_a_draft_that_cannot_be_compiled_is_refused_with_its_mistakes() -> None:
    with pytest.raises(Problems, match="no kind of node"):
        tried(flow({"id": "x", "kind": "no-such-kind"}))


def test_whoever_goes_in_a_circle_comes_to_an_end() -> None:
    row = flow(WAIT)
    row.draft["edges"] = [{"from": "start", "to": "wait"}, {"from": "wait", "to": "start"}]

    assert tried(row, profile=ANNA).end in ("failed", "limit")


TESTS = (PRO, "profile@visits.count >= 1", 'event@properties.colour = "red"', "memory@a = 1", "payload@x = 1")
NODES = st.one_of(
    st.sampled_from(TESTS).map(lambda test: ("condition", {"condition": test})),
    st.sampled_from("ab").map(lambda tag: ("add-tag", {"tag": tag})),
    st.sampled_from("ab").map(lambda name: ("remember", {"memory": {name: 1}})),
    st.sampled_from((1, 2)).map(lambda most: ("limiter", {"limit": most})),
    st.just(("save-record", KEEP["settings"])),
)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a flow without waits, whose ways lead forwards."""
    kinds = draw(st.lists(NODES, min_size=1, max_size=6))
    nodes: list[dict[str, Any]] = [{"id": "n0", "kind": "start"}]
    nodes += [{"id": f"n{n}", "kind": kind, "settings": said} for n, (kind, said) in enumerate(kinds, 1)]
    nodes.append({"id": f"n{len(nodes)}", "kind": "end"})
    ports = {"condition": ("true", "false"), "limiter": ("pass", "block")}
    edges = []
    for n, node in enumerate(nodes[:-1]):
        for port in ports.get(node["kind"], ("out",)):
            to = draw(st.integers(n + 1, len(nodes) - 1))
            edges.append({"from": node["id"], "port": port, "to": f"n{to}"})
    return {"nodes": nodes, "edges": edges}


@settings(max_examples=examples(25, nightly=500))
@given(graphs(), st.sampled_from(("pro", "free")), st.sampled_from(("red", "blue")))
def test_a_trial_changes_nothing_and_goes_the_way_of_a_run(draft: dict[str, Any], plan: str, colour: str) -> None:
    anna = ProfileFactory(traits={"plan": plan})
    row = Flow.objects.create(key=f"flow-{anna.pk}", name=str(anna.pk), draft=draft, state=Flow.State.ON)
    version = FlowVersion.objects.create(flow=row, number=1, definition=draft, published_at=NOON, published_by="anna")
    event = {"id": "1", "type": "seen", "time": NOON.isoformat(), "properties": {"colour": colour}}
    before, columns = stored(), dict(vars(Profile.objects.get(pk=anna.pk)))

    found = tried(row, profile_id=str(anna.pk), event=event)

    assert stored() == before
    after = vars(Profile.objects.get(pk=anna.pk))
    assert {**after, "_state": None} == {**columns, "_state": None}
    [run_id] = let_in(version, [anna.pk], event=event)
    batches.go_on(now=NOON)
    run = run_of(run_id)
    assert [f"{node}.{port}" if port else node for node, port, _ in run.state["path"]] == found.path
    assert Run.Status(run.status).name.lower() == found.end
