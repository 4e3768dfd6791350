"""Deliveries are planned with their cause, once; they are cancelled, and tried again by hand."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from apps.bridges import endings, outbox
from apps.bridges.models import Connection, Delivery
from apps.core.ids import new_id
from tests.bridges.factories import ConnectionFactory, DeliveryFactory, ended
from tests.factories import NOON

pytestmark = pytest.mark.django_db
Outcome = Delivery.Outcome


def made(connection: Connection, key: str, **values: object) -> Delivery:
    return outbox.make(connection.pk, key, {"path": "/hook"}, origin="test", now=NOON, **values)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[UUID, str]]:
    """What an app is told of the deliveries that it has planned."""
    found: list[tuple[UUID, str]] = []

    def note(rows: Sequence[Delivery]) -> None:
        found.extend((row.pk, row.outcome) for row in rows)

    monkeypatch.setattr(endings, "endings", {"test": note})
    return found


def test_what_is_planned_waits_until_its_deadline() -> None:
    run, profile = new_id(), new_id()

    outbox.plan([made(ConnectionFactory(), "k1", origin_id=run, profile_id=profile, is_test=True)])

    [row] = Delivery.objects.all()
    assert (row.key, row.origin, row.origin_id, row.profile_id, row.is_test) == ("k1", "test", run, profile, True)
    assert (row.request, row.outcome, row.due_at) == ({"path": "/hook"}, Outcome.WAITING, NOON)
    assert row.deadline_at - row.created_at == timedelta(hours=72)


def test_what_is_planned_twice_is_stored_once_and_both_are_told_its_id() -> None:
    connection = ConnectionFactory()
    first = outbox.plan([made(connection, "k1")])

    again = outbox.plan([made(connection, "k1"), made(connection, "k2")])

    assert again["k1"] == first["k1"]
    assert {row.key: row for row in Delivery.objects.all()} == again


def test_what_is_planned_again_after_it_has_expired_is_tried_again_as_it_was() -> None:
    """Its receiver may have it, and knows it by its key: another message under that would be none, or a mistake."""
    over, later = ended(Outcome.EXPIRED, key="k1", n_tries=9), NOON + timedelta(days=5)
    refused = ended(Outcome.REFUSED, key="k2")
    rows = [outbox.make(over.connection_id, key, {"path": "/b"}, origin="test", now=later) for key in ("k1", "k2")]

    planned = outbox.plan(rows)

    over.refresh_from_db()
    assert planned == {"k1": over, "k2": refused}
    assert (over.outcome, over.due_at, over.deadline_at) == (Outcome.WAITING, later, later + timedelta(hours=72))
    assert (over.request["path"], over.ended_at, over.dead_at, over.n_tries) == ("/hook", None, None, 0)
    assert planned["k2"].outcome == Outcome.REFUSED


def test_nothing_is_sent_of_a_cause_that_did_not_happen() -> None:
    connection = ConnectionFactory()
    with transaction.atomic():
        outbox.plan([made(connection, "k1")])
        transaction.set_rollback(True)

    assert not Delivery.objects.exists()


def test_a_thousand_are_planned_in_one_statement(django_assert_num_queries: object) -> None:
    rows = [made(ConnectionFactory.build(), f"k{number}") for number in range(1_000)]

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert len(outbox.plan(rows)) == 1_000
    assert outbox.plan([]) == {}


def test_who_cancels_stops_what_waits_and_nothing_else(told: list[tuple[UUID, str]]) -> None:
    run, other = new_id(), new_id()
    waits, of_other = DeliveryFactory(origin_id=run), DeliveryFactory(origin_id=other)
    done = ended(Outcome.DELIVERED, origin_id=run)
    elsewhere = DeliveryFactory(origin="another", origin_id=run)

    assert outbox.cancel("test", [run], now=NOON) == 1

    found = dict(Delivery.objects.values_list("pk", "outcome"))
    assert found == {
        waits.pk: Outcome.CANCELLED,
        of_other.pk: Outcome.WAITING,
        done.pk: Outcome.DELIVERED,
        elsewhere.pk: Outcome.WAITING,
    }
    waits.refresh_from_db()
    assert (waits.due_at, waits.ended_at) == (None, NOON)
    assert told == []


def test_who_planned_what_somebody_cancels_is_told(
    told: list[tuple[UUID, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "PAGE", 2)
    rows = [DeliveryFactory() for _ in range(5)]
    ended(Outcome.DELIVERED)

    done = outbox.cancel_chosen(Delivery.objects.all(), now=NOON)

    assert done == [row.pk for row in rows]
    assert told == [(row.pk, Outcome.CANCELLED) for row in rows]


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.EXPIRED, Outcome.CANCELLED])
def test_what_is_over_is_tried_again_as_if_it_were_new(outcome: Delivery.Outcome) -> None:
    row = ended(outcome, n_tries=7, error="The answer was 400.")
    later = NOON + timedelta(days=9)

    assert outbox.retry(Delivery.objects.all(), now=later) == [row.pk]

    key = row.key
    row.refresh_from_db()
    assert (row.outcome, row.due_at, row.dead_at, row.ended_at) == (Outcome.WAITING, later, None, None)
    assert (row.key, row.n_tries, row.error) == (key, 0, "")
    assert row.deadline_at == later + timedelta(hours=72)


def test_what_was_delivered_is_not_sent_again() -> None:
    ended(Outcome.DELIVERED)

    assert outbox.retry(Delivery.objects.all(), now=NOON) == []


def test_what_rests_is_tried_at_once_but_not_what_may_be_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "PAGE", 1)
    rests = [DeliveryFactory(due_at=NOON + timedelta(hours=1)) for _ in range(3)]
    leased = DeliveryFactory(due_at=NOON + Delivery.LEASE)

    assert outbox.retry(Delivery.objects.all(), now=NOON) == [row.pk for row in rests]

    leased.refresh_from_db()
    assert leased.due_at == NOON + Delivery.LEASE
    assert {row.due_at for row in Delivery.objects.exclude(pk=leased.pk)} == {NOON}
    assert {row.deadline_at for row in Delivery.objects.all()} == {NOON + timedelta(hours=72)}
