"""Whoever signs up gets three letters, each at its time; one that would come at night comes in the morning."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.alerts.conftest import Mailbox
from tests.flows.runs.published import pass_time
from tests.stories.doors import OwnDoors, chain, letter, on_event
from tests.stories.passing_time import due, live_until

pytestmark = pytest.mark.django_db(transaction=True)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
KOLKATA = ZoneInfo("Asia/Kolkata")  # whose clocks never change


def draft(night: dict[str, str]) -> dict[str, Any]:
    """An hour, ten hours and three days, each with a letter behind it."""
    lengths = {"first": "1 hour", "second": "10 hours", "third": "3 days"}
    nodes: dict[str, Any] = {}
    for name, length in lengths.items():
        nodes |= {f"wait-{name}": ("wait", {"length": length}), name: letter(f"The {name} letter")}
    return chain(nodes, triggers=on_event("signed-up"), quiet_hours=night)


def at_minute(moment: datetime) -> datetime:
    return moment.astimezone(KOLKATA).replace(second=0, microsecond=0)


def subjects(post: Mailbox) -> list[str]:
    return [str(mail["Subject"]) for mail in post.mails]


def test_each_letter_comes_at_its_time_and_none_at_night(doors: OwnDoors, post: Mailbox) -> None:
    began = datetime.now(KOLKATA)
    night = at_minute(began + 10 * HOUR), at_minute(began + 13 * HOUR)  # the second letter falls into it
    doors.mails_by(post.port)
    doors.publish("welcome", draft({"from": f"{night[0]:%H:%M}", "to": f"{night[1]:%H:%M}"}))
    doors.sign_in("anna", context={"time": {"tz": "Asia/Kolkata"}})
    doors.track("signed-up", session="anna")
    [run] = doors.runs("welcome")
    began = datetime.fromisoformat(run["started_at"])
    pass_time(began)

    assert due(doors, "welcome") == began + HOUR
    live_until(began + HOUR - SECOND)
    assert subjects(post) == []
    live_until(began + HOUR)
    assert subjects(post) == ["The first letter"]

    assert due(doors, "welcome") == began + 11 * HOUR
    live_until(began + 11 * HOUR)
    assert subjects(post) == ["The first letter"]
    assert due(doors, "welcome") == night[1]
    assert pass_time(night[1] - SECOND) == 0
    live_until(night[1])
    assert subjects(post) == ["The first letter", "The second letter"]

    assert due(doors, "welcome") == night[1] + timedelta(days=3)
    live_until(night[1] + timedelta(days=3))
    assert subjects(post) == ["The first letter", "The second letter", "The third letter"]
    assert doors.states("welcome") == ["finished"]
    assert len({mail["Message-ID"] for mail in post.offered}) == len(post.offered) == 3
    assert set(post.recipients) == {"anna@example.com"}
