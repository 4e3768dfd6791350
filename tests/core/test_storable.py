"""Whatever is made of what was sent can be stored, and fails no neighbour."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import storable

ANY_TEXT = st.text(st.characters())  # NUL and halves of surrogate pairs included
FLOATS = st.floats(-1e15, 1e15) | st.sampled_from([float("inf"), float("nan")])  # greater ones jsonb makes whole
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | FLOATS | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.django_db
@settings(max_examples=60)
@given(ANYTHING)
def test_anything_that_was_made_can_be_stored(value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb::text", [storable.dumps(value)])
        stored = orjson.loads(cursor.fetchone()[0])

    if storable.refusal_in(value, "") is None:
        assert stored == value


def test_a_text_that_only_looks_like_a_nul_stays_as_it_is() -> None:
    assert orjson.loads(storable.dumps({"a": r"\u0000", "b": "\x00x"})) == {"a": r"\u0000", "b": "x"}


def test_all_json_for_the_database_is_written_by_one_function() -> None:
    """Guard: what is made after the check of what was sent would fail the whole batch, if it got there another way."""
    talking = {path: path.read_text() for path in Path("apps").rglob("*.py") if "migrations" not in path.parts}
    others = [
        str(path)
        for path, text in talking.items()
        if "connection.cursor()" in text and re.search(r"(orjson\.dumps\(.*\)\.decode\(\)|\bjson\.dumps\()", text)
    ]

    assert others == ["apps/events/personal.py"]  # a pattern by which it looks for texts
