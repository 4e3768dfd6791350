"""Fixtures of the collector's tests."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.collector.grouping import Grouper


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each request be a group of its own, on the thread and in the transaction of the test."""

    def submit(self: Grouper[Any], item: Any, *, timeout_secs: float = 0.0) -> None:
        self._work([item])

    monkeypatch.setattr(Grouper, "submit", submit)


@pytest.fixture
def client(db: None, alone: None) -> APIClient:
    """A client of the collector that sends JSON."""
    return APIClient()
