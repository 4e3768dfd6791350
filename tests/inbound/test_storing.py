"""A batch is stored once, with how far reading is, whoever reads it once more."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import F

from apps.events.models import InboxItem
from apps.inbound import dead_letters, leases, opening, storing
from apps.inbound.models import Bridge, BridgeDeadLetter, Unsettled
from apps.inbound.received import FORGOTTEN, Received
from apps.inbound.storing import Outdated, Session, Stored
from tests.factories import NOON
from tests.inbound.factories import BridgeFactory
from tests.inbound.fake import FakeBroker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]


def session(bridge: Bridge, *, replica: str = "a", is_shared: bool = True) -> Session:
    return Session(bridge.pk, bridge.revision, replica, is_shared)


def store(bridge: Bridge, *batch: Received, by: Session | None = None) -> Stored:
    return storing.store(by or session(bridge), batch, opening.opened(bridge).mapper(), now=NOON)


def at(number: int, *, place: str = "0", body: bytes = b'{"type": "a"}') -> Received:
    return Received(body, key=f"{place}/{number}", place=place, position=number)


def unnumbered(body: bytes, **more: Any) -> Received:
    return Received(body, **more)


def test_messages_go_into_the_inbox_in_their_order_with_how_far_reading_is() -> None:
    bridge = BridgeFactory()
    bodies = [b'{"type": "a"}', b'{"type": "b"}', b'{"type": "c"}']

    stored = store(bridge, *(at(number, body=body) for number, body in enumerate(bodies, 1)))

    assert stored == Stored(n_stored=3, n_dead=0, n_left_out=0, n_known=0)
    found = [body.split('"type":"')[1][0] for body in InboxItem.objects.order_by("id").values_list("body", flat=True)]
    assert found == ["a", "b", "c"]
    assert storing.positions_of(bridge.pk) == {"0": 3}


def test_what_was_stored_is_passed_over_whoever_reads_it_once_more() -> None:
    bridge = BridgeFactory()
    store(bridge, at(1), at(2), by=session(bridge, replica="a"))

    again = store(bridge, at(1), at(2), at(3), at(1, place="1"), by=session(bridge, replica="b"))

    assert (again.n_stored, again.n_known) == (2, 2)
    assert storing.positions_of(bridge.pk) == {"0": 3, "1": 1}


def test_a_batch_behind_does_not_take_the_position_back() -> None:
    bridge = BridgeFactory()
    store(bridge, at(5))

    assert store(bridge, at(2)).n_known == 1
    assert storing.positions_of(bridge.pk) == {"0": 5}


def test_poison_is_set_aside_once_and_stops_nobody() -> None:
    bridge = BridgeFactory()
    poison = Received(b"\xff", key="0/2", place="0", position=2, headers={"h": "v"}, about={"topic": "orders"}, at=NOON)

    assert store(bridge, at(1), poison, at(3)) == Stored(n_stored=2, n_dead=1, n_left_out=0, n_known=0)
    Bridge.objects.update(revision=F("revision") + 1)
    storing.write_positions(bridge.pk, {"0": 0})  # somebody wishes to read all once more
    bridge.refresh_from_db()
    store(bridge, poison)

    [dead] = BridgeDeadLetter.objects.all()
    assert (bytes(dead.body), dead.headers, dead.about, dead.sent_at) == (
        b"\xff",
        {"h": "v"},
        {"topic": "orders"},
        NOON,
    )
    assert dead.reason == "It is not in UTF-8."


def test_what_the_condition_leaves_out_is_gone_past() -> None:
    bridge = BridgeFactory(mapping={"shape": "raw", "event_type": "a", "condition": "message@body.n > 1"})

    stored = store(bridge, at(1, body=b'{"n": 1}'), at(2, body=b'{"n": 2}'))

    assert (stored.n_stored, stored.n_left_out) == (1, 1)
    assert storing.positions_of(bridge.pk) == {"0": 2}


def test_nothing_is_stored_for_a_bridge_that_has_changed_or_is_gone() -> None:
    bridge = BridgeFactory()
    old = session(bridge)
    Bridge.objects.update(revision=F("revision") + 1)

    with pytest.raises(Outdated):
        store(bridge, at(1), by=old)
    with pytest.raises(Outdated):
        store(bridge, at(1), by=Session(uuid4(), 1, "a", True))
    assert not InboxItem.objects.exists()


def test_only_who_has_the_lease_stores_where_one_may() -> None:
    bridge = BridgeFactory()
    with pytest.raises(Outdated):
        store(bridge, at(1), by=session(bridge, is_shared=False))

    assert leases.take(bridge.pk, "a")
    assert not leases.take(bridge.pk, "b")
    store(bridge, at(1), by=session(bridge, is_shared=False))
    with pytest.raises(Outdated):
        store(bridge, at(2), by=session(bridge, replica="b", is_shared=False))
    leases.give_back(bridge.pk, "a")
    assert leases.take(bridge.pk, "b")
    store(bridge, at(2), by=session(bridge, replica="b", is_shared=False))

    assert InboxItem.objects.count() == 2


def test_a_redelivery_without_coordinates_is_known_by_what_it_says() -> None:
    bridge = BridgeFactory()
    one, other = b'{"type": "a", "n": 1}', b'{"type": "a", "n": 2}'
    store(bridge, unnumbered(one))

    after = session(bridge)  # who reads was killed before the broker knew
    again = store(bridge, unnumbered(one, is_repeated=True), unnumbered(other, is_repeated=True), by=after)

    assert (again.n_stored, again.n_known) == (1, 1)
    assert InboxItem.objects.count() == 2


def test_two_messages_that_say_the_same_are_two() -> None:
    bridge = BridgeFactory()
    same = b'{"type": "a"}'
    store(bridge, unnumbered(same), unnumbered(same))

    after = session(bridge)
    first = store(bridge, unnumbered(same, is_repeated=True), by=after)
    rest = store(bridge, unnumbered(same, is_repeated=True), unnumbered(same, is_repeated=True), by=after)

    assert (first.n_known, rest.n_known, rest.n_stored) == (1, 1, 1)


def test_what_brokers_add_to_a_redelivery_makes_it_no_other_message() -> None:
    bridge = BridgeFactory()
    body = b'{"type": "a"}'
    store(bridge, unnumbered(body, headers={"tenant": "7"}))

    again = store(bridge, unnumbered(body, headers={"tenant": "7", "x-delivery-count": "1"}, is_repeated=True))

    assert again.n_known == 1


def test_what_the_broker_has_understood_is_not_taken_for_another_one_that_says_the_same() -> None:
    bridge = BridgeFactory()
    same = b'{"type": "a"}'
    reading = session(bridge)
    store(bridge, unnumbered(same), by=reading)
    storing.settled(reading)

    again = store(bridge, unnumbered(same, is_repeated=True), by=session(bridge))

    assert (again.n_stored, again.n_known) == (1, 0)


def test_what_the_broker_was_told_long_ago_is_forgotten() -> None:
    bridge = BridgeFactory()
    store(bridge, unnumbered(b'{"type": "a"}'))

    assert storing.left_behind(bridge.pk, before=NOON) == 0
    assert storing.left_behind(bridge.pk, before=NOON + timedelta(seconds=1)) == 1
    assert not Unsettled.objects.exists()


def test_messages_are_known_again_by_the_pipeline_too(broker: FakeBroker) -> None:
    """Where a position was set back, each message is stored in the inbox once more, under the same id."""
    bridge = BridgeFactory()
    store(bridge, at(1))
    storing.write_positions(bridge.pk, {"0": 0})
    store(bridge, at(1))

    ids = [envelope["message_id"] for envelope in InboxItem.objects.values_list("envelope", flat=True)]
    assert ids == ["0/1", "0/1"]


def test_the_position_of_a_place_that_is_gone_is_not_kept() -> None:
    bridge = BridgeFactory()
    store(bridge, at(1, place="a"), at(2, place="b"))

    gone = Received(b"", key="a/gone", place="a", position=FORGOTTEN, skipped="It is gone.")
    assert store(bridge, gone).n_left_out == 1

    assert storing.positions_of(bridge.pk) == {"b": 2}


@pytest.mark.parametrize(
    "poison",
    [
        Received(b"\xff", key="0/2\x00", place="0", position=2, headers={"a": "\x00"}),
        Received(
            b"\xff", key="0/2", place="0", position=2, headers={"a\ud800": "b"}, about={"n": Decimal(1), "b": b"1"}
        ),
        Received(b"{}", key="0/2", place="0", position=2, problem="It is gz\x00ip."),
        Received(b'{"type": "a", "x": ' + b"[" * 300 + b"]" * 300 + b"}", key="0/2", place="0", position=2),
        Received(b'{"type": "a", "x": ' + b"[" * 900 + b"]" * 900 + b"}", key="0/2", place="0", position=2),
        Received(b"1", key="0/2", place="0", position=2, about={"deep": json.loads("[" * 900 + "]" * 900)}),
    ],
)
def test_whatever_cannot_be_stored_is_set_aside_alone(poison: Received) -> None:
    bridge = BridgeFactory()

    assert store(bridge, at(1), poison, at(3))[:2] == (2, 1)
    assert storing.positions_of(bridge.pk) == {"0": 3}
    assert dead_letters.replay([BridgeDeadLetter.objects.get().pk], now=NOON) == (0, 1)


def test_long_keys_stay_apart_in_dead_letters() -> None:
    bridge = BridgeFactory(mapping={"shape": "raw", "event_type": "message@body.kind"})
    store(bridge, *(Received(b'{"type": "a"}', key=f"{'p' * 600}/{n}") for n in range(3)))
    Bridge.objects.update(mapping={"shape": "raw", "event_type": "message@body.type"})

    dead_letters.replay(list(BridgeDeadLetter.objects.values_list("pk", flat=True)), now=NOON)
    ids = {envelope["message_id"] for envelope in InboxItem.objects.values_list("envelope", flat=True)}
    assert len(ids) == 3
