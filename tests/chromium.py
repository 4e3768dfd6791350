"""A real browser for the tests: headless Chromium from an npm package (tests/clients), driven by Playwright."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect, sync_playwright

from tests.servers import has_room_in_memory

UNPACKED = Path(__file__).parent / "clients" / "node_modules" / ".chromium"
# A bare machine has neither the libraries nor a font; Chromium's package brings both.
ENVIRONMENT = {"LD_LIBRARY_PATH": str(UNPACKED / "al2023" / "lib"), "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf")}
QUIET = ["--disable-gpu", "--disable-quic", "--disable-sync"]  # Playwright turns the rest of its chatter off


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser. Django's ORM refuses to work on this thread meanwhile, since Playwright has an event loop."""
    expect.set_options(timeout=30_000)  # milliseconds
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=UNPACKED / "chromium",
            args=QUIET,
            # Playwright's default, for containers that have no room there.
            ignore_default_args=["--disable-dev-shm-usage"] if has_room_in_memory() else None,
            env={**os.environ, **ENVIRONMENT},
        )
        yield browser
        browser.close()


@contextmanager
def new_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page in a window of its own, with cookies of its own.

    Raises AssertionError in the end when the browser's console would have shown something in red.
    """
    with browser.new_context(viewport={"width": 1440, "height": 900}, **options) as context:
        page, complaints = context.new_page(), Complaints()
        complaints.listen(page)
        yield page
    assert not complaints.found, "\n".join(complaints.found)


class Complaints:
    """What a browser's console shows in red: errors of scripts, and requests that fail."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def listen(self, page: Page) -> None:
        """Note what goes wrong in a page from now on."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.found.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        # htmx says of a request whose page is left what no reader sees; of one that fails, it says more than its end.
        is_end_of_request = message.text in ("htmx:sendAbort", "htmx:afterRequest")
        tells_of_sign_out = "status of 401" in message.text or "Status Error Code 401" in message.text
        if message.type == "error" and not is_end_of_request and not tells_of_sign_out:
            self.found.append(f"{message.location['url']}: {message.text}")

    def _on_failure(self, request: Request) -> None:
        # When a page is left, a beacon goes on unheard, and what its scripts still ask for ends: no console shows that.
        is_left = request.resource_type in ("xhr", "fetch") and request.failure == "net::ERR_ABORTED"
        if request.resource_type != "ping" and not is_left:
            self.found.append(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        # A page learns by 401 that nobody is signed in any more, and says so, as stories see.
        if response.status >= 400 and response.status != 401:
            self.found.append(f"{response.request.method} {response.url}: {response.status}")
