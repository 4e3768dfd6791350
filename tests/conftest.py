"""Fixtures of all tests."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.db import connections

if TYPE_CHECKING:
    from tests.shop import Shop


@pytest.fixture(scope="session", autouse=True)
def no_lasting_connections() -> None:
    """Let threads give up their connections after each piece of work: test databases could not be dropped otherwise."""
    connections.settings["default"]["CONN_MAX_AGE"] = 0


@pytest.fixture(autouse=True)
def fresh_memory() -> Iterator[None]:
    """Read configuration anew in each test: its database is another one."""
    from apps.collector import compliance, event_types, redirects, sources
    from apps.events import identification, partitions
    from apps.profiles import identifiers, merge_rules

    configuration = (sources.current, event_types.current, redirects.current, identification.current)
    for snapshot in (*configuration, compliance.current, identifiers.blocked, merge_rules.current):
        snapshot.forget()
    partitions.forget()
    yield
    partitions.forget()


@pytest.fixture
def shop(db: None) -> "Shop":
    """A shop whose events go through the pipeline."""
    from tests.shop import Shop

    return Shop()
