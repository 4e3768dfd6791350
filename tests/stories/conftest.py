"""What stories of flows share: a platform with all that lets people go on, and a mail server."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from tests.alerts.conftest import Mailbox, mail_server
from tests.factories import SourceFactory
from tests.live import live_platform, wait_for
from tests.stories.doors import LiveDoors, OwnDoors

WORKERS = ("flows", "deliveries")
KEY = """
from datetime import datetime, UTC
from apps.api.scopes import Scope
from apps.core import keys
print(keys.issue("CRM", list(Scope), created_by="anna", now=datetime.now(UTC))[1])
"""


@pytest.fixture(scope="session")
def house() -> Iterator[LiveDoors]:
    """A platform with web server, ingest, and workers of flows and deliveries, which the group `house` shares."""
    env = {"EGRESS_ALLOWED_NETWORKS": "127.0.0.0/8", "WEB_WORKERS": "1"}
    with live_platform(has_web=False, **env) as live:
        for role in WORKERS:
            live.start(role)
        live.start_web()
        key = live.manage("shell", "--no-imports", "-c", KEY).split()[-1]
        source = live.source("Shop")["id"]
        wait_for(lambda: all(live.valkey.client.scard(f"rq:workers:{_queue(role)}") for role in WORKERS), "workers")
        yield LiveDoors(live, source, key)


def _queue(role: str) -> str:
    return {"deliveries": "destinations"}.get(role, role)


@pytest.fixture
def post() -> Iterator[Mailbox]:
    """A mail server."""
    box = Mailbox()
    with mail_server(box):
        yield box


@pytest.fixture
def doors(transactional_db: None, settings: Any) -> OwnDoors:
    """A shop at a platform in the test's own process."""
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    return OwnDoors(SourceFactory())
