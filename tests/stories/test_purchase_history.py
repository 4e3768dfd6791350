"""A shop's purchases of two years come in through the public batch API: totals by customer match to the cent.

CDNOW_CSV may name a file of real purchases (customer_id,date,quantity,amount_usd); without one the shop is made up.
"""

import csv
import json
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from django.db import connection
from django.test import Client

from apps.collector import accept
from apps.events.models import Event, InboxItem, Source
from tests.factories import SourceFactory

BATCH = 500
SEED, PURCHASES, CUSTOMERS = 1997, 2_000, 600
pytestmark = pytest.mark.django_db(transaction=True)


class Purchase(NamedTuple):
    """A line of the file."""

    customer: str
    day: date
    quantity: int
    dollars: Decimal


class Totals(NamedTuple):
    """What a customer bought, and when first and last."""

    count: int
    quantity: int
    dollars: Decimal
    first: date
    last: date


def purchases() -> Iterator[Purchase]:
    path = os.environ.get("CDNOW_CSV")
    if not path:
        yield from made_up(random.Random(SEED))
        return
    with Path(path).open(newline="") as file:
        for row in csv.DictReader(file):
            day = date.fromisoformat(row["date"])
            yield Purchase(row["customer_id"], day, int(row["quantity"]), Decimal(row["amount_usd"]))


def made_up(dice: random.Random) -> Iterator[Purchase]:
    """Most customers buy once, some often; every tenth purchase is followed by another one of the same day."""
    made = 0
    while made < PURCHASES:
        customer = f"{min(dice.randrange(1, CUSTOMERS), dice.randrange(1, CUSTOMERS)):05}"
        day = date(1997, 1, 1) + timedelta(days=dice.randrange(545))
        for _ in range(1 + (dice.random() < 0.1)):
            made += 1
            yield Purchase(customer, day, dice.randrange(1, 6), Decimal(dice.randrange(0, 20_000)) / 100)


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


def send(source: Source, bought: list[Purchase]) -> None:
    """Send the file as an importer would, and let the inbox be processed."""
    client = Client()
    for start in range(0, len(bought), BATCH):
        part = bought[start : start + BATCH]
        messages = [message(purchase, number) for number, purchase in enumerate(part, start)]
        body = {"writeKey": source.write_key, "historical": True, "batch": messages}
        answer = client.post("/v1/batch", json.dumps(body), content_type="application/json")
        assert answer.json() == {"success": True}
    while accept.ingest(BATCH, at=datetime.now(UTC)):
        pass


def message(purchase: Purchase, number: int) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Checkout Completed",
        "messageId": f"purchase-{number}",
        "userId": purchase.customer,
        "timestamp": f"{purchase.day}T12:00:00Z",
        "properties": {"id": str(number), "value": float(purchase.dollars), "quantity": purchase.quantity},
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
