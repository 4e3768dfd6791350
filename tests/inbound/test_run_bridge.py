"""manage.py run_bridge reads for bridges that are on, as they are switched on and off."""

import threading
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.bridges.connection_kind import Part
from apps.events.models import InboxItem
from apps.inbound import runner
from apps.inbound.models import Bridge, Consumer
from apps.inbound.received import Failure
from apps.inbound.runner import Runner
from tests.inbound.factories import BridgeFactory
from tests.inbound.fake import FakeBroker
from tests.live import wait_for


@pytest.mark.django_db
def test_a_bridge_that_there_is_not_is_named(broker: FakeBroker) -> None:
    BridgeFactory(name="Orders")

    with pytest.raises(CommandError, match=r"There is no bridge Order\. Did you mean Orders\?"):
        call_command("run_bridge", "Order")


@pytest.fixture
def running(transactional_db: None, broker: FakeBroker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    monkeypatch.setattr(runner, "LOOK_SECS", 0.05)
    made = Runner()
    thread = threading.Thread(target=made.run)
    thread.start()
    yield made
    made.stop()
    thread.join()


def test_bridges_are_read_while_they_are_on(running: Runner, broker: FakeBroker) -> None:
    broker.publish(b'{"type": "a"}')
    bridge = BridgeFactory()
    wait_for(InboxItem.objects.exists, "the message")

    Bridge.objects.update(is_enabled=False)
    wait_for(lambda: not Consumer.objects.exists(), "the end of reading")
    broker.publish(b'{"type": "b"}')
    Bridge.objects.filter(pk=bridge.pk).update(is_enabled=True)
    wait_for(lambda: InboxItem.objects.count() == 2, "the second message")


@pytest.mark.usefixtures("transactional_db")
def test_once_reads_what_there_is_says_so_and_ends(broker: FakeBroker, capsys: pytest.CaptureFixture[str]) -> None:
    BridgeFactory(name="Orders")
    BridgeFactory(is_enabled=False)
    broker.publish(b'{"type": "a"}', b"no JSON")

    call_command("run_bridge", "--once")
    assert InboxItem.objects.count() == 1
    assert not Consumer.objects.exists()
    assert capsys.readouterr().out == "Orders: 2 messages, 1 dead letter.\n"

    call_command("run_bridge", "--once")
    broker.failures.append(Failure(Part.SIGN_IN, "It does not let us in."))
    call_command("run_bridge", "--once")
    Bridge.objects.update(paused_at=timezone.now())
    call_command("run_bridge", "--once")
    told = ["Orders: 0 messages.", "Orders: It does not let us in.", "Orders: It is paused."]
    assert capsys.readouterr().out.splitlines() == told
