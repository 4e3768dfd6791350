"""How a flow changes: drafts, versions, and what becomes of who is inside."""

from typing import Any

import pytest

from apps.core import tasks
from apps.core.mistakes import DefinitionError
from apps.core.models import AuditEntry, Task
from apps.flows.changing import publishing, removal
from apps.flows.changing.publishing import Changed, NotNow, People
from apps.flows.definition import Problems
from apps.flows.models import AwaitedType, Flow, FlowVersion, Run, Wait
from apps.flows.runs import awaited
from tests.factories import ANNA, NOON
from tests.flows.drawing import drawn, published, redrawn, saved
from tests.flows.factories import RunFactory

pytestmark = pytest.mark.django_db

EMPTY: dict[str, Any] = {"nodes": []}


def test_a_draft_counts_its_changes_and_nothing_else() -> None:
    row = drawn()
    row.description = "For those who are new."

    assert saved(row, revision=1, is_unfinished=False) == ["description"]
    assert row.draft_revision == 1

    row.draft = {**row.draft, "consents": []}
    assert saved(row, revision=1, is_unfinished=False) == ["draft"]
    assert Flow.objects.get().draft_revision == 2


def test_who_looked_at_an_older_draft_is_told_and_overwrites_nothing() -> None:
    row = drawn()
    mine, theirs = Flow.objects.get(), Flow.objects.get()
    theirs.draft = {**row.draft, "zone": "Europe/Vienna"}
    saved(theirs, revision=1, is_unfinished=False)
    mine.draft = {**row.draft, "zone": "Europe/Paris"}

    with pytest.raises(Changed, match="revision 2"):
        saved(mine, revision=1, is_unfinished=False)

    assert Flow.objects.get().draft["zone"] == "Europe/Vienna"


def test_a_draft_with_mistakes_is_kept_only_where_it_is_not_finished_and_never_published() -> None:
    row = drawn()
    row.draft = EMPTY

    with pytest.raises(Problems):
        saved(row, revision=1, is_unfinished=False)
    saved(row, revision=1, is_unfinished=True)
    with pytest.raises(Problems):
        published(row)

    assert Flow.objects.get().draft == EMPTY
    assert not FlowVersion.objects.exists()


def test_what_a_draft_does_not_touch_is_not_checked_again() -> None:
    row = drawn()
    Flow.objects.update(draft=EMPTY)
    row = Flow.objects.get()
    row.name = "Hello"

    assert saved(row, revision=1, is_unfinished=False) == ["name"]


@pytest.mark.parametrize(("field", "value"), [("key", "no key"), ("name", ""), ("kind", "dance"), ("key", "welcome")])
def test_a_field_that_cannot_be_is_named(field: str, value: str) -> None:
    drawn()
    row = Flow(**{"key": "other", "name": "Other", "draft": publishing.FIRST_DRAFT, field: value})

    with pytest.raises(DefinitionError) as error:
        saved(row, revision=0, is_unfinished=False)

    assert error.value.field == field


@pytest.mark.parametrize("key", ["check", "import"])
def test_a_key_under_which_the_api_has_something_else_is_refused(key: str) -> None:
    with pytest.raises(DefinitionError, match="key: A flow cannot have the key"):
        drawn(key=key)


def test_publishing_makes_a_version_that_stays_as_it_is() -> None:
    row = drawn()
    version = published(row, note="The first one.")
    redrawn(row, zone="Europe/Vienna")

    stored = FlowVersion.objects.get(pk=version.pk)
    assert (stored.number, stored.note, stored.published_by) == (1, "The first one.", "anna")
    assert stored.definition == publishing.FIRST_DRAFT
    assert row.version == version
    assert row.state == Flow.State.OFF
    entry = AuditEntry.objects.get(action="published")
    assert entry.details["version"] == 1


def test_what_was_not_looked_at_is_not_published() -> None:
    row = drawn()
    redrawn(row, zone="Europe/Vienna")

    with pytest.raises(Changed):
        publishing.publish(row.pk, revision=1, people=People.FINISH, note="", actor=ANNA, now=NOON)


def test_nothing_is_published_twice() -> None:
    row = drawn()
    published(row)

    with pytest.raises(NotNow, match="version 1"):
        published(row)


def test_an_old_version_is_published_again_under_a_number_of_its_own() -> None:
    row = drawn()
    first = published(row)
    redrawn(row, zone="Europe/Vienna")
    published(row)

    third = publishing.roll_back(first.pk, people=People.FINISH, note="", actor=ANNA, now=NOON)

    row.refresh_from_db()
    assert (third.number, third.definition, third.note) == (3, first.definition, "As version 1 was.")
    assert row.version == third
    assert row.draft["zone"] == "Europe/Vienna"


