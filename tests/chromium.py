"""A real browser for the tests: headless Chromium from an npm package (tests/clients), driven by Playwright."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from tests.live import wait_for
from tests.servers import has_room_in_memory

UNPACKED = Path(__file__).parent / "clients" / "node_modules" / ".chromium"
# A bare machine has neither the libraries nor a font; Chromium's package brings both.
ENVIRONMENT = {"LD_LIBRARY_PATH": str(UNPACKED / "al2023" / "lib"), "FONTCONFIG_FILE": str(UNPACKED / "fonts.conf")}
QUIET = ["--disable-gpu", "--disable-quic", "--disable-sync"]  # Playwright turns the rest of its chatter off
PATIENCE_MS = 60_000  # a machine that has much to do is no fault of a page
HAS_LOADED = "document.readyState === 'complete' && document.documentElement.toggleAttribute('data-is-loaded', true)"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser. Django's ORM refuses to work on this thread meanwhile, since Playwright has an event loop."""
    expect.set_options(timeout=PATIENCE_MS)
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
def new_window(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Open a window with cookies of its own, in which nothing moves by itself, and nobody is quicker than a page."""
    wanted = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", **options}
    with browser.new_context(**wanted) as window:
        window.set_default_timeout(PATIENCE_MS)
        window.on("page", wait_for_scripts)
        yield window


@contextmanager
def new_page(browser: Browser, **options: Any) -> Iterator[Page]:
    """Open a page in a window of its own.

    Raises AssertionError in the end when the browser's console would have shown something in red.
    """
    with new_window(browser, **options) as window:
        page, complaints = window.new_page(), Complaints()
        complaints.listen(page)
        yield page
    assert not complaints.found, "\n".join(complaints.found)


def sign_in(page: Page, address: str, password: str) -> None:
    """Sign in as the administrator of a platform."""
    page.goto(f"{address}/admin/")
    page.get_by_label("Username").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_text("Events by hour").wait_for()


def wait_for_scripts(page: Page) -> None:
    """Let whatever is done on a page wait until it has loaded, also where a click has led to it.

    A machine that has much to do shows fields and buttons long before the scripts have run that make something of them.
    """

    def wait() -> None:
        is_loaded = False
        while not is_loaded and not page.is_closed():
            page.wait_for_load_state()
            with suppress(Error):  # it is left just now
                is_loaded = page.evaluate(HAS_LOADED)

    page.add_locator_handler(page.locator("html:not([data-is-loaded])"), wait, no_wait_after=True)


def fits(page: Page) -> None:
    """Wait until nothing is wider than the window, so that nobody has to push the page to and fro."""
    comes_true(page, "document.documentElement.scrollWidth <= innerWidth")


def comes_true(page: Page, expression: str, arg: Any = None) -> None:
    """Wait until a page says so. Playwright's own waiting fails now and then where a page's policy forbids `eval`."""
    wait_for(lambda: bool(page.evaluate(expression, arg)), expression, timeout_secs=PATIENCE_MS / 1_000)


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
        # When a page is left, a beacon goes on unheard, and what is still under way ends, as a font does, and what
        # scripts ask for; a page that becomes a download is aborted, too. No console shows that.
        if request.resource_type != "ping" and request.failure != "net::ERR_ABORTED":
            self.found.append(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        # A page learns by 401 that nobody is signed in any more, and says so, as stories see.
        if response.status >= 400 and response.status != 401:
            self.found.append(f"{response.request.method} {response.url}: {response.status}")
