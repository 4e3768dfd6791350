"""When incidents open and end, and who is told of it: once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.alerts import evaluating, notifying
from apps.alerts.evaluating import evaluate
from apps.alerts.models import Alert, Incident, Notification
from apps.alerts.symptoms import Kind, Symptom, Unknown, kinds
from tests.alerts.factories import AlertFactory, ChannelFactory, IncidentFactory, facts, made_up, minutes
from tests.factories import NOON
from tests.registries import declared

pytestmark = pytest.mark.django_db
ILL = Symptom("", "It is ill.")
What = Notification.What


@pytest.fixture(autouse=True)
def no_other_alerts(db: None) -> None:
    Alert.objects.all().delete()


@pytest.fixture
def symptoms() -> list[Symptom]:
    """What the alerts of the kind `made_up` find."""
    return []


@pytest.fixture
def kind(symptoms: list[Symptom]) -> Iterator[str]:
    with made_up(symptoms) as name:
        yield name


def look(after_minutes: float) -> None:
    evaluate(facts(NOON + minutes(after_minutes)))


def told() -> list[tuple[str, str]]:
    return list(Notification.objects.order_by("created_at", "id").values_list("what", "message"))


def test_an_incident_opens_once_and_ends_once(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind)
    ChannelFactory()
    look(0)
    assert told() == []
    symptoms.append(ILL)
    for minute in (1, 2, 3):
        look(minute)
    assert told() == [("opened", "It is ill.")]
    symptoms.clear()
    for minute in (4, 5):
        look(minute)

    assert told() == [("opened", "It is ill."), ("recovered", "It is ill.")]
    [incident] = Incident.objects.all()
    assert (incident.seen_at, incident.opened_at) == (NOON + minutes(1), NOON + minutes(1))
    assert (incident.last_seen_at, incident.recovered_at) == (NOON + minutes(3), NOON + minutes(4))
    symptoms.append(ILL)
    look(6)
    assert [what for what, _ in told()] == ["opened", "recovered", "opened"]


def test_a_symptom_may_have_to_hold_for_longer_than_its_alert_asks(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind, for_minutes=0)
    ChannelFactory()
    symptoms.append(Symptom("", "It has never run.", 5))
    for minute in (0, 4.9):
        look(minute)
    assert told() == []

    look(5)

    assert told() == [("opened", "It has never run.")]


def test_what_does_not_hold_for_long_enough_is_no_incident(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind, for_minutes=5)
    ChannelFactory()
    symptoms.append(ILL)
    for minute in (0, 4.9):
        look(minute)
    symptoms.clear()
    look(6)
    symptoms.append(ILL)
    for minute in (7, 11):
        look(minute)
    assert told() == []

    look(12)

    assert told() == [("opened", "It is ill.")]
    assert [row.seen_at for row in Incident.objects.all()] == [NOON + minutes(7)]


def test_while_nobody_looked_nothing_has_held(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind, for_minutes=5, recovery_minutes=5)
    ChannelFactory()
    symptoms.append(ILL)
    look(0)
    look(240)
    assert told() == []
    look(245)
    symptoms.clear()
    look(246)
    look(500)
    assert [what for what, _ in told()] == ["opened"]

    look(505)

    assert [what for what, _ in told()] == ["opened", "recovered"]


def test_what_comes_and_goes_each_minute_is_told_once(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind, recovery_minutes=5)
    ChannelFactory()
    for minute in range(60):
        symptoms[:] = [ILL] * (minute % 2)
        look(minute)

    assert told() == [("opened", "It is ill.")]
    symptoms.clear()
    for minute in range(60, 66):
        look(minute)
    assert [what for what, _ in told()] == ["opened", "recovered"]


def test_each_subject_has_an_incident_of_its_own(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind)
    ChannelFactory()
    symptoms[:] = [Symptom("a", "A is ill."), Symptom("b", "B is ill.")]
    look(0)
    symptoms.pop()
    look(1)

    assert sorted(told()) == [("opened", "A is ill."), ("opened", "B is ill."), ("recovered", "B is ill.")]


def test_of_many_at_once_few_are_told_and_the_last_says_how_many_there_are(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind)
    ChannelFactory()
    symptoms[:] = [Symptom(str(number), f"{number} is ill.") for number in range(200)]
    look(0)
    look(1)

    assert len(told()) == notifying.MOST
    assert sum("And 195 more" in message for _, message in told()) == 1
    assert Incident.objects.filter(opened_at=NOON).count() == 200
    symptoms.clear()
    look(2)
    assert sum(what == What.RECOVERED for what, _ in told()) == notifying.MOST


def test_nobody_is_told_while_it_is_muted_and_what_still_holds_then_is_told_then(
    kind: str, symptoms: list[Symptom]
) -> None:
    AlertFactory(kind=kind, muted_until=NOON + timedelta(hours=1))
    ChannelFactory()
    symptoms[:] = [Symptom("a", "A is ill."), Symptom("b", "B is ill.")]
    look(0)
    symptoms.pop()
    look(30)
    assert told() == []

    look(60)

    assert told() == [("opened", "A is ill.")]
    assert Incident.objects.filter(subject="b", recovered_at__isnull=False).count() == 1


def test_whoever_wants_to_is_reminded(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind, remind_hours=2)
    ChannelFactory()
    symptoms.append(ILL)
    for hour in range(6):
        look(60 * hour)
        look(60 * hour + 0.5)

    assert [what for what, _ in told()] == ["opened", "reminder", "reminder"]


def test_what_was_told_before_it_was_muted_is_told_to_be_over(kind: str, symptoms: list[Symptom]) -> None:
    alert = AlertFactory(kind=kind)
    ChannelFactory()
    symptoms.append(ILL)
    look(0)
    Alert.objects.filter(pk=alert.pk).update(muted_until=NOON + timedelta(hours=1))
    symptoms.clear()
    look(1)
    look(2)

    assert [what for what, _ in told()] == ["opened", "recovered"]
    assert Incident.objects.get().recovered_at == NOON + minutes(1)
    symptoms.append(ILL)
    look(3)
    assert len(told()) == 2


@pytest.mark.parametrize("what", ["muted", "unseen", "changed"])
def test_who_was_not_reminded_for_long_is_reminded_once(kind: str, symptoms: list[Symptom], what: str) -> None:
    alert = AlertFactory(kind=kind, remind_hours=None if what == "changed" else 1)
    ChannelFactory()
    symptoms.append(ILL)
    look(0)
    if what == "muted":
        Alert.objects.filter(pk=alert.pk).update(muted_until=NOON + timedelta(hours=24))
        look(12 * 60)
    if what == "changed":
        look(24 * 60 - 1)
        Alert.objects.filter(pk=alert.pk).update(remind_hours=1)
    for minute in range(10):
        look(24 * 60 + minute)
    assert [what for what, _ in told()] == ["opened", "reminder"]

    look(25 * 60)

    assert [what for what, _ in told()] == ["opened", "reminder", "reminder"]


def test_a_clock_that_was_ahead_and_is_right_again_holds_no_alert_up(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind, for_minutes=5)
    ChannelFactory()
    symptoms.append(ILL)
    look(24 * 60)
    look(1)
    assert told() == []
    look(5.9)
    assert told() == []

    look(6)

    assert [what for what, _ in told()] == ["opened"]
    symptoms.clear()
    look(7)
    assert [what for what, _ in told()] == ["opened", "recovered"]


def test_those_are_told_who_were_chosen_or_else_all_but_those_that_are_off(kind: str, symptoms: list[Symptom]) -> None:
    chosen, other = ChannelFactory(name="chosen"), ChannelFactory(name="other")
    ChannelFactory(name="off", is_enabled=False)
    AlertFactory(kind=kind, name="for all")
    AlertFactory(kind=kind, name="for one").channels.add(chosen)
    symptoms.append(ILL)
    look(0)

    rows = Notification.objects.values_list("incident__alert__name", "channel__name")
    assert sorted(rows) == [("for all", "chosen"), ("for all", "other"), ("for one", "chosen")]
    assert other.notifications.count() == 1


def test_the_first_channel_that_there_is_hears_of_what_is_open(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind)
    symptoms.append(ILL)
    look(0)
    ChannelFactory()
    look(1)
    look(2)

    assert told() == [("opened", "It is ill.")]


def test_who_was_not_told_that_it_began_does_not_hear_that_it_is_over(kind: str, symptoms: list[Symptom]) -> None:
    AlertFactory(kind=kind)
    ChannelFactory(name="old")
    symptoms.append(ILL)
    look(0)
    ChannelFactory(name="new")
    symptoms.clear()
    look(1)

    assert [row.channel.name for row in Notification.objects.all()] == ["old", "old"]


def test_of_what_is_switched_off_nothing_is_told_and_what_was_open_ends(kind: str, symptoms: list[Symptom]) -> None:
    alert = AlertFactory(kind=kind, recovery_minutes=60)
    ChannelFactory()
    symptoms.append(ILL)
    look(0)
    Alert.objects.filter(pk=alert.pk).update(is_enabled=False)
    look(1)
    look(2)

    assert [what for what, _ in told()] == ["opened"]
    assert Incident.objects.get().recovered_at == NOON + minutes(1)


def test_what_cannot_be_told_changes_nothing(kind: str, symptoms: list[Symptom]) -> None:
    def unknown(*_: Any) -> list[Symptom]:
        raise Unknown

    alert = AlertFactory(kind=kind)
    ChannelFactory()
    symptoms.append(ILL)
    look(0)
    with declared(kinds, "unknown", Kind("Unknown", "", "", 0, (), unknown)):
        Alert.objects.filter(pk=alert.pk).update(kind="unknown")
        look(1)

    assert told() == [("opened", "It is ill.")]
    assert Incident.objects.get().recovered_at is None


def test_an_alert_that_fails_says_so_and_stops_no_other(kind: str, symptoms: list[Symptom]) -> None:
    def fail(*_: Any) -> list[Symptom]:
        raise ZeroDivisionError

    broken, gone = AlertFactory(name="a", kind="broken"), AlertFactory(name="b", kind="gone")
    AlertFactory(name="c", kind=kind)
    ChannelFactory()
    symptoms.append(ILL)
    with declared(kinds, "broken", Kind("Broken", "", "", 0, (), fail)):
        look(0)

    assert told() == [("opened", "It is ill.")]
    for alert, problem in ((broken, evaluating.FAILED), (gone, evaluating.UNKNOWN_KIND)):
        alert.refresh_from_db()
        assert alert.problem == problem
    with declared(kinds, "broken", Kind("Broken", "", "", 0, (), lambda *_: [])):
        look(1)
    broken.refresh_from_db()
    assert broken.problem == ""


@pytest.mark.parametrize("question", ["SELECT 1 / 0", "SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)"])
def test_a_question_that_the_database_does_not_answer_stops_no_other_alert(
    kind: str, symptoms: list[Symptom], question: str
) -> None:
    def ask(*_: Any) -> list[Symptom]:
        with connection.cursor() as cursor:
            cursor.execute(question)
        return []

    broken = AlertFactory(name="a", kind="broken")
    AlertFactory(name="b", kind=kind)
    ChannelFactory()
    symptoms.append(ILL)
    with declared(kinds, "broken", Kind("Broken", "", "", 0, (), ask)):
        look(0)

    assert told() == [("opened", "It is ill.")]
    broken.refresh_from_db()
    assert broken.problem == evaluating.FAILED


def test_incidents_are_kept_for_a_year() -> None:
    alert = AlertFactory()
    for days in (364, 366):
        IncidentFactory(alert=alert, recovered_at=NOON - timedelta(days=days))
    look(0)

    assert [row.recovered_at for row in Incident.objects.all()] == [NOON - timedelta(days=364)]


@pytest.mark.django_db(transaction=True)
def test_two_that_evaluate_at_once_tell_once(kind: str, symptoms: list[Symptom]) -> None:
    for number in range(5):
        AlertFactory(kind=kind, name=f"Alert {number}")
    ChannelFactory()
    symptoms.append(ILL)
    together = Barrier(4)

    def run(number: int) -> None:
        together.wait()
        evaluate(facts(NOON + timedelta(milliseconds=number)))
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))

    assert Incident.objects.filter(opened_at__isnull=False).count() == 5
    assert Notification.objects.count() == 5


class TestLaws(TestCase):
    """Whatever comes and goes, and whenever."""

    @given(st.lists(st.booleans(), max_size=40), st.integers(0, 5), st.integers(0, 5))
    @settings(max_examples=40)
    def test_what_is_told_begins_and_ends_in_turns_and_as_long_as_it_must_hold(
        self, ill: list[bool], for_minutes: int, recovery_minutes: int
    ) -> None:
        Alert.objects.all().delete()
        symptoms: list[Symptom] = []
        with made_up(symptoms) as kind:
            AlertFactory(kind=kind, for_minutes=for_minutes, recovery_minutes=recovery_minutes)
            ChannelFactory()
            is_open, held = False, 0
            expected: list[str] = []
            for minute, is_ill in enumerate(ill):
                symptoms[:] = [ILL] * is_ill
                look(minute)
                # A plain count of the minutes for which the other state has held.
                held = held + 1 if is_ill is not is_open else 0
                if held > (recovery_minutes if is_open else for_minutes):
                    is_open, held = not is_open, 0
                    expected.append("opened" if is_open else "recovered")
            assert [what for what, _ in told()] == expected
