"""Who watches sees what waits, what is held, and what nobody sends."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.alerts.symptoms import Unknown, kinds
from apps.bridges import backlog
from apps.console.doctor import deliveries as doctor
from apps.console.doctor.checkup import Patient
from apps.console.gauges import _deliveries
from apps.core import metrics
from tests.alerts.factories import facts
from tests.bridges.factories import ConnectionFactory, DeliveryFactory

pytestmark = pytest.mark.django_db


def codes() -> dict[str, str]:
    return {finding.code: finding.message for finding in doctor.deliveries(Patient()).findings}


def test_nothing_is_found_where_all_goes_well() -> None:
    ConnectionFactory()
    DeliveryFactory(created_at=timezone.now())

    assert codes() == {}
    assert doctor.deliveries(Patient()).told == "1 wait"


def test_a_held_connection_is_found_with_what_waits() -> None:
    hour = timezone.now() - timedelta(hours=1)
    crm = ConnectionFactory(name="CRM", held_at=hour, held_because="The answer was 401.")
    DeliveryFactory(connection=crm, created_at=hour)
    ConnectionFactory(held_at=hour, is_enabled=False)

    assert codes() == {
        "connection_held": "The connection CRM is held for 60 minutes: The answer was 401. 1 delivery waits."
    }
    [symptom] = kinds["held_connection"].look({}, facts())
    assert symptom.subject == str(crm.pk)
    assert "CRM: The answer was 401. 1 delivery waits." in symptom.message
    with pytest.raises(Unknown):
        list(kinds["held_connection"].look({}, facts(takes_events=False)))


def test_what_waits_for_one_that_is_off_is_found() -> None:
    off = ConnectionFactory(name="CRM", is_enabled=False)
    DeliveryFactory(connection=off)
    DeliveryFactory(connection=off)

    assert codes() == {"connection_off": "The connection CRM is off. 2 deliveries wait."}


def test_what_nobody_sends_is_found() -> None:
    now = timezone.now()
    late, rests = ConnectionFactory(name="CRM"), ConnectionFactory(rests_until=now + timedelta(minutes=1))
    DeliveryFactory(connection=late, created_at=now - timedelta(hours=2))
    DeliveryFactory(connection=rests, created_at=now - timedelta(hours=2))

    assert codes() == {"deliveries_late": "Deliveries to CRM are due, the oldest for 2 hours."}


def test_the_figures_are_of_all_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backlog, "COUNTED", 2)
    now = timezone.now()
    http, mail = ConnectionFactory(), ConnectionFactory(kind="smtp", held_at=now)
    for _ in range(5):
        DeliveryFactory(connection=http, created_at=now - timedelta(seconds=60))
    DeliveryFactory(connection=mail, created_at=now - timedelta(days=1))

    found = {(gauge, *labels): value for gauge, labels, value in _deliveries(facts().health)}

    assert (found[metrics.DELIVERIES_WAITING, "http"], found[metrics.DELIVERIES_WAITING, "smtp"]) == (2, 1)
    assert 60 <= found[metrics.DELIVERIES_OLDEST,] < 700
    assert found[metrics.CONNECTIONS_HELD,] == 1
