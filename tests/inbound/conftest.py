"""A broker in memory, and bridges that read from it."""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from apps.inbound.bridge_kind import kinds
from tests.inbound.fake import FakeBroker, fake_kind
from tests.inbound.shelf import Shelf
from tests.outside import Outside, outside
from tests.registries import declared


@pytest.fixture
def broker() -> Iterator[FakeBroker]:
    with fake_kind() as made:
        yield made


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A kind of bridge that reads from a list, and has all that pages ask for."""
    found = Shelf()
    with declared(kinds, "shelf", found.kind()):
        yield found


@pytest.fixture
def system(settings: Any) -> Iterator[Outside]:
    """A system that speaks HTTP, on this machine."""
    settings.EGRESS_ALLOWED_NETWORKS = [ip_network("127.0.0.0/8")]
    with outside() as running:
        yield running
