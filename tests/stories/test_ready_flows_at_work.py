"""Ready flows as a shop has them: made by its program, published as they are, and gone through by its customers."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.flows.triggers.trigger_index import REFRESH_SECS
from tests.alerts.conftest import Mailbox
from tests.factories import ConsentTypeFactory
from tests.live import wait_for
from tests.outside import outside
from tests.stories.doors import Body, Doors, LiveDoors, OwnDoors
from tests.stories.passing_time import live_until

SITE = "https://www.teashop.example"
LISTS = """
from apps.segments import definitions
from apps.segments.models import Segment
definitions.save(Segment(key="hot-leads", name="Hot leads", kind="flow"))
definitions.save(Segment(key="quiet-leads", name="Quiet leads", condition="profile@traits.lead_score >= 10"))
"""


def take(doors: Doors, key: str) -> None:
    """Make a draft of a ready flow, let it send at whatever hour, and let people enter."""
    made = doors.api("post", f"ready-flows/{key}/draft", {"site": SITE})
    draft = {**made["draft"], "quiet_hours": "none"}
    doors.api("patch", f"flows/{key}", {"draft": draft, "revision": made["draft_revision"]})
    doors.api("post", f"flows/{key}/publish", {})
    doors.api("post", f"flows/{key}/on")


def left(doors: Doors, key: str) -> dict[str, int]:
    """Count by which ports people left which nodes."""
    nodes = doors.api("get", f"flows/{key}/figures")["nodes"]
    return {f"{each['node']}.{port}": n for each in nodes for port, n in each["left"].items()}


def event(type: str, **properties: Any) -> Body:
    return {"type": type, "properties": properties}


@pytest.fixture
def subscribers(doors: OwnDoors, post: Mailbox) -> list[str]:
    """Three people who are known, and may be asked."""
    ConsentTypeFactory(id="marketing-email")
    doors.mails_by(post.port, "Our mail")
    found = ["anna", "bert", "cleo"]
    for name in found:
        doors.sign_in(name)
    return found


def agree(doors: Doors, *names: str) -> None:
    for name in names:
        doors.track(event("consent-update", consents={"marketing-email": True}), session=name)


@pytest.mark.django_db(transaction=True)
def test_whoever_leaves_a_cart_is_reminded_twice_and_whoever_orders_is_left_alone(
    doors: OwnDoors, post: Mailbox, subscribers: list[str]
) -> None:
    take(doors, "abandoned-cart")
    agree(doors, "anna", "bert")
    for name in subscribers:  # Cleo has agreed to nothing
        doors.track(event("product-added", name="Tea pot"), session=name)
    began = datetime.now(UTC)
    live_until(began)

    doors.track(event("product-added", name="Tea cup"), session="anna")
    doors.track(event("order-completed", order_id="B-1", total=40), session="bert")
    for hours in (4.1, 30, 60):
        live_until(began + timedelta(hours=hours))

    assert [(mail["To"], mail["Subject"]) for mail in post.mails] == [
        ("anna@example.com", "Your cart is waiting for you"),
        ("anna@example.com", "Can we help with your order?"),
    ]
    assert sorted(doors.states("abandoned-cart")) == ["finished", "goal"]
    assert left(doors, "abandoned-cart") == {
        **{"start.out": 2, "still-choosing.out": 1, "still-choosing.time_out": 1, "remind.out": 1, "a-day.out": 1},
        **{"ask.out": 1},
    }


@pytest.mark.django_db(transaction=True)
def test_whoever_agrees_is_welcomed_and_whoever_thinks_again_gets_nothing_more(
    doors: OwnDoors, post: Mailbox, subscribers: list[str]
) -> None:
    take(doors, "welcome-series")
    agree(doors, *subscribers)
    began = datetime.now(UTC)
    live_until(began)
    assert len(post.mails) == 3

    doors.track(event("consent-update", consents={"marketing-email": False}), session="bert")
    doors.track(event("order-completed", order_id="C-1", total=40), session="cleo")
    for days in (2, 6):
        live_until(began + timedelta(days=days, hours=1))

    assert [mail["Subject"] for mail in post.mails if mail["To"] == "anna@example.com"] == [
        *("Welcome, and thank you for joining us", "What others like best", "Need a hand in choosing?")
    ]
    assert len(post.mails) == 5
    assert sorted(doors.states("welcome-series")) == ["finished", "goal", "removed"]
    assert left(doors, "welcome-series") == {
        **{"start.out": 3, "address.out": 3, "hello.out": 3, "two-days.out": 1, "favourites.out": 1},
        **{"three-days.out": 1, "help.out": 1},
    }


@pytest.mark.xdist_group("house")
@pytest.mark.timeout(300)
def test_a_lead_becomes_hot_and_the_team_is_told_once(house: LiveDoors) -> None:
    house.live.manage("shell", "--no-imports", "-c", LISTS)
    with outside() as chat:
        house.connect("Team chat", "http", base_url=f"{chat.address}/hook", auth="none")
        take(house, "lead-scoring")
        time.sleep(REFRESH_SECS + 0.1)  # until all processes know it
        house.sign_in("lea")

        house.track("sign-up", *["checkout-started"] * 3, session="lea")
        house.track("product-added", session="lea")
        wait_for(lambda: house.states("lead-scoring") == ["finished"] * 5, "all runs", timeout_secs=60)

    [told] = chat.taken
    assert "50 points" in json.loads(told.body)["text"]
    [run, *_] = house.runs("lead-scoring")
    lea = house.api("get", f"profiles/{run['profile_id']}")
    assert lea["traits"]["lead_score"] == 55
    assert left(house, "lead-scoring") == {
        **{"start.out": 5, "points.found": 5, "add.out": 5, "is-hot.false": 4, "is-hot.true": 1},
        **{"hot.out": 1, "tell-team.out": 1},
    }
