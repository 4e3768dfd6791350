"""How a bridge goes, by what all processes say that read for it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from apps.inbound.bridge_status import Status, statuses
from apps.inbound.models import Bridge, Consumer
from tests.factories import NOON
from tests.inbound.factories import ShelfBridgeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
READING, FAILED, STANDBY = Consumer.State.READING, Consumer.State.FAILED, Consumer.State.STANDBY


@pytest.fixture
def bridge() -> Bridge:
    made: Bridge = ShelfBridgeFactory.create()
    return made


def said(bridge: Bridge, replica: str, state: Consumer.State = READING, **values: Any) -> None:
    connected_at = NOON if state == READING else None
    Consumer.objects.create(
        bridge=bridge, replica=replica, state=state, heard_at=NOON, connected_at=connected_at, **values
    )


def status_of(bridge: Bridge) -> Status:
    return statuses([bridge], now=NOON)[bridge.pk]


def minutes_ago(n: int) -> datetime:
    return NOON - timedelta(minutes=n)


def test_what_waits_in_parts_is_added_up(bridge: Bridge) -> None:
    said(bridge, "a-1", n_waiting=10, has_part=True, oldest_at=minutes_ago(2))
    said(bridge, "b-1", n_waiting=5, has_part=True, oldest_at=minutes_ago(3))
    said(bridge, "c-1", n_waiting=None, has_part=True)

    found = status_of(bridge)
    assert (found.n_waiting, found.oldest_at) == (15, minutes_ago(3))


def test_where_each_counts_the_whole_it_is_counted_once(bridge: Bridge) -> None:
    said(bridge, "a-1", n_waiting=10)
    said(bridge, "b-1", n_waiting=12)

    assert status_of(bridge).n_waiting == 12


@pytest.mark.parametrize("state", [FAILED, STANDBY])
def test_what_one_said_that_lost_its_place_counts_no_more(bridge: Bridge, state: Consumer.State) -> None:
    said(bridge, "a-1", state, n_waiting=900, oldest_at=minutes_ago(60))
    said(bridge, "b-1", n_waiting=5)

    found = status_of(bridge)
    assert (found.n_waiting, found.oldest_at) == (5, None)


def test_while_nobody_is_connected_the_last_that_was_said_stands(bridge: Bridge) -> None:
    said(bridge, "a-1", FAILED, n_waiting=900, oldest_at=minutes_ago(60))

    assert status_of(bridge).n_waiting == 900
