"""SDKs as they come from their registries: a person's story arrives once, in order, and on one profile."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.live import Live, Row, wait_for

HERE = Path(__file__).parent
SERVERS = {
    "segment-python": [sys.executable, str(HERE / "python_client.py"), "segment"],
    "rudder-python": [sys.executable, str(HERE / "python_client.py"), "rudderstack"],
    "segment-node": ["node", str(HERE / "node_client.mjs")],
}
STORY = ["page-view", "product-viewed", "identify", "order-completed", "screen-view", "group", "alias"]
TEN = datetime(2024, 2, 29, 10, tzinfo=UTC)

pytestmark = pytest.mark.xdist_group("live")


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_tells_a_persons_story(name: str, live: Live, admin: Page) -> None:
    source = live.source(name)
    command = [*SERVERS[name], live.address, source["write_key"], name]

    done = subprocess.run(command, capture_output=True, text=True, timeout=250)

    assert (done.returncode, done.stderr) == (0, "")
    events = told(live, source, name, STORY, admin)
    assert [event["type"] for event in events] == STORY
    assert [event["time"] for event in events] == [TEN + timedelta(minutes=minute) for minute in range(len(STORY))]


@pytest.mark.parametrize(
    ("name", "story"), [("segment", STORY), ("rudderstack", [type_ for type_ in STORY if type_ != "screen-view"])]
)
def test_a_browser_tells_a_persons_story(
    name: str, story: list[str], live: Live, shop: str, page: Page, admin: Page
) -> None:
    source = live.source(name)
    begun = datetime.now(UTC)

    page.goto(f"{shop}/{name}.html?address={live.address}&key={source['write_key']}&name={name}")

    events = told(live, source, name, story, admin)
    assert begun - timedelta(milliseconds=1) <= events[0]["time"] <= events[-1]["time"] <= datetime.now(UTC)
    assert {event["session_id"] for event in events} != {None}


def told(live: Live, source: Row, name: str, story: list[str], admin: Page) -> list[Row]:
    """Return the events of a source once the story is stored, and on its profile's page."""
    wait_for(lambda: len(live.events(source)) >= len(story), f"the story of {name}")
    live.wait_until_drained()
    events = live.events(source)
    # A browser's calls may share a millisecond, and overtake each other on their way.
    types = [event["type"] for event in events]
    assert sorted(types) == sorted(story)
    assert events[types.index("order-completed")]["properties"] == {"order_id": "O-17", "value": 24.9}
    (profile_id,) = {event["profile_id"] for event in events}
    profile = live.rows("SELECT * FROM profiles_profile WHERE id = %s", profile_id)[0]
    assert (profile["primary_id"], profile["email"]) == (f"{name}-user", f"{name}@example.com")
    assert profile["data"]["pii"]["firstname"] == "Anna"
    assert profile["data"]["job"]["company"]["name"] == "Acme"
    assert profile["traits"]["plan"] == "pro"
    admin.goto(f"{live.address}/admin/profiles/profile/{profile_id}/change/")
    for shown in (f"{name}@example.com", "Anna", "Acme", *story):
        expect(admin.locator("body")).to_contain_text(shown)
    return events
