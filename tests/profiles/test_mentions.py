"""Addresses in what people and programs write, and how many of them are looked at."""

import pytest

from apps.profiles.mentions import MAX_MENTIONS, addresses_in_text

pytestmark = pytest.mark.django_db


def test_of_a_text_full_of_addresses_only_so_many_are_looked_at() -> None:
    found = addresses_in_text(" ".join(f"anna{n}@shop.example" for n in range(2 * MAX_MENTIONS)))

    assert "anna0@shop.example" in found
    assert len(found) == MAX_MENTIONS
