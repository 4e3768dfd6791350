"""A shop's purchases: from the file that CDNOW_CSV names, or made up; and how an importer sends them.

The file's columns are customer_id, date, quantity and amount_usd.
"""

import csv
import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from django.test import Client

from apps.collector import accept
from apps.events.models import Source

BATCH = 500
NOON = time(12)
SEED, PURCHASES, CUSTOMERS = 1997, 2_000, 600


class Purchase(NamedTuple):
    """A line of the file."""

    customer: str
    day: date
    quantity: int
    dollars: Decimal


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


def send(source: Source, bought: list[Purchase], *, moved: timedelta = timedelta(0)) -> None:
    """Send the file as an importer would, all of it so much later, and let the inbox be processed."""
    client = Client()
    for start in range(0, len(bought), BATCH):
        part = bought[start : start + BATCH]
        messages = [message(purchase, number, moved=moved) for number, purchase in enumerate(part, start)]
        body = {"writeKey": source.write_key, "historical": True, "batch": messages}
        answer = client.post("/v1/batch", json.dumps(body), content_type="application/json")
        assert answer.json() == {"success": True}
    while accept.ingest(BATCH, at=datetime.now(UTC)):
        pass


def message(purchase: Purchase, number: int, *, moved: timedelta = timedelta(0)) -> dict[str, object]:
    return {
        "type": "track",
        "event": "Checkout Completed",
        "messageId": f"purchase-{number}",
        "userId": purchase.customer,
        "timestamp": (datetime.combine(purchase.day, NOON, tzinfo=UTC) + moved).isoformat(),
        "properties": {"id": str(number), "value": float(purchase.dollars), "quantity": purchase.quantity},
    }
