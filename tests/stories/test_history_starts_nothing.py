"""A shop brings its history along, and devices send what they kept for days: no flow starts, nobody is written to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.bridges.models import Delivery
from apps.collector import accept
from apps.events.models import Event
from apps.flows.models import Run
from tests.flows.runs.published import pass_time
from tests.stories.doors import Body, OwnDoors, chain, letter, on_event

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 30


@pytest.fixture
def shop_with_flows(doors: OwnDoors) -> OwnDoors:
    """A shop that writes to whoever buys, and waits for a day with whoever looks around."""
    doors.mails_by(1)
    writes, waits = {"write": letter("Thank you")}, {"wait": ("wait", {"length": "1 day"}), "write": letter("Yours?")}
    doors.publish("thanks", chain(writes, triggers=on_event("sale-completed", max_age_secs=3_600)))
    doors.publish("looks", chain(waits, triggers=on_event("page-view"), exits=[{"event_type": "sale-completed"}]))
    return doors


def kept(type: str, **ago: float) -> Body:
    return {"type": type, "time": {"create": (datetime.now(UTC) - timedelta(**ago)).isoformat()}}


def sdk(doors: OwnDoors, **values: Any) -> None:
    """Send messages as the SDK of a server does."""
    source_key = doors.write_key
    status, answer = doors.ask("post", "/v1/batch", {"writeKey": source_key, **values})
    assert status == 200, answer
    while accept.ingest(1_000, at=datetime.now(UTC)):
        pass


def test_history_and_what_comes_too_late_start_nothing(shop_with_flows: OwnDoors) -> None:
    doors = shop_with_flows
    batch = [
        {"type": "track", "event": "sale-completed", "userId": f"C-{number}", "properties": {"total": number}}
        for number in range(NUMBER)
    ]
    sdk(doors, batch=batch, historical=True)
    history = [kept("sale-completed", days=400), kept("page-view", minutes=1), "sale-completed"]
    doors.track(*history, session="old-shop", options={"historical": True})
    doors.track(kept("sale-completed", hours=1.1), kept("page-view", days=1.1), session="phone-in-a-drawer")

    assert Event.objects.filter(type="sale-completed").count() == NUMBER + 3
    assert pass_time(datetime.now(UTC)) == 0
    assert not Run.objects.exists()
    assert not Delivery.objects.exists()

    # What happens now does.
    doors.sign_in("anna")
    doors.track(kept("sale-completed", minutes=50), session="anna")
    assert [run["trigger"] for run in doors.runs("thanks")] == ["t"]


def test_history_lets_somebody_leave_whom_it_shows_to_have_bought(shop_with_flows: OwnDoors) -> None:
    doors = shop_with_flows
    doors.sign_in("bo")
    doors.track("page-view", session="bo")
    pass_time(datetime.now(UTC))
    assert doors.states("looks") == ["live"]

    sdk(doors, batch=[{"type": "track", "event": "sale-completed", "userId": "C-bo"}], historical=True)
    pass_time(datetime.now(UTC))

    assert doors.states("looks") == ["exited"]
    assert doors.runs("thanks") == []
    assert not Delivery.objects.exists()
