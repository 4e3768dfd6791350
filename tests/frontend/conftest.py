"""What stories of the editor share: a platform with pages and with workers of flows, and somebody who draws."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.chromium import chromium, new_page, sign_in
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


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all of them."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="package")
def signed_in(browser: Browser, studio: LiveDoors) -> StorageState:
    """The cookies of somebody who has signed in."""
    with new_page(browser) as page:
        sign_in(page, studio.live.address, studio.live.password)
        return page.context.storage_state()


@pytest.fixture
def marketer(browser: Browser, signed_in: StorageState) -> Iterator[Page]:
    """A page of somebody who has signed in."""
    with new_page(browser, storage_state=signed_in) as page:
        yield page
