"""A shop's purchases of two years come in through the public batch API: totals by customer match to the cent."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pytest
from django.db import connection

from apps.events.models import Event, InboxItem
from tests.factories import SourceFactory
from tests.stories.purchases import Purchase, purchases, send

pytestmark = pytest.mark.django_db(transaction=True)


class Totals(NamedTuple):
    """What a customer bought, and when first and last."""

    count: int
    quantity: int
    dollars: Decimal
    first: date
    last: date


def totals_of(bought: list[Purchase]) -> dict[str, Totals]:
    by_customer = defaultdict(list)
    for purchase in bought:
        by_customer[purchase.customer].append(purchase)
    return {
        customer: Totals(
            len(each),
            sum(purchase.quantity for purchase in each),
            sum((purchase.dollars for purchase in each), Decimal()),
            min(purchase.day for purchase in each),
            max(purchase.day for purchase in each),
        )
        for customer, each in by_customer.items()
    }


def totals_of_events() -> dict[str, Totals]:
    return totals_by(
        "SELECT primary_id, count(*), sum((properties ->> 'quantity')::int), sum((properties ->> 'value')::numeric), "
        "min(time)::date, max(time)::date FROM events_event JOIN profiles_profile ON profile_id = profiles_profile.id "
        "WHERE type = 'checkout-completed' AND is_silent GROUP BY 1"
    )


def totals_of_profiles(quantities: dict[str, Totals]) -> dict[str, Totals]:
    """Read the lifetime figures of the profiles; the quantity, of which they keep none, is the events'."""
    found = totals_by(
        "SELECT primary_id, (data #>> '{metrics,ltcocc}')::int, 0, (data #>> '{metrics,ltcocv}')::numeric, "
        "first_seen_at::date, last_seen_at::date FROM profiles_profile"
    )
    return {customer: each._replace(quantity=quantities[customer].quantity) for customer, each in found.items()}


def totals_by(query: str) -> dict[str, Totals]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'UTC'")
        cursor.execute(query)
        return {customer: Totals(*rest) for customer, *rest in cursor.fetchall()}


def test_totals_by_customer_match_the_file_also_when_it_is_sent_twice() -> None:
    source = SourceFactory()
    bought = list(purchases())
    expected = totals_of(bought)

    for _ in range(2):
        send(source, bought)

        assert not list(InboxItem.objects.values_list("error", flat=True))
        assert Event.objects.filter(type="checkout-completed").count() == len(bought)
        assert totals_of_events() == expected
        assert totals_of_profiles(expected) == expected
