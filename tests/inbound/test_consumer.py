"""Who reads goes on for ever: what fails is named and tried again, and what changes is seen."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError
from django.utils import timezone

from apps.bridges.connection_kind import Part
from apps.events.models import InboxItem, Source
from apps.inbound import consumer, definitions, leases, pressure, reporting, seeking, storing
from apps.inbound.bridge_kind import Seek, To
from apps.inbound.consumer import OWN_FAULT, BridgeConsumer
from apps.inbound.models import Bridge, Consumer, Unsettled
from apps.inbound.received import Failure
from apps.inbound.runner import HANGS_SECS, Runner
from tests.inbound.factories import BridgeFactory
from tests.inbound.fake import FakeBroker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "RESTS", (0.01,))
    monkeypatch.setattr(consumer, "LOOK_SECS", 0.0)
    monkeypatch.setattr(consumer, "LAG_SECS", 0.0)
    monkeypatch.setattr(reporting, "SAY_SECS", 0.0)


def reading(bridge: Bridge, broker: FakeBroker) -> BridgeConsumer:
    """Return a consumer that stops once nothing is left to read."""
    made = BridgeConsumer(bridge.pk, "host-1")
    broker.when_empty = made.stopping.set
    return made


def state(bridge: Bridge) -> Consumer:
    return Consumer.objects.get(bridge=bridge)


def test_what_was_stored_is_settled_and_only_then(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = BridgeFactory()
    broker.publish(b'{"type": "a"}', b'{"type": "b"}')
    seen: list[int] = []
    real = storing.store

    def store(*args: Any, **options: Any) -> Any:
        seen.append(len(broker.settled))
        return real(*args, **options)

    monkeypatch.setattr(storing, "store", store)
    reading(bridge, broker).once()

    assert seen == [0]
    assert broker.settled == broker.messages
    assert InboxItem.objects.count() == 2
    found = state(bridge)
    assert (found.state, found.n_read, found.error) == ("reading", 2, "")
    assert found.n_waiting is not None
    assert broker.readers[0].is_closed


def test_whoever_comes_next_goes_on_where_it_was(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    broker.publish(b'{"type": "a"}')
    reading(bridge, broker).once()
    broker.publish(b'{"type": "b"}')
    reading(bridge, broker).once()

    assert InboxItem.objects.count() == 2


@pytest.mark.parametrize("when", ["opening", "reading"])
def test_a_failure_is_named_and_tried_again_until_it_is_fixed(broker: FakeBroker, when: str) -> None:
    bridge = BridgeFactory()
    broker.publish(b'{"type": "a"}')
    made = reading(bridge, broker)
    if when == "opening":
        broker.failures += [Failure(Part.SIGN_IN, "It does not take the password.")] * 2
    else:
        broker.failures += [Failure(Part.NETWORK, "It broke off.")]

    assert made.once()
    failed = state(bridge)
    assert failed.state == "failed"
    assert failed.failed_part in ("sign_in", "network")
    while not made.stopping.is_set():
        made.once()

    assert InboxItem.objects.count() == 1
    assert state(bridge).state == "reading"


def test_what_nobody_foresaw_ends_no_bridge(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    broker.failures.append(ZeroDivisionError())

    assert reading(bridge, broker).once()
    assert state(bridge).error == OWN_FAULT


def test_wrong_settings_are_named(broker: FakeBroker) -> None:
    bridge = BridgeFactory(settings={"nonsense": 1})

    assert reading(bridge, broker).once()
    assert "There is no such setting." in state(bridge).error


def test_a_bridge_whose_source_is_off_says_so(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    Source.objects.update(is_enabled=False)

    reading(bridge, broker).once()
    assert state(bridge).error == f"The source {bridge.source} is switched off."


def test_a_bridge_that_is_off_is_not_read(broker: FakeBroker) -> None:
    bridge = BridgeFactory(is_enabled=False)

    assert not reading(bridge, broker).once()
    assert broker.n_opened == 0


def test_a_paused_bridge_reads_nothing_until_it_is_resumed(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    broker.publish(b'{"type": "a"}')
    definitions.pause(bridge, at=timezone.now())
    made = reading(bridge, broker)

    assert made.once()
    assert (state(bridge).state, broker.n_opened) == ("paused", 0)
    definitions.resume(bridge)
    made.once()
    assert InboxItem.objects.count() == 1


def test_who_is_paused_is_connected_no_more(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    made = BridgeConsumer(bridge.pk, "host-1")
    broker.when_empty = lambda: definitions.pause(bridge, at=timezone.now())
    made.once()
    assert state(bridge).connected_at is not None

    broker.when_empty = made.stopping.set
    made.once()
    found = state(bridge)
    assert (found.state, found.connected_at) == ("paused", None)


@pytest.mark.parametrize("change", [definitions.save, lambda bridge: definitions.pause(bridge, at=timezone.now())])
def test_a_change_is_seen_while_reading(broker: FakeBroker, change: Callable[[Bridge], None]) -> None:
    bridge = BridgeFactory()
    made = BridgeConsumer(bridge.pk, "host-1")
    broker.when_empty = lambda: change(bridge)

    assert made.once()
    assert not made.stopping.is_set()
    assert broker.readers[0].is_closed


def test_others_stand_by_where_one_may_read(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    leases.take(bridge.pk, "host-2")
    made = reading(bridge, broker)

    assert made.once()
    assert (state(bridge).state, broker.n_opened) == ("standby", 0)
    leases.give_back(bridge.pk, "host-2")
    made.once()
    assert broker.n_opened == 1


def test_who_lost_the_lease_stores_nothing_more(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    made = BridgeConsumer(bridge.pk, "host-1")

    def lose() -> None:
        Bridge.objects.update(holder="host-2")
        broker.publish(b'{"type": "a"}')

    broker.when_empty = lose
    assert made.once()
    assert not InboxItem.objects.exists()


def test_who_lost_the_lease_closes_also_where_nothing_comes(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    made = BridgeConsumer(bridge.pk, "host-1")
    broker.when_empty = lambda: Bridge.objects.update(holder="host-2")

    assert made.once()
    assert broker.readers[0].is_closed


def test_several_read_together_where_the_broker_shares(broker: FakeBroker) -> None:
    bridge = BridgeFactory(settings={"is_shared": True})
    broker.publish(b'{"type": "a"}')
    leases.take(bridge.pk, "host-2")

    reading(bridge, broker).once()
    assert InboxItem.objects.count() == 1


def test_nothing_is_read_while_the_inbox_is_full(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = BridgeFactory()
    broker.publish(b'{"type": "a"}')
    answers = iter([True, True, False, False])
    monkeypatch.setattr(pressure, "is_full", lambda: next(answers))
    seen: list[str] = []
    made = reading(bridge, broker)
    monkeypatch.setattr(made.report, "say", seen.append)

    made.once()
    assert seen[:4] == ["connecting", "reading", "full", "full"]
    assert InboxItem.objects.count() == 1


def test_the_inbox_is_full_until_half_of_it_is_empty(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.BRIDGES_INBOX_LIMIT = 4
    monkeypatch.setattr(pressure, "LOOK_SECS", 0.0)

    def fill(n: int) -> bool:
        InboxItem.objects.all().delete()
        for _ in range(n):
            InboxItem.objects.create(source_id=BridgeFactory().source_id, dialect="track", received_at=timezone.now())
        return pressure.is_full()

    assert [fill(n) for n in (4, 5, 4, 3, 2, 4)] == [False, True, True, True, False, False]


def test_a_bridge_is_sent_elsewhere_once(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    broker.publish(b'{"type": "a"}', b'{"type": "b"}', b'{"type": "c"}')
    reading(bridge, broker).once()
    seeking.wish(bridge, Seek(To.POSITION, position="1"))
    made = reading(bridge, broker)

    assert made.once()
    assert made.once()
    assert broker.seeks == [Seek(To.POSITION, position="1")]
    assert InboxItem.objects.count() == 3 + 2  # the pipeline knows them again by their ids


def test_a_consumer_that_leaves_gives_its_lease_back(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = BridgeFactory()
    monkeypatch.setattr(consumer, "connection", _Kept())
    reading(bridge, broker).run()

    assert not Consumer.objects.exists()
    assert leases.take(bridge.pk, "host-2")


class _Kept:
    def close(self) -> None:
        """The test needs the connection still."""


def test_a_wish_that_cannot_be_fulfilled_is_dropped_and_said_so(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    broker.publish(b'{"type": "a"}')
    seeking.wish(bridge, Seek(To.TIME))
    made = reading(bridge, broker)

    assert made.once()
    assert state(bridge).error.startswith("It cannot be sent elsewhere")
    assert state(bridge).error.endswith("It was not sent elsewhere, and reads on where it was.")
    made.once()
    assert InboxItem.objects.count() == 1


def test_customers_need_a_source_that_trusts_ids(broker: FakeBroker) -> None:
    bridge = BridgeFactory(mapping={"shape": "raw", "event_type": "a", "user_id": "message@body.customer"})
    assert definitions.problems(bridge) == []

    bridge.source.trusts_ids = False
    assert [problem.path for problem in definitions.problems(bridge)] == ["source"]


def test_one_read_may_take_longer_than_a_lease(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = BridgeFactory()
    broker.publish(b'{"type": "a"}')
    made = reading(bridge, broker)
    real = storing.store

    def late(*args: Any, **options: Any) -> Any:
        Bridge.objects.update(held_until=timezone.now() - timedelta(seconds=60))
        return real(*args, **options)

    monkeypatch.setattr(storing, "store", late)
    made.once()
    assert InboxItem.objects.count() == 1


def test_whoever_reads_for_long_keeps_the_lease_and_whoever_hangs_does_not(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    made, running = BridgeConsumer(bridge.pk, "host-1"), Runner()
    running._consumers = {bridge.pk: made}
    made.holds_lease = True
    leases.take(bridge.pk, "host-1")
    for secs, is_free in ((HANGS_SECS / 2, False), (HANGS_SECS * 2, True)):
        Bridge.objects.update(held_until=timezone.now() - timedelta(seconds=60))
        made.seen_at = time.monotonic() - secs
        running._keep_leases()
        assert leases.take(bridge.pk, "host-2") is is_free


def test_a_lease_that_was_just_given_back_is_not_kept(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    leases.take(bridge.pk, "host-1")
    leases.give_back(bridge.pk, "host-1")

    leases.keep(bridge.pk, "host-1")
    assert leases.take(bridge.pk, "host-2")


def test_a_sentence_that_cannot_be_stored_ends_no_reading(broker: FakeBroker) -> None:
    bridge = BridgeFactory()
    broker.failures.append(Failure(Part.NETWORK, "It said \x00."))

    assert reading(bridge, broker).once()
    assert state(bridge).error == "It said ."


def test_what_the_database_refuses_is_told_and_rested_for(broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = BridgeFactory()

    def refuse(*_args: Any, **_options: Any) -> Any:
        raise DataError

    broker.publish(b'{"type": "a"}')
    monkeypatch.setattr(storing, "store", refuse)
    assert reading(bridge, broker).once()
    assert state(bridge).error == OWN_FAULT


def test_what_others_left_is_kept_until_the_broker_could_deliver_it(
    broker: FakeBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = BridgeFactory()
    long_ago = timezone.now() - timedelta(hours=1)
    Unsettled.objects.create(bridge=bridge, fingerprint="x", stored_at=long_ago)

    reading(bridge, broker).once()
    assert Unsettled.objects.exists()
    monkeypatch.setattr(consumer, "SETTLED", timedelta(0))
    reading(bridge, broker).once()
    assert not Unsettled.objects.exists()
