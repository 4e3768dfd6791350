"""What ended long ago is forgotten; what waits is not."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from apps.bridges import keeping
from apps.bridges.models import Delivery
from apps.core.ids import first_id, new_id
from tests.bridges.factories import DeliveryFactory, ended
from tests.factories import NOON

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=40)


def id_of(days: int) -> UUID:
    """Make an id of so many days after noon."""
    return UUID(int=first_id(NOON + timedelta(days=days)).int + new_id().int % 2**60)


@pytest.fixture
def rows() -> dict[str, Delivery]:
    return {
        "old": ended(Delivery.Outcome.DELIVERED, pk=id_of(1)),
        "lost": ended(Delivery.Outcome.REFUSED, pk=id_of(1)),
        "ended lately": ended(Delivery.Outcome.EXPIRED, pk=id_of(1), at=NOON + timedelta(days=39)),
        "waits": DeliveryFactory(pk=id_of(1)),
        "new": ended(Delivery.Outcome.DELIVERED, pk=id_of(39), at=NOON + timedelta(days=39)),
    }


def test_what_ended_long_ago_goes(rows: dict[str, Delivery], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "PAGE", 1)

    assert keeping.forget_old(now=LATER) == 2

    kept = set(Delivery.objects.values_list("pk", flat=True))
    assert kept == {rows[name].pk for name in ("ended lately", "waits", "new")}


@pytest.mark.usefixtures("rows")
def test_all_is_kept_where_that_is_wanted(settings: Any) -> None:
    settings.DELIVERY_RETENTION_DAYS = 0

    assert keeping.forget_old(now=LATER) == 0


def test_ids_made_later_come_after_the_first_one_of_their_time() -> None:
    assert first_id(NOON) < new_id()
    assert first_id(NOON) < first_id(NOON + timedelta(milliseconds=1))
