"""Pages by key: all rows, once, in order, whatever the size of a page; and no cursor that outlives its statement."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.core import keyset
from apps.events.models import InboxItem
from cdp.embedded import BASE_DIR
from tests.factories import NOON, InboxItemFactory


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_all_rows_come_once_and_in_order(db: None, size: int) -> None:
    for hours in (2, 1, 1, 3, 1):  # several share a time
        InboxItemFactory(received_at=NOON + timedelta(hours=hours))
    expected = list(InboxItem.objects.order_by("received_at", "id"))

    key = ("received_at", "id")
    assert list(keyset.rows(InboxItem.objects.all(), *key, size=size)) == expected
    found = keyset.rows(InboxItem.objects.values("id", "received_at"), *key, size=size)
    assert [row["id"] for row in found] == [row.id for row in expected]
    tuples = keyset.rows(InboxItem.objects.values_list("dialect", "id", "received_at"), *key, size=size)
    assert [row[1] for row in tuples] == [row.id for row in expected]


def test_rows_that_change_while_they_are_read_are_not_read_twice(db: None) -> None:
    InboxItemFactory.create_batch(4)
    seen = []
    for row in keyset.rows(InboxItem.objects.filter(dead_at=None), "id", size=2):
        seen.append(row.pk)
        InboxItem.objects.filter(pk=row.pk).update(dead_at=NOON)

    assert len(seen) == len(set(seen)) == 4


def test_nothing_reads_by_a_cursor() -> None:
    """A pooler that shares connections by transactions loses a cursor between two pages: `keyset.rows` needs none."""
    found = [
        str(path.relative_to(BASE_DIR))
        for path in (BASE_DIR / "apps").rglob("*.py")
        if re.search(r"\.iterator\(", path.read_text())
    ]

    assert found == []


def test_not_even_django_itself_opens_a_cursor(transactional_db: None) -> None:
    InboxItemFactory.create_batch(2)
    with CaptureQueriesContext(connection) as asked:
        assert len(list(InboxItem.objects.all().iterator(chunk_size=1))) == 2

    assert [query["sql"] for query in asked if "DECLARE" in query["sql"]] == []
