"""Fixtures of the stories."""

import pytest

from tests.shop import Shop


@pytest.fixture
def shop(db: None) -> Shop:
    """A shop whose events go through the pipeline."""
    return Shop()
