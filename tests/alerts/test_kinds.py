"""What each kind of alert finds: exactly that, on real tables and a real Valkey."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django_rq import get_connection
from rq import Queue, SimpleWorker, Worker
from rq.suspension import suspend

from apps.alerts.evaluating import evaluate
from apps.alerts.models import Alert
from apps.alerts.symptoms import NO_SOURCE, Facts, Symptom, Unknown, kinds
from apps.collector import health
from apps.core import beats
from apps.core.models import Task
from apps.core.queue_state import QueuesState, QueueState
from apps.core.spans import in_words
from apps.events.models import ArrivalCount, Source
from apps.events.store.maintenance import maintain
from apps.flows.runs import pausing
from tests.alerts.factories import AlertFactory, arrivals, facts, minutes, steady
from tests.core.factories import TaskFactory
from tests.factories import NOON, SourceFactory
from tests.flows.factories import FlowFactory, RunFactory
from tests.flows.triggers.flowing import publish

pytestmark = pytest.mark.django_db


def look(kind: str, found: Facts, **params: Any) -> list[Symptom]:
    return list(kinds[kind].look(kinds[kind].values(params), found))


@pytest.fixture
def source() -> Source:
    made: Source = SourceFactory(name="Web shop", created_at=NOON - timedelta(days=100))
    return made


@pytest.fixture
def queue(alone: None) -> Queue:
    """The queue `default`."""
    return Queue("default", connection=get_connection("default"))


@pytest.mark.parametrize(("silent_minutes", "is_told"), [(59, False), (60, True), (4_000, True)])
def test_a_source_is_silent_after_so_many_minutes(source: Source, silent_minutes: int, is_told: bool) -> None:
    arrivals(source, NOON - minutes(silent_minutes))

    found = look("silent_source", facts(), is_learned=False)

    assert [symptom.subject for symptom in found] == [str(source.pk)] * is_told
    assert [symptom.message for symptom in found] == [
        f"Web shop: no event for {in_words(60 * silent_minutes)}."
    ] * is_told


def test_what_was_refused_is_no_sign_of_life(source: Source) -> None:
    arrivals(source, NOON - minutes(90))
    arrivals(source, NOON - minutes(10), 0, refused=100)

    assert look("silent_source", facts(), is_learned=False) != []


def test_of_all_sources_those_are_watched_that_have_sent_and_are_on(source: Source) -> None:
    arrivals(SourceFactory(is_enabled=False), NOON - minutes(90))
    other = SourceFactory()
    arrivals(other, NOON - minutes(90))

    assert [symptom.subject for symptom in look("silent_source", facts())] == [str(other.pk)]


def test_a_source_that_is_watched_by_name_is_silent_also_if_it_never_sent(source: Source) -> None:
    Source.objects.update(created_at=NOON - timedelta(days=3))
    arrivals(SourceFactory(), NOON - minutes(90))

    [symptom] = look("silent_source", facts(), source=str(source.pk), is_learned=False)

    assert symptom.message == "Web shop: no event for 3 days."


def test_what_waits_in_the_inbox_has_arrived_though_nobody_has_counted_it(source: Source) -> None:
    arrivals(source, NOON - minutes(70))

    assert look("silent_source", facts(inbox_oldest_secs=1_800.0)) == []
    assert look("silent_source", facts(inbox_oldest_secs=300.0)) != []


def test_a_quiet_monday_noon_is_told_and_a_quiet_sunday_night_is_not(source: Source) -> None:
    """A shop that sends by day, from 8 to 20, for four weeks; it is Monday."""
    for days in range(28):
        day = NOON - timedelta(days=1 + days)
        steady(source, since=day - timedelta(hours=4), until=day + timedelta(hours=8))

    assert look("silent_source", facts(NOON - timedelta(hours=9))) == []  # nobody sends in the night
    arrivals(source, NOON - timedelta(hours=2), 10)
    assert look("silent_source", facts(NOON - minutes(65))) == []  # after 55 minutes
    [symptom] = look("silent_source", facts(NOON))
    assert symptom.message.startswith("Web shop: no event for 2 hours. In the same time of the last 4 weeks")
    assert symptom.message.endswith("there were 230 to 230.")


def test_with_too_little_to_learn_from_the_minutes_count_and_it_is_said(source: Source) -> None:
    steady(source, since=NOON - timedelta(days=16), until=NOON - minutes(85))

    [symptom] = look("silent_source", facts())

    assert symptom.message == (
        "Web shop: no event for 90 minutes. Its counts go back 2 full weeks, and 3 are needed to learn from: "
        "until then 60 minutes count always."
    )


def test_a_source_stays_silent_after_its_counts_were_forgotten(source: Source) -> None:
    arrivals(source, NOON - timedelta(weeks=11, days=1))
    arrivals(source, NOON - timedelta(weeks=11))
    for days in (76, 75):
        arrivals(source, NOON - timedelta(days=days), 0, refused=1)
    maintain(now=NOON)

    [symptom] = look("silent_source", facts(), is_learned=False)

    assert symptom.message == "Web shop: no event for 77 days."
    assert ArrivalCount.objects.filter(source_id=source.pk).count() == 1
    arrivals(source, NOON)
    maintain(now=NOON)
    assert [row.at for row in ArrivalCount.objects.filter(source_id=source.pk)] == [NOON]


def test_refusals_are_told_by_their_share_and_number(source: Source) -> None:
    arrivals(source, NOON - minutes(40), 0, refused=500)  # before the window
    arrivals(source, NOON - minutes(20), 150, refused=30)
    arrivals(source, NOON - minutes(5), 50, refused=20)

    [symptom] = look("refusal_rate", facts(), percent=20, least=50, minutes=30)

    assert symptom == Symptom(str(source.pk), "Web shop: 50 of 250 were refused in 30 minutes (20%).")
    assert look("refusal_rate", facts(), percent=21, least=50, minutes=30) == []
    assert look("refusal_rate", facts(), percent=20, least=51, minutes=30) == []
    assert look("refusal_rate", facts(), source=str(SourceFactory().pk), least=1, percent=1) == []


def test_the_oldest_request_of_the_inbox_and_dead_letters_are_told() -> None:
    assert look("old_inbox", facts(inbox_oldest_secs=599.0)) == []
    [symptom] = look("old_inbox", facts(inbox_oldest_secs=600.0))
    assert symptom == Symptom("", "The oldest accepted request waits for 10 minutes.")
    assert look("dead_letters", facts()) == []
    [symptom] = look("dead_letters", facts(n_dead_letters=2))
    assert symptom == Symptom("", "2 accepted requests are dead letters: Inbox has the reason.")


@pytest.mark.parametrize("kind", ["silent_source", "refusal_rate"])
def test_a_source_that_was_deleted_is_not_taken_for_well(kind: str) -> None:
    Alert.objects.all().delete()
    source = SourceFactory()
    alert = AlertFactory(kind=kind, params={"source": str(source.pk)})
    source.delete()

    evaluate(facts())

    alert.refresh_from_db()
    assert alert.problem == NO_SOURCE


@pytest.mark.parametrize("kind", ["old_inbox", "dead_letters", "silent_process"])
def test_what_the_database_does_not_tell_is_unknown(kind: str) -> None:
    with pytest.raises(Unknown):
        look(kind, facts(takes_events=False))


def test_failed_tasks_are_told_by_their_kind_until_somebody_lets_them_go_on() -> None:
    failed = {"state": Task.State.FAILED, "message": "anna@example.com broke it"}
    TaskFactory(kind="index-traits", finished_at=NOON - timedelta(hours=30), **failed)
    TaskFactory(kind="compute-traits", finished_at=NOON, state=Task.State.CANCELLED)
    assert look("failed_tasks", facts()) == []
    for hours in (1, 2):
        TaskFactory(kind="gone", finished_at=NOON - timedelta(hours=hours), **failed)

    [symptom] = look("failed_tasks", facts())

    assert symptom.subject == "gone"
    assert "2 tasks have failed" in symptom.message
    assert "anna" not in symptom.message


@pytest.mark.parametrize(("process", "remedy"), [("ingest", "run ingest"), ("cron", "run cron")])
def test_a_process_that_is_not_heard_is_told_with_the_way_out(process: str, remedy: str) -> None:
    heard = {beats.Name.INGEST: 299.0, beats.Name.CRON: 299.0}
    assert look("silent_process", facts(silent_secs=heard), process=process) == []

    [silent] = look("silent_process", facts(silent_secs={**heard, process: 300.0}), process=process)
    [never] = look("silent_process", facts(silent_secs={}), process=process)

    assert silent.message.startswith(f"{process.capitalize()} was not heard for 5 minutes. ")
    assert never.message.startswith(f"{process.capitalize()} has never run. ")
    assert remedy in silent.message
    assert (silent.least_minutes, never.least_minutes) == (1, 5)  # what was just started is to be heard first


def test_jobs_without_a_worker_are_told_by_their_queue(queue: Queue) -> None:
    assert look("unattended_queue", Facts(datetime.now(UTC))) == []
    queue.enqueue(print)

    [symptom] = look("unattended_queue", Facts(datetime.now(UTC)))

    assert symptom.message.startswith("Nobody works on default: 1 job waits. No worker listens. Start worker: ")


def test_a_worker_that_was_killed_is_told_and_so_is_a_job_that_waits_though_one_listens(queue: Queue) -> None:
    worker = Worker([queue], connection=queue.connection)
    worker.register_birth()
    worker.heartbeat(timeout=480)
    job = queue.enqueue(print)
    assert look("unattended_queue", Facts(datetime.now(UTC))) == []
    job.enqueued_at = datetime.now(UTC) - minutes(16)
    job.save()
    assert look("unattended_queue", Facts(datetime.now(UTC))) == [
        Symptom("behind", "The oldest job of default waits for 16 minutes.")
    ]

    queue.connection.expire(worker.key, 30)  # it is late with its sign of life

    [symptom] = look("unattended_queue", Facts(datetime.now(UTC)))
    assert symptom.message.startswith("Nobody works on default: 1 job waits. The last worker was heard ")


def test_queues_that_lose_their_worker_are_one_symptom() -> None:
    lost = [QueueState(name, depth, heartbeat_secs=70.0, n_lost=1) for name, depth in (("quick", 0), ("default", 2))]

    [symptom] = look("unattended_queue", facts(queues=QueuesState(queues=[*lost, QueueState("slow", n_workers=1)])))

    assert symptom.message.startswith("Nobody works on quick, default: 2 jobs wait. The last worker was heard ")


def test_workers_that_were_told_to_rest_are_told_of(queue: Queue) -> None:
    suspend(queue.connection)

    [symptom] = look("unattended_queue", Facts(datetime.now(UTC)))

    assert symptom.message.startswith("All workers were told to rest")


def test_jobs_that_failed_are_told_by_their_queue(queue: Queue) -> None:
    queue.enqueue("math.sqrt", -1)
    SimpleWorker([queue], connection=queue.connection).work(burst=True, logging_level="CRITICAL")

    assert look("failed_jobs", Facts(datetime.now(UTC))) == [
        Symptom("default", "A job failed in default, the last one: sqrt: ValueError.")
    ]


@pytest.mark.parametrize("kind", ["unattended_queue", "failed_jobs"])
def test_without_valkey_queues_are_unknown_and_that_it_is_away_is_told(kind: str) -> None:
    away = facts(has_valkey=False)

    with pytest.raises(Unknown):
        look(kind, away)
    [symptom] = look("valkey_away", away)
    assert symptom.message.startswith("Valkey does not answer")
    assert look("valkey_away", facts()) == []


def test_the_recommended_alerts_are_there_and_each_can_look() -> None:
    recommended = {alert.name: alert for alert in Alert.objects.all()}

    assert {alert.kind for alert in recommended.values()} == set(kinds)
    for alert in recommended.values():
        kind = kinds[alert.kind]
        assert set(alert.params) == {param.name for param in kind.params}
        assert list(kind.look(kind.values(alert.params), facts())) == []


def test_measures_come_from_the_place_where_status_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = health.Health(takes_events=True, has_valkey=True)
    monkeypatch.setattr("apps.alerts.symptoms.measure", lambda: measured)
    found = Facts(NOON)

    assert found.health is measured
    assert found.health is found.health


def test_a_flow_that_the_platform_has_paused_is_told_of_and_one_that_somebody_has_is_not() -> None:
    failing, resting = FlowFactory(name="Cart"), FlowFactory()
    pausing.pause(failing, now=NOON, because="4 of the 20 runs that ended within an hour have failed.")
    pausing.pause(resting, now=NOON)

    [symptom] = look("paused_flow", facts())

    assert symptom.subject == str(failing.pk)
    assert symptom.message == (
        "The flow Cart was paused: 4 of the 20 runs that ended within an hour have failed. Its runs say why."
    )


def test_a_flow_that_nobody_enters_or_goes_on_in_is_told_of() -> None:
    RunFactory(version__flow__name="Well", attempts=1, error="It could not go on (IntegrityError).")
    flow = RunFactory(version__flow__name="Cart", attempts=3, error="It could not go on (KeyError).").flow
    RunFactory(version__flow=flow, version__number=2, due_at=None, dead_at=NOON, error="It could not go on (KeyError).")
    broken = publish({"kind": "field", "field": "profile@visits"})

    entry, stuck = look("broken_flow", facts())

    assert (entry.subject, stuck.subject) == (f"{broken.pk} entry", f"{flow.pk} runs")
    assert entry.message.startswith(f"Nobody enters the flow {broken.name}, though it is on: Trigger t1, field: ")
    assert stuck.message.startswith("2 runs of the flow Cart cannot go on")
