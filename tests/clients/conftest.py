"""Fixtures of the tests with real clients."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.chromium import chromium


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all of them."""
    with chromium() as running:
        yield running


class Pages(SimpleHTTPRequestHandler):
    """Serves files, silently."""

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The address of a site with the pages of this folder; another site than the platform, in a browser's eyes."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=Path(__file__).parent)) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()
