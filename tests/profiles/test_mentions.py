"""Addresses in what people and programs write, and how many of them are looked at."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.profiles.mentions import MAX_MENTIONS, addresses_in_text, mentions_in

pytestmark = pytest.mark.django_db


def test_of_a_text_full_of_addresses_only_so_many_are_looked_at() -> None:
    found = addresses_in_text(" ".join(f"anna{n}@shop.example" for n in range(2 * MAX_MENTIONS)))

    assert "anna0@shop.example" in found
    assert len(found) == MAX_MENTIONS


ADDRESSES = st.sampled_from(["anna@shop.example", "b.c+d@x.example", "änne@münchen.example"])
AROUND = st.text("abz09 .,;:<>\"'\\/\n\t=&?%+{}[]()@ä", max_size=6)
TEXTS = st.builds("{}{}{}".format, AROUND, ADDRESSES, AROUND)
TREES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | AROUND, inner, max_size=3)
)


@given(TREES)
def test_what_is_found_by_its_place_is_found_in_the_whole(tree: Any) -> None:
    written = orjson.dumps(tree)
    by_place = {address for _, address in mentions_in(tree)}

    assert by_place <= addresses_in_text(written.decode())
