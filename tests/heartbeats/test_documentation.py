"""The commands of docs/heartbeats.md do what it says."""

import re
import shlex
from datetime import timedelta

import pytest
from django.core.management import call_command

from apps.events.models import Event
from apps.heartbeats.strategy import strategies
from apps.sessions.models import Session
from cdp.processes import BASE_DIR
from tests.factories import ConsentTypeFactory
from tests.heartbeats.beating import ago, process
from tests.heartbeats.factories import HeartbeatFactory
from tests.shop import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
TEXT = (BASE_DIR / "docs/heartbeats.md").read_text()
COMMANDS = re.findall(r"^manage\.py heartbeat(.*)$", TEXT, re.MULTILINE)


@pytest.fixture
def silent(shop: Shop) -> None:
    """A regular customer of whom nothing was heard for a year, and what the commands name."""
    shop.source.name = "Shop"
    shop.source.save()
    ConsentTypeFactory(id="letters")
    HeartbeatFactory(name="Quiet people", wait_period=timedelta(days=30))
    shop.now = ago(days=365)
    agreed = {"type": "consent-update", "properties": {"consents": {"letters": True}}}
    for _ in range(3):
        shop.later(days=1)
        shop.track("page-view", agreed, session="anna")


def test_each_command_works_and_together_they_say_it_once(silent: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(COMMANDS) == 7
    for command in COMMANDS:
        call_command("heartbeat", *shlex.split(command))
    process()

    told = capsys.readouterr().out.splitlines()
    assert told[0] == "Quiet people: 1 said, 0 not."
    assert [line for line in told if line.endswith("would be said.")] == [
        "Quiet people: 0 would be said.",
        "inactive-profile: 1 would be said.",
    ]
    assert Event.objects.filter(type="profile-inactive").count() == 2  # by two rules
    assert Session.objects.get().status == Session.Status.ENDED


def test_each_strategy_is_told_of_with_what_it_says() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|.*?\| `([\w-]+)` \|", TEXT, re.MULTILINE)

    assert rows == [(key, strategy.event.type) for key, strategy in strategies.items()]
