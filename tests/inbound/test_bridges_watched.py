"""What operators are told of bridges by alerts, and Prometheus by gauges."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.alerts.models import Alert
from apps.alerts.symptoms import Unknown, kinds
from apps.console.gauges import _bridges
from apps.core import metrics
from apps.inbound.models import Bridge, Consumer
from tests.alerts.factories import facts
from tests.inbound.factories import BridgeDeadLetterFactory, ShelfBridgeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
KIND = kinds["stopped_bridge"]


def told(**params: Any) -> list[tuple[str, int]]:
    found = KIND.look(KIND.values(params), facts(timezone.now()))
    return [(symptom.message, symptom.least_minutes) for symptom in found]


def reading(row: Bridge, **values: Any) -> None:
    said = {"state": Consumer.State.READING, "heard_at": timezone.now(), **values}
    Consumer.objects.create(bridge=row, replica="host-1", **said)


def test_one_that_fails_or_does_not_run_is_told_of_after_two_minutes() -> None:
    ShelfBridgeFactory(name="Orders")
    reading(ShelfBridgeFactory(name="Refunds"), state=Consumer.State.FAILED, error="There is no topic refunds.")
    reading(ShelfBridgeFactory(name="Well"))

    assert told() == [
        (
            "Nothing comes in by the bridge Orders: it does not run. "
            "No process reads for it: start manage.py run_bridge.",
            2,
        ),
        ("Nothing comes in by the bridge Refunds: it failed. There is no topic refunds.", 2),
    ]


def test_one_that_is_behind_is_told_of_and_so_is_what_it_could_not_take() -> None:
    row = ShelfBridgeFactory(name="Orders")
    reading(row, n_waiting=60_000, oldest_at=timezone.now() - timedelta(minutes=20))
    BridgeDeadLetterFactory.create_batch(2, bridge=row)

    assert told() == [
        ("The bridge Orders is behind: 60,000 messages wait. The oldest has waited for 20 minutes.", 0),
        ("2 messages of the bridge Orders could not be taken: Dead letters of bridges has why.", 0),
    ]
    assert told(most_waiting=60_000, minutes=30, most_dead=2) == []


def test_nothing_is_told_of_one_that_somebody_switched_off_or_paused() -> None:
    ShelfBridgeFactory(is_enabled=False)
    reading(ShelfBridgeFactory(paused_at=timezone.now()), n_waiting=60_000)

    assert told() == []


def test_without_the_database_it_cannot_be_told() -> None:
    with pytest.raises(Unknown):
        list(KIND.look(KIND.values({}), facts(takes_events=False)))


def test_an_alert_is_there_from_the_start() -> None:
    assert Alert.objects.get(kind="stopped_bridge").is_enabled


def test_the_gauges_are_of_those_that_are_on() -> None:
    row = ShelfBridgeFactory(name="Orders")
    reading(row, n_waiting=12, oldest_at=timezone.now() - timedelta(minutes=1))
    BridgeDeadLetterFactory(bridge=row)
    ShelfBridgeFactory(name="Alone")
    ShelfBridgeFactory(name="Paused", paused_at=timezone.now())
    ShelfBridgeFactory(name="Off", is_enabled=False)

    found = {(gauge, *labels): value for gauge, labels, value in _bridges(facts().health)}

    assert found[metrics.BRIDGE_UP, "Orders"] == 1
    assert found[metrics.BRIDGE_UP, "Alone"] == 0
    assert (metrics.BRIDGE_UP, "Paused") not in found
    assert found[metrics.BRIDGE_WAITING, "Orders"] == 12
    assert 60 <= found[metrics.BRIDGE_OLDEST, "Orders"] < 70
    assert (found[metrics.BRIDGE_DEAD_LETTERS, "Orders"], found[metrics.BRIDGE_DEAD_LETTERS, "Paused"]) == (1, 0)
    assert not [labels for gauge, *labels in found if labels == ["Off"]]
