"""A simulation goes page by page, is drawn by chance where there are too many, and leaves nothing else behind."""

import hashlib
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.core import tasks
from apps.core.mistakes import DefinitionError
from apps.core.models import Task
from apps.flows.definition import Problems
from apps.flows.models import Flow, Simulation, SimulationSample
from apps.flows.runs import answers
from apps.flows.simulating import shown, simulations, stored_people
from apps.flows.simulating.past_answers import Answers
from apps.flows.simulating.simulations import Terms
from apps.profiles.holdings import holdings, person_of
from apps.segments.models import Segment
from tests.bridges.factories import ConnectionFactory
from tests.factories import NOON, EventFactory, ProfileFactory, SegmentFactory
from tests.flows.factories import FrequencyCapFactory
from tests.flows.simulating.simulated import simulated
from tests.flows.simulating.test_stories import BOUGHT, END, counted, does, flow, node

pytestmark = pytest.mark.django_db
OWN = {"core_task", "core_tasklogline", "flows_simulation", "flows_simulationsample"}


def stored() -> dict[str, tuple[int, str]]:
    """Return of each table but those of simulations and tasks how many rows it has, and a hash of all that they say."""
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if model._meta.managed and table not in OWN:
                cursor.execute(f'SELECT row::text FROM "{table}" AS row ORDER BY 1')
                rows = cursor.fetchall()
                found[table] = len(rows), hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


def doing_all() -> Flow:
    """Return a flow that does whatever nodes can do, to people, segments, and other systems."""
    ConnectionFactory(name="Mail", kind="smtp")
    ConnectionFactory(name="API")
    SegmentFactory(key="vips", kind=Segment.Kind.FLOW)
    FrequencyCapFactory()
    line = [
        node("tag", "add-tag", tag="bought"),
        node("set", "set-fields", fields=[{"field": "data.pii.firstname", "value": "Anna"}]),
        node("enter", "enter-segment", segment="vips"),
        node("limit", "limiter", limit=50, counts="all"),
        node("own", "limiter", limit=5),
        node("turn", "throttle", limit=1, within="1 second"),
        node("split", "split", branches=[{"port": "a"}, {"port": "b"}]),
        node("keep", "save-record", kind="car", name="1", data={"colour": "red"}),
        node("gone", "delete-record", kind="car", name="1"),
        node("share", "set-shared", key="total", do="add", by=1),
        node("new", "changed", value="profile@traits.plan"),
        node("hook", "http-call", where="address", url="https://hooks.example.com/x"),
        node("call", "http-call", connection="API", path="/x"),
        node("mail", "email", connection="Mail", to="a@example.com", subject="Hi", html="<p>!</p>"),
        node("wait", "wait", length="1 hour"),
    ]
    ports = {"limit": "pass", "own": "pass", "split": "a", "new": "changed"}
    names = ["start", *(each["id"] for each in line), "end"]
    edges = [f"{one}.{ports[one]} {other}" if one in ports else f"{one} {other}" for one, other in pairwise(names)]
    return flow(*line, edges=[*edges, "split.b keep", "new.same hook"])


def test_nothing_but_the_task_and_the_result_is_written() -> None:
    row = doing_all()
    for _ in range(3):
        person = ProfileFactory(traits={"plan": "pro"})
        for hours in range(3):
            does(person, "bought", after=timedelta(hours=hours))
    before = stored()

    found = counted(row)

    assert stored() == before
    assert found["nodes"]["end"]["entered"] > 0, found["nodes"]
    assert found["endings"] == {"finished": 9}
    assert {each["kind"]: each["n"] for each in found["deliveries"] if each["kind"] == "smtp"} == {"smtp": 3}
    assert sum(each["n"] for each in found["deliveries"] if each["kind"] == "http") == 18


