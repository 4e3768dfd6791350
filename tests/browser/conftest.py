"""Fixtures of the tests that look at the admin as people do."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.live import Live

LOAD = "from django.utils import timezone; from apps.console import samples; samples.load(now=timezone.now())"


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
