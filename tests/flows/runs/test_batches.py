"""Runs that are due go on, all together, and each once."""

from datetime import timedelta
from uuid import UUID

import pytest

from apps.core.ids import new_id
from apps.flows.engine.moves import Awaited, Change, Go, Move, Stay, TimedOut
from apps.flows.engine.step import Step
from apps.flows.models import NodeCount, Run
from apps.flows.runs import batches, pending, recording
from apps.flows.runs.recording import Result
from apps.flows.triggers import meeting
from apps.flows.triggers.happened import Happened, Occurred
from apps.profiles.models import Profile
from tests.factories import NOON, ProfileFactory
from tests.flows.runs.published import let_in, pass_time, publish, run_of

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
pytestmark = pytest.mark.django_db


def start(step: Step) -> Move:
    return Go()


def count(step: Step) -> Move:
    return Go(changes=(Change("increment", "traits.views", 1),))


def rest(step: Step) -> Move:
    return Go() if isinstance(step.wake, TimedOut) else Stay(until=step.now + HOUR)


def listen(step: Step) -> Move:
    return Go() if step.wake else Stay(until=None, events=(Awaited("page-view"),))


def end(step: Step) -> Move:
    return Go("end")


def test_a_run_goes_on_until_it_waits_and_again_when_its_time_has_come() -> None:
    version = publish(
        {"start": start, "count": count, "rest": rest, "again": count},
        ["start -> count", "count -> rest", "rest -> again"],
    )
    person = ProfileFactory()
    [id] = let_in(version, [person.id])

    assert pass_time(NOON) == 1

    run = run_of(id)
    assert (run.status, run.place, run.due_at) == (Run.Status.LIVE, "rest", NOON + HOUR)
    assert Profile.objects.get(pk=person.pk).traits == {"views": 1}
    assert pass_time(NOON + HOUR / 2) == 0
    assert pass_time(NOON + HOUR) == 1
    run = run_of(id)
    assert (run.status, run.due_at, run.ended_at) == (Run.Status.FINISHED, None, NOON + HOUR)
    assert Profile.objects.get(pk=person.pk).traits == {"views": 2}


def test_thirty_same_events_of_one_person_count_thirty() -> None:
    version = publish({"start": start, "count": count}, ["start -> count"])
    person = ProfileFactory()
    let_in(version, [person.id] * 30)

    pass_time(NOON)

    assert Profile.objects.get(pk=person.pk).traits == {"views": 30}
    counts = {(row.node, row.port): row.n for row in NodeCount.objects.all()}
    assert counts == {("start", ""): 30, ("start", "out"): 30, ("count", ""): 30, ("count", "out"): 30}


def broken(monkeypatch: pytest.MonkeyPatch, *names: UUID) -> None:
    """Let nothing be written of a batch in which one of these runs is, as if the code of a deploy did not fit."""
    write = recording.write

    def fails(result: Result) -> None:
        if {run.id for run, _ in result.outcomes} & set(names):
            raise KeyError("personal data")
        write(result)

    monkeypatch.setattr(recording, "write", fails)


def test_a_run_that_cannot_go_on_for_a_reason_of_ours_rests_and_goes_on_once_that_is_put_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = publish({"start": start, "count": count}, ["start -> count"])
    people = [ProfileFactory().id for _ in range(3)]
    [lost, *others] = let_in(version, people)

    with monkeypatch.context() as patched:
        broken(patched, lost)
        assert batches.go_on(now=NOON) == 3

        run = run_of(lost)
        assert (run.status, run.due_at, run.error) == (
            Run.Status.LIVE,
            NOON + 2 * SECOND,
            "It could not go on (KeyError).",
        )
        assert {run_of(id).status for id in others} == {Run.Status.FINISHED}
        batches.go_on(now=NOON + 2 * SECOND)
        assert run_of(lost).due_at == NOON + 12 * SECOND
    pass_time(NOON + 12 * SECOND)

    run = run_of(lost)
    assert (run.status, run.error, run.attempts) == (Run.Status.FINISHED, "", 0)
    assert Profile.objects.get(pk=people[0]).traits == {"views": 1}


def test_a_run_that_never_goes_on_is_given_up_and_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    version = publish({"start": start, "count": count}, ["start -> count"])
    [id] = let_in(version, [ProfileFactory().id])
    at = NOON
    with monkeypatch.context() as patched:
        broken(patched, id)
        for _ in range(Run.MAX_ATTEMPTS):
            assert batches.go_on(now=at) == 1
            at = run_of(id).due_at or at

    run = run_of(id)
    assert (run.status, run.due_at, run.error) == (Run.Status.LIVE, None, "It could not go on (KeyError).")
    assert run.dead_at == at == NOON + timedelta(seconds=2 + 10 + 60 + 300 + 900 + 4 * 3_600)
    assert list(pending.dead()) == [run]

    assert pending.revive(pending.dead(), now=at) == 1
    pass_time(at)
    assert run_of(id).status == Run.Status.FINISHED


def test_events_do_not_use_up_the_tries_of_a_run_that_rests() -> None:
    version = publish({"start": start, "listen": listen}, ["start -> listen"])
    person = ProfileFactory()
    [id] = let_in(version, [person.id])
    pass_time(NOON)
    Run.objects.filter(pk=id).update(due_at=NOON + HOUR, attempts=5, error="It could not go on (KeyError).")

    happened = Happened(Occurred("page-view", NOON, {}, id=new_id()), person)
    meeting.meet([happened], types=["page-view"], now=NOON)

    assert run_of(id).due_at == NOON + HOUR
    assert pass_time(NOON + HOUR) == 1
    assert run_of(id).status == Run.Status.FINISHED
