"""Whoever has not been there for 30 days leaves a segment, and gets a letter; whoever was there gets none."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from apps.collector import accept
from tests.alerts.conftest import Mailbox
from tests.segments.people import members, segment
from tests.shop import Shop
from tests.stories.doors import OwnDoors, chain, letter
from tests.stories.passing_time import live_until

pytestmark = pytest.mark.django_db(transaction=True)
DRAFT = chain(
    {"write": letter("We miss you"), "rest": ("wait", {"length": "7 days"}), "mark": ("add-tag", {"tag": "lost"})},
    triggers=[{"id": "left", "kind": "segment", "segment": "active", "change": "left"}],
    entry={"frequency": "interval", "interval_secs": 60 * 86_400},
    exits=[{"event_type": "page-view"}],
)


def look_at_segments() -> None:
    """Do what the clock does, twice at once; and let what it says be processed."""
    for _ in range(2):
        call_command("segment_live", "--full", "--wait", verbosity=0)
    while accept.ingest(100, at=datetime.now(UTC)):
        pass


def test_whoever_left_gets_one_letter_and_is_left_alone_once_they_are_back(
    doors: OwnDoors, shop: Shop, post: Mailbox
) -> None:
    segment("active", 'DID("page-view" LAST 30 DAYS)')
    doors.mails_by(post.port)
    doors.publish("win-back", DRAFT)
    doors.source_id = str(shop.source.id)
    for name in ("anna", "bert", "cleo"):
        doors.sign_in(name)
    now = datetime.now(UTC)
    shop.now = now - timedelta(days=31)
    for name in ("anna", "bert", "cleo"):
        shop.track("page-view", session=name)
    doors.track("page-view", session="bert")  # whoever comes is active, again or still
    assert len(members("active")) == 3

    look_at_segments()
    live_until(datetime.now(UTC))
    anna, cleo = (mail["To"] for mail in sorted(post.mails, key=lambda mail: mail["To"]))
    assert (anna, cleo) == ("anna@example.com", "cleo@example.com")
    assert [run["place"] for run in doors.runs("win-back")] == ["rest", "rest"]

    doors.track("page-view", session="anna")
    live_until(datetime.now(UTC))
    assert sorted(doors.states("win-back")) == ["exited", "live"]
    live_until(now + timedelta(days=8))

    assert sorted(doors.states("win-back")) == ["exited", "finished"]
    assert len(post.offered) == 2
    tags = {
        name: doors.api("get", f"profiles/{doors.sign_in(name)}")["traits"].get("tags") for name in ("anna", "cleo")
    }
    assert tags == {"anna": None, "cleo": ["lost"]}
