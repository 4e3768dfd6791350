"""Fixtures of the collector's tests."""

import pytest
from rest_framework.test import APIClient


@pytest.fixture
def client(db: None, alone: None) -> APIClient:
    """A client of the collector that sends JSON."""
    return APIClient()
