"""What stories of the editor share: a platform with pages and with workers of flows, and somebody who draws."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import new_page
from tests.live import live_platform
from tests.stories.conftest import KEY, WORKERS, post
from tests.stories.doors import LiveDoors

__all__ = ["post"]


@pytest.fixture(scope="session")
def studio() -> Iterator[LiveDoors]:
    """A platform with all that lets people go on, which the group `editor` shares."""
    env = {"EGRESS_ALLOWED_NETWORKS": "127.0.0.0/8", "WEB_WORKERS": "1"}
    with live_platform(has_pages=True, **env) as live:
        for role in WORKERS:
            live.start(role)
        key = live.manage("shell", "--no-imports", "-c", KEY).split()[-1]
        yield LiveDoors(live, live.source("Shop")["id"], key)


@pytest.fixture
def marketer(browser: Browser, studio: LiveDoors) -> Iterator[Page]:
    """A page of somebody who has signed in."""
    with new_page(browser, reduced_motion="reduce") as page:
        page.goto(f"{studio.live.address}/admin/")
        page.get_by_label("Username").fill("admin")
        page.get_by_label("Password").fill(studio.live.password)
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("Events by hour").wait_for()
        yield page