def test_who_is_inside_is_counted_by_node_and_whether_it_stays() -> None:
    row = drawn()
    version = published(row)
    for place in ("start", "start", "gone"):
        RunFactory(flow=row, version=version, place=place)
    RunFactory(flow=row, version=version, place="start", status=Run.Status.FINISHED, due_at=None)

    found = publishing.inside(row, row.draft)

    assert [(each.node, each.n, each.is_kept, each.version) for each in found] == [
        ("start", 2, True, 1),
        ("gone", 1, False, 1),
    ]


@pytest.mark.parametrize("people", People)
def test_those_inside_finish_move_or_leave(people: People) -> None:
    row = drawn()
    first = published(row)
    run = RunFactory(flow=row, version=first, place="start", due_at=NOON)
    ended = RunFactory(flow=row, version=first, status=Run.Status.FINISHED, due_at=None)
    for kind in (Wait.Kind.EVENT, Wait.Kind.GOAL):
        until = NOON.replace(day=30) if kind == Wait.Kind.GOAL else None
        Wait.objects.create(run_id=run.pk, kind=kind, type="sale-completed", expires_at=until)
    redrawn(row, zone="Europe/Vienna")

    second = published(row, people)
    for task in Task.objects.all():
        tasks.run(task.pk, secs=5)

    run.refresh_from_db()
    first.refresh_from_db()
    ended.refresh_from_db()
    assert first.successor == (second if people is People.MOVE else None)
    assert run.status == (Run.Status.EDITED if people is People.LEAVE else Run.Status.LIVE)
    assert run.due_at == (None if people is People.LEAVE else NOON)
    assert bool(run.reason) is (people is People.LEAVE)
    kinds = {Wait.Kind.GOAL} if people is People.LEAVE else {Wait.Kind.EVENT, Wait.Kind.GOAL}
    assert set(Wait.objects.values_list("kind", flat=True)) == kinds
    assert ended.status == Run.Status.FINISHED


def test_a_flow_is_deleted_with_all_its_runs_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "PAGE", 2)
    rests: list[float] = []
    monkeypatch.setattr(removal.time, "sleep", rests.append)
    row, other = drawn(), drawn(key="other", name="Other")
    version, others = published(row), published(other)
    runs = [RunFactory(flow=row, version=version) for _ in range(5)]
    kept = RunFactory(flow=other, version=others)
    for run in (*runs, kept):
        Wait.objects.create(run_id=run.pk, kind=Wait.Kind.EVENT, type="x")

    task = removal.start(row.pk, by="anna")
    row.refresh_from_db()
    assert (row.state, row.version) == (Flow.State.OFF, None)
    with pytest.raises(NotNow, match="deleted"):
        published(row)
    tasks.run(task.pk, secs=5)

    task.refresh_from_db()
    assert 0 < rests[0] <= removal.SETTLES.total_seconds()
    assert task.state == Task.State.DONE
    assert list(Flow.objects.all()) == [other]
    assert list(Run.objects.all()) == [kept]
    assert Wait.objects.count() == 1
    assert FlowVersion.objects.get() == others


def test_a_flow_that_others_start_is_not_deleted() -> None:
    row = drawn()
    node = {"id": "sub", "kind": "sub-flow", "settings": {"flow": "welcome"}}
    outer = drawn(key="outer", name="Outer")
    version = published(outer)
    FlowVersion.objects.filter(pk=version.pk).update(definition={"nodes": [node]})

    with pytest.raises(NotNow, match="Outer"):
        removal.start(row.pk, by="anna")


def test_what_people_may_come_to_wait_for_is_known_before_anybody_does() -> None:
    waits = [
        {"id": "event", "kind": "wait-for-event", "settings": {"awaits": "page-view"}},
        {"id": "true", "kind": "wait-until-condition", "settings": {"condition": "profile@visits.count > 3"}},
    ]
    ways = [("start", "out", "event"), ("event", "out", "true"), ("event", "time_out", "end")]
    ways += [("true", "out", "end"), ("true", "time_out", "end")]
    row = drawn(
        draft={
            "triggers": [{"id": "t", "kind": "manual"}],
            "exits": [{"event_type": "sale-completed"}],
            "goals": [{"id": "g", "name": "Signed in", "event_type": "sign-in"}],
            "nodes": [{"id": "start", "kind": "start"}, *waits, {"id": "end", "kind": "end"}],
            "edges": [{"from": source, "port": port, "to": target} for source, port, target in ways],
        }
    )
    assert not AwaitedType.objects.exists()

    published(row)

    assert awaited.current.get() == {"page-view", "sale-completed", "sign-in", Wait.ANYTHING}
