"""Fixtures of the tests that look at the admin as people do."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import chromium
from tests.live import Live

LOAD = "from django.utils import timezone; from apps.console import samples; samples.load(now=timezone.now())"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all of them: each test has a window of its own, and to start one takes two seconds."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def samples(live: Live) -> None:
    """Fill the platform with the sample shop."""
    live.manage("shell", "--no-imports", "-c", LOAD)


@pytest.fixture
def shoot(admin: Page) -> Callable[[str], None]:
    """Take pictures of what the administrator sees, in light and in dark, into the folder that SCREENSHOTS names."""
    folder = os.environ.get("SCREENSHOTS")

    def take(name: str) -> None:
        admin.wait_for_load_state()
        for scheme in ("light", "dark") if folder else ():
            admin.evaluate(f"document.documentElement.classList.toggle('dark', {str(scheme == 'dark').lower()})")
            admin.wait_for_load_state("networkidle")
            admin.screenshot(path=Path(folder) / f"{name}-{scheme}.png", animations="disabled")

    return take
