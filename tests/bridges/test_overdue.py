"""What waits for a connection by which nothing is sent expires in its time, and whoever planned it is told."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.bridges import backlog, endings, jobs, overdue
from apps.bridges.models import Connection, Delivery
from apps.core.ids import first_id, new_id
from tests.bridges.factories import ConnectionFactory, DeliveryFactory
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
LATER = NOON + timedelta(hours=80)
Outcome = Delivery.Outcome


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[UUID, str]]:
    found: list[tuple[UUID, str]] = []

    def note(rows: Sequence[Delivery]) -> None:
        found.extend((row.pk, row.outcome) for row in rows)

    monkeypatch.setattr(endings, "endings", {"test": note})
    return found


def planned(connection: Connection, at: datetime, **values: Any) -> Delivery:
    """Plan a delivery at a time, which its id has."""
    id = UUID(int=first_id(at).int + new_id().int % 2**60)
    row: Delivery = DeliveryFactory(pk=id, connection=connection, created_at=at, **values)
    return row


def test_what_waits_for_one_that_is_held_or_off_expires(
    monkeypatch: pytest.MonkeyPatch, told: list[tuple[UUID, str]]
) -> None:
    monkeypatch.setattr(overdue, "PAGE", 1)
    held = ConnectionFactory(held_at=NOON + HOUR, held_because="The answer was 401.")
    off = ConnectionFactory(is_enabled=False)
    late = [planned(held, NOON), planned(held, NOON + HOUR), planned(off, NOON)]
    kept = [
        planned(held, NOON + 10 * HOUR),
        planned(held, NOON, deadline_at=LATER + HOUR),  # somebody has tried it again
        planned(held, NOON, due_at=LATER + timedelta(seconds=50)),  # it may be on its way
        planned(ConnectionFactory(), NOON),  # whoever sends sees to it
    ]

    assert overdue.expire(now=LATER) == 3

    outcomes = dict(Delivery.objects.values_list("pk", "outcome"))
    assert {outcomes[row.pk] for row in late} == {Outcome.EXPIRED}
    assert {outcomes[row.pk] for row in kept} == {Outcome.WAITING}
    assert sorted(told) == sorted((row.pk, Outcome.EXPIRED) for row in late)
    assert (backlog.n_expired(held), backlog.told(3, 2)) == (2, "3 deliveries wait, and 2 have expired.")
    assert overdue.expire(now=LATER) == 0


def test_it_is_looked_for_now_and_then() -> None:
    planned(ConnectionFactory(is_enabled=False), NOON - timedelta(days=400))

    assert jobs.expire_deliveries() == "1 deliveries expired."
