"""Events come out of their table as they went in."""

from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.ids import new_id
from apps.events.models import Event, MessageKey
from apps.events.store import partitions, storage
from apps.events.store.storage import EventRow, array_literal, json_text
from tests.factories import NOON

pytestmark = pytest.mark.django_db
TEXT = st.text(st.characters(exclude_characters="\x00", codec="utf-8"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ODD = [
    "",
    "a",
    'say "hi"',
    "back\\slash",
    "{curly},comma",
    "new\nline\ttab\r",
    "NULL",
    "null",
    "\\N",
    "\\.",
    "é😀\u2028",
]


@pytest.fixture(autouse=True)
def month(db: None) -> None:
    partitions.ensure([NOON.date().replace(day=1)])


def row(**values: Any) -> EventRow:
    empty = {"session_id": None, "profile_id": None, "original_profile_id": None, "message_id": None, "journey": None}
    times = dict.fromkeys(("time", "received_at", "processed_at"), NOON)
    texts = {"tags": "{}", "properties": "{}", "traits": "{}", "context": "{}", "problems": None}
    plain = {"id": new_id(), "type": "page-view", "source_id": new_id(), "is_silent": False, "is_valid": True}
    return EventRow(**{**plain, **times, **empty, **texts, **values})


@settings(max_examples=30)
@given(tree=st.dictionaries(TEXT, JSON, max_size=3), text=TEXT, tags=st.lists(TEXT | st.sampled_from(ODD), max_size=4))
def test_any_text_tree_and_tag_survives_the_copy(tree: dict[str, Any], text: str, tags: list[str]) -> None:
    written = row(
        type=text[:128],
        message_id=text,
        tags=array_literal(tuple(tags)),
        properties=json_text(tree),
        context=json_text(tree),
    )

    storage.copy([written])

    found = Event.objects.get(id=written.id)
    assert (found.type, found.message_id, found.tags) == (text[:128], text, tags)
    assert found.properties == found.context == tree
    assert (found.traits, found.problems, found.profile_id, found.time) == ({}, None, None, NOON)


def test_odd_tags_are_told_apart() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [array_literal(tuple(ODD))])
        assert cursor.fetchone() == (ODD,)


def test_many_rows_take_one_statement_and_none_takes_none(django_assert_num_queries: Any) -> None:
    storage.copy([row() for _ in range(500)])
    assert Event.objects.count() == 500

    with django_assert_num_queries(0):
        storage.copy([])
        storage.remember([], at=NOON)


def test_a_key_is_remembered_once() -> None:
    key, other = new_id().hex, new_id().hex
    storage.remember({key: None}, at=NOON)

    with pytest.raises(IntegrityError), transaction.atomic():
        storage.remember({other: 1, key: -1}, at=NOON)

    assert list(MessageKey.objects.values_list("key", flat=True)) == [UUID(key)]


@pytest.mark.django_db(transaction=True)
def test_a_month_that_another_process_has_dropped_is_noticed() -> None:
    month = partitions.month_of(NOON)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {partitions.name_of(month)}")
    assert partitions.ensure([month]) == []

    with pytest.raises(IntegrityError):
        storage.copy([row()])

    assert partitions.ensure([month]) == [month]
    storage.copy([row()])
    assert Event.objects.count() == 1
    partitions.drop_before(partitions.next_month(month))