def test_a_node_that_writes_all_the_same_is_stopped_by_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no matter of care alone: a transaction that may only read takes no write."""
    does(ProfileFactory(), "bought")
    row = flow(edges=["start end"])
    monkeypatch.setattr(stored_people, "page", lambda *_args, **_options: ProfileFactory())
    found = simulations.begin(row, Terms(days=6), by="anna", now=END)

    tasks.run(found.task_id, secs=60)

    found.task.refresh_from_db()
    assert found.task.state == Task.State.FAILED
    connection.cursor().execute("SELECT 1")  # and the transaction around it goes on, and may write
    ProfileFactory()


def test_whatever_nodes_leave_behind_is_kept_in_memory_instead() -> None:
    assert answers.KEEPING - Answers.OWN.keys() == set()


def test_it_goes_on_person_by_person_where_they_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(20):
        does(ProfileFactory(), "bought")
    row = flow(edges=["start end"])
    monkeypatch.setattr(simulations, "STEP_SECS", 0.0)
    found = simulations.begin(row, Terms(days=6), by="anna", now=END)
    said = []

    while tasks.run(found.task_id, secs=0.001) or not said:
        found = Simulation.objects.select_related("task").get(pk=found.pk)
        said.append(shown.line(found)["n_entered"])

    told = shown.document(Simulation.objects.select_related("task", "flow").get(pk=found.pk), sees_people=False)
    assert len(said) >= 20
    assert said == sorted(said)
    assert (told["n_entered"], told["progress"], told["is_sample"]) == (20, 20, False)
    assert told["samples"] is None


def test_of_too_many_people_some_are_drawn_by_chance_and_the_rest_is_estimated() -> None:
    for _ in range(200):
        does(ProfileFactory(), "bought")
    row = flow(edges=["start end"])

    found = counted(row, max_people=50)

    assert found["is_sample"]
    assert 20 <= found["n_entered"] <= 80
    assert found["factor"] == pytest.approx(200 / found["progress"])
    assert found["caveats"][0].startswith("These are not all people: counts are of")
    assert counted(row, max_people=50)["n_entered"] == found["n_entered"]


def test_it_ends_where_there_are_too_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(100):
        does(ProfileFactory(), "bought")
    monkeypatch.setattr(simulations, "MAX_RUNS", 30)

    found = counted(flow(edges=["start end"]))

    assert 30 <= found["n_entered"] < 100
    assert found["is_sample"]
    assert found["factor"] > 1


def test_one_that_is_cancelled_keeps_what_it_has_counted() -> None:
    does(ProfileFactory(), "bought")
    found = simulations.begin(flow(edges=["start end"]), Terms(days=6), by="anna", now=END)

    tasks.cancel([found.task_id], by="anna", now=END)

    assert not tasks.run(found.task_id, secs=60)
    told = shown.document(Simulation.objects.select_related("task", "flow").get(pk=found.pk), sees_people=True)
    assert (told["status"], told["n_entered"], told["is_sample"]) == ("cancelled", 0, True)


def test_samples_go_with_the_person_and_old_simulations_with_their_samples() -> None:
    anna, ben = ProfileFactory(), ProfileFactory()
    does(anna, "bought")
    does(ben, "bought")
    counted(flow(edges=["start end"]))
    holding = holdings["flow_simulations"]
    person = person_of(anna)

    assert len(list(holding.rows(person))) == 1
    holding.erase(person, limit=100)

    assert set(SimulationSample.objects.values_list("profile_id", flat=True)) == {ben.pk}
    assert simulations.forget_old(now=END + timedelta(days=29)) == 0
    assert simulations.forget_old(now=END + timedelta(days=31)) == 1
    assert not SimulationSample.objects.exists()


@pytest.mark.parametrize("kind", [Flow.Kind.SEGMENTATION])
def test_a_flow_over_everybody_is_refused(kind: str) -> None:
    row = flow(edges=["start end"])
    row.kind = kind

    with pytest.raises(DefinitionError, match="nobody enter"):
        simulations.begin(row, Terms(days=6), by="anna", now=END)


def test_a_definition_that_cannot_be_compiled_is_refused_at_once() -> None:
    row = flow(edges=["start end"])

    with pytest.raises(Problems):
        simulations.begin(row, Terms(days=6, document={"nodes": []}), by="anna", now=END)
    with pytest.raises(DefinitionError, match="no node nowhere"):
        simulations.begin(row, Terms(days=6, pins=[{"node": "nowhere"}]), by="anna", now=END)
    assert not Task.objects.exists()


def test_only_what_is_valid_and_in_the_period_counts() -> None:
    anna = ProfileFactory()
    does(anna, "bought")
    does(anna, "bought", after=-timedelta(days=2))
    EventFactory(type="bought", time=NOON, profile_id=anna.pk, is_valid=False)

    assert counted(flow(edges=["start end"]))["n_events"] == 1


def test_the_command_tells_it_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    at = timezone.now() - timedelta(days=1)
    EventFactory(type="bought", time=at, profile_id=ProfileFactory().pk)
    row = flow(node("wait", "wait", length="7 days"), edges=["start wait", "wait end"], trigger=BOUGHT)

    call_command("flow", "simulate", row.key, "--days", "2")

    said = capsys.readouterr().out
    for each in ("1 people with 1 events", "1 met a trigger, 1 entered", "start.out -> wait: 1", "waiting at wait: 1"):
        assert each in said
    with pytest.raises(CommandError, match="no flow"):
        call_command("flow", "simulate", "nothing")
    with pytest.raises(CommandError, match="1,100 days"):
        call_command("flow", "simulate", row.key, "--days", "2000")


def test_a_person_with_very_many_events_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_people, "MAX_EVENTS", 5)
    busy, other = ProfileFactory(), ProfileFactory()
    for hours in range(9):
        does(busy, "bought", after=timedelta(hours=hours))
    does(other, "bought")

    found: dict[str, Any] = simulated(flow(edges=["start end"]), now=END, days=6)

    assert found["n_entered"] == 6
    assert any("the first ones count" in each for each in found["caveats"])
