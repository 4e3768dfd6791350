"""What the durable inbox promises to those who put and to those who take."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from apps.core import claims
from apps.core.ids import new_id
from apps.events.models import InboxItem
from apps.events.store import inbox
from tests.factories import NOON, InboxItemFactory

PATIENCE_SECS = 20.0


def claim(limit: int) -> list[inbox.Claimed]:
    """Claim, and tell what is to be done."""
    return inbox.claim(limit)[0]


def item(body: str, **envelope: Any) -> inbox.Item:
    return inbox.Item(new_id(), InboxItem.Dialect.TRACK, body, envelope, NOON)


@pytest.mark.django_db
def test_what_is_put_comes_out_in_order_and_unchanged(django_assert_num_queries: Any) -> None:
    odd = ['{"a": "\\u0000 \\ud800"}', "é\u2028\U0001f600\\'\"", "", "x" * 10_000]
    items = [item(body, ip="::1", user_agent="\\ 'ä'", is_profileless=True) for body in odd]

    with django_assert_num_queries(1):
        inbox.put(items)

    claimed = claim(10)
    assert [each.body for each in claimed] == odd
    assert [(each.source_id, each.envelope, each.received_at) for each in claimed] == [
        (str(each.source_id), each.envelope, NOON) for each in items
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sizes", "limit", "batches"),
    [([1] * 5, 2, [2, 2, 1]), ([600_000] * 5, 10, [2, 2, 1]), ([3_000_000] * 2, 10, [1, 1]), ([], 10, [])],
)
def test_no_more_is_claimed_than_asked_for_or_than_fits_but_always_one(
    sizes: list[int], limit: int, batches: list[int]
) -> None:
    inbox.put([item("x" * size) for size in sizes])

    claimed = []
    while found := claim(limit):
        claimed.append(len(found))
        inbox.done([each.pk for each in found])

    assert claimed == batches


@pytest.mark.django_db
def test_a_dead_letter_is_left_alone_until_it_is_released() -> None:
    dead, other = InboxItemFactory(), InboxItemFactory()

    inbox.give_up(dead.pk, error="ValueError('x')", at=NOON)
    assert [each.pk for each in claim(10)] == [other.pk]

    dead.refresh_from_db()
    assert (dead.attempts, dead.error, dead.dead_at) == (1, "ValueError('x')", NOON)
    assert inbox.release(InboxItem.objects.all()) == 1
    assert [each.pk for each in claim(10)] == [dead.pk, other.pk]


@pytest.mark.django_db(transaction=True)
def test_each_item_is_claimed_by_one_and_returns_when_that_one_fails() -> None:
    InboxItemFactory.create_batch(4)

    def claim_two() -> list[int]:
        try:
            with transaction.atomic():
                return [each.pk for each in claim(2)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        mine = [each.pk for each in claim(2)]
        others = pool.submit(claim_two).result(PATIENCE_SECS)

    assert sorted(mine + others) == list(InboxItem.objects.order_by("id").values_list("pk", flat=True))
    inbox._mark.rewind()  # which another process has not in common with this one
    assert claim_two() == mine


@pytest.mark.django_db
def test_a_claim_reads_no_more_than_it_takes_however_much_waits() -> None:
    inbox.put([item("x" * 500) for _ in range(5_000)])  # of which the planner has no statistics

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {inbox.CLAIM}", [0, 100, inbox.MAX_BATCH_BYTES])
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "inbox_waiting" in plan
    assert "Seq Scan" not in plan


@pytest.mark.django_db
def test_a_claim_tells_how_many_rows_it_keeps_from_others() -> None:
    inbox.put([item("x" * 600_000) for _ in range(5)])

    items, n_locked = inbox.claim(4)

    assert (len(items), n_locked) == (2, 4)


@pytest.mark.django_db
def test_what_was_set_aside_for_want_of_room_comes_back_when_its_time_has_come() -> None:
    starved, poisoned = InboxItemFactory(), InboxItemFactory()
    inbox.postpone(starved.pk, error="no room", at=NOON, until=NOON + timedelta(minutes=1))
    inbox.give_up(poisoned.pk, error="ours", at=NOON)

    assert inbox.wake(at=NOON) == 0
    assert inbox.wake(at=NOON + timedelta(minutes=1)) == 1

    assert [each.pk for each in claim(10)] == [starved.pk]


@pytest.mark.django_db
def test_a_claim_goes_on_where_the_last_one_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a backup holds a snapshot, what was deleted since is read again by each look from the start."""
    InboxItemFactory.create_batch(6)
    monkeypatch.setattr(claims, "SPARED", 1e9)
    starts: list[int] = []
    lock = inbox._lock
    monkeypatch.setattr(
        inbox, "_lock", lambda limit, *, first_id: starts.append(first_id) or lock(limit, first_id=first_id)
    )
    inbox._mark.rewind()

    ids = []
    while found := claim(2):
        ids += [each.pk for each in found]
        inbox.done([each.pk for each in found])

    assert ids == sorted(ids)
    assert len(ids) == 6
    # The fourth found nothing any more, and looked from the start before it said so.
    assert starts == [0, ids[0], ids[2], ids[4], 0]
