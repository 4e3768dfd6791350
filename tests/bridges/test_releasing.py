"""A connection that was held goes on when somebody releases it: what has not expired is sent."""

from datetime import timedelta

import pytest

from apps.bridges import releasing
from apps.bridges.models import Delivery
from tests.bridges.factories import ConnectionFactory, DeliveryFactory, ended
from tests.factories import NOON

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_what_waited_is_due_and_lasts_no_longer_than_before() -> None:
    connection = ConnectionFactory(held_at=NOON + DAY, held_because="The answer was 401.", failures=3)
    waits = DeliveryFactory(connection=connection, created_at=NOON, due_at=NOON + 2 * DAY)
    over = ended(Delivery.Outcome.DELIVERED, connection=connection)

    assert releasing.release(connection, now=NOON + 1.5 * DAY)

    waits.refresh_from_db()
    over.refresh_from_db()
    assert (waits.due_at, waits.deadline_at, over.due_at) == (NOON + 1.5 * DAY, NOON + 3 * DAY, None)
    connection.refresh_from_db()
    assert (connection.held_at, connection.held_because, connection.failures) == (None, "", 0)


def test_what_rests_is_tried_at_once_but_not_what_may_be_on_its_way() -> None:
    connection = ConnectionFactory(rests_until=NOON + timedelta(minutes=5), failures=9)
    rests = DeliveryFactory(connection=connection, due_at=NOON + timedelta(hours=1))
    leased = DeliveryFactory(connection=connection, due_at=NOON + timedelta(seconds=50))

    assert not releasing.release(connection, now=NOON)

    assert dict(Delivery.objects.values_list("pk", "due_at")) == {rests.pk: NOON, leased.pk: leased.due_at}
    assert set(Delivery.objects.values_list("deadline_at", flat=True)) == {rests.deadline_at}
    connection.refresh_from_db()
    assert (connection.rests_until, connection.failures) == (None, 0)
