"""What could not be taken can be tried again once the mapping is fixed, and is forgotten in the end."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.events.models import InboxItem
from apps.inbound import dead_letters, opening, storing
from apps.inbound.bridge_kind import kinds
from apps.inbound.jobs import forget_bridge_dead_letters
from apps.inbound.models import Bridge, BridgeDeadLetter
from apps.inbound.received import Received
from apps.inbound.storing import Session
from tests.factories import NOON
from tests.inbound.factories import BridgeDeadLetterFactory, BridgeFactory, ShelfBridgeFactory
from tests.registries import declared

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]
BODIES = (b'{"kind": "a"}', b'{"kind": "b"}', b"\xff")


@pytest.fixture
def bridge() -> Bridge:
    """A bridge whose mapping looks in the wrong place."""
    made: Bridge = BridgeFactory()
    batch = [Received(body, key=f"0/{n}", about={"n": n}) for n, body in enumerate(BODIES)]
    storing.store(Session(made.pk, made.revision, "a", is_shared=True), batch, opening.opened(made).mapper(), now=NOON)
    return made


def ids(*reasons: str) -> list[Any]:
    return list(BridgeDeadLetter.objects.order_by("at", "message_key").values_list("pk", flat=True))


def test_what_the_fixed_mapping_takes_is_taken_once_under_its_key(bridge: Bridge) -> None:
    assert dead_letters.replay(ids(), now=NOON) == (0, 3)
    Bridge.objects.update(mapping={"shape": "raw", "event_type": "message@body.kind"})

    every = ids()
    assert dead_letters.replay(every, now=NOON) == (2, 1)
    assert dead_letters.replay(every, now=NOON) == (0, 1)

    assert [item.envelope["message_id"] for item in InboxItem.objects.order_by("id")] == ["0/0", "0/1"]
    [left] = BridgeDeadLetter.objects.all()
    assert (bytes(left.body), left.n_tries) == (b"\xff", 4)


def test_what_the_condition_does_not_pick_stays_and_says_so(bridge: Bridge) -> None:
    Bridge.objects.update(mapping={"shape": "raw", "event_type": "x", "condition": "message@n > 0"})

    dead_letters.replay(ids(), now=NOON)
    reasons = set(BridgeDeadLetter.objects.values_list("reason", flat=True))
    assert dead_letters.LEFT_OUT in reasons


@pytest.mark.usefixtures("shelf")
def test_they_are_taken_while_the_connection_is_switched_off() -> None:
    row = BridgeDeadLetterFactory(bridge=ShelfBridgeFactory(connection__is_enabled=False), body=b'{"type": "order"}')

    assert dead_letters.replay([row.pk], now=NOON) == (1, 0)


def test_what_could_not_be_decoded_is_decoded_by_what_its_kind_knows_now() -> None:
    known = {b"1": b'{"type": "one"}'}
    kind = replace(
        kinds["fake"], decode=lambda *_: lambda body: (known[body], "") if body in known else (body, "Still no.")
    )
    with declared(kinds, "packed", kind):
        bridge = BridgeFactory(kind="packed")
        rows = [BridgeDeadLetterFactory(bridge=bridge, body=body, problem="No schema.") for body in (b"1", b"2")]
        assert dead_letters.replay([row.pk for row in rows], now=NOON) == (1, 1)

    assert InboxItem.objects.count() == 1
    left = BridgeDeadLetter.objects.get()
    assert (bytes(left.body), left.reason) == (b"2", "Still no.")


@pytest.mark.usefixtures("shelf")
def test_what_cannot_be_decoded_without_the_connection_stays_as_it_is() -> None:
    kind = replace(kinds["shelf"], decode=lambda *_: lambda _body: (b'{"type": "one"}', ""))
    with declared(kinds, "packed", kind):
        bridge = ShelfBridgeFactory(kind="packed", connection__is_enabled=False)
        row = BridgeDeadLetterFactory(bridge=bridge, problem="No schema.")
        assert dead_letters.replay([row.pk], now=NOON) == (0, 1)

    assert BridgeDeadLetter.objects.get().reason == "No schema."


def test_they_are_forgotten_in_the_end(bridge: Bridge, settings: Any) -> None:
    later = NOON + timedelta(days=settings.BRIDGE_DEAD_LETTER_RETENTION_DAYS)
    assert dead_letters.delete_old(now=later) == 0
    assert dead_letters.delete_old(now=later + timedelta(seconds=1)) == 3

    settings.BRIDGE_DEAD_LETTER_RETENTION_DAYS = 0
    assert dead_letters.delete_old(now=later + timedelta(days=10_000)) == 0
    assert "0 dead letters" in forget_bridge_dead_letters()
