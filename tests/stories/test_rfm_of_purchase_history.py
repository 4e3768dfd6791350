"""What is computed of a shop's customers is what plain SQL over the file of its purchases says, to the cent.

The purchases arrive in any order, a part of them before anybody thought of the traits, and some of them twice.
"""

import random
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from django.db import connection
from django.utils import timezone

from apps.core import tasks
from apps.core.models import Task
from apps.events.computed_traits import definitions, recomputing
from apps.profiles.models import Profile, ScoreScale
from tests.factories import ANNA, NOON, ComputedTraitFactory, SourceFactory
from tests.stories.purchases import Purchase, purchases, send

SEED = 1998
TRAITS = {
    "purchases": "count",
    "spent": "sum",
    "spent_on_average": "average",
    "first_purchase": "first",
    "last_purchase": "last",
    "rfm": "rfm",
}
EXPECTED = """
SELECT customer, n, spent, average, first, last, last_at, recency, frequency, monetary
FROM (
    SELECT customer, n, spent, average, last_at,
        ceil(5 * cume_dist() OVER (ORDER BY last_at)), ceil(5 * cume_dist() OVER (ORDER BY n)),
        ceil(5 * cume_dist() OVER (ORDER BY spent))
    FROM (SELECT customer, count(*), sum(amount), avg(amount), max(day) FROM purchase GROUP BY customer)
        AS totals (customer, n, spent, average, last_at)
) AS scored (customer, n, spent, average, last_at, recency, frequency, monetary)
JOIN (SELECT DISTINCT ON (customer) customer, amount FROM purchase ORDER BY customer, day, number)
    AS earliest (customer, first) USING (customer)
JOIN (SELECT DISTINCT ON (customer) customer, amount FROM purchase ORDER BY customer, day DESC, number DESC)
    AS latest (customer, last) USING (customer)
"""
pytestmark = pytest.mark.django_db(transaction=True)


class Known(NamedTuple):
    """What is known of a customer."""

    purchases: int
    spent: Decimal
    average: float
    first: Decimal
    last: Decimal
    last_day: str
    recency: int
    frequency: int
    monetary: int


def expected(bought: list[Purchase]) -> dict[str, Known]:
    """Ask PostgreSQL, over a table of the file as it was sent."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE purchase (number int, customer text, day date, amount numeric)")
        with cursor.copy("COPY purchase FROM STDIN") as target:
            for number, purchase in enumerate(bought):
                target.write_row((number, purchase.customer, purchase.day, purchase.dollars))
        cursor.execute(EXPECTED)
        rows = cursor.fetchall()
        cursor.execute("DROP TABLE purchase")
    return {
        customer: Known(n, spent, float(average), first, last, last_at.isoformat(), *map(int, scores))
        for customer, n, spent, average, first, last, last_at, *scores in rows
    }


def known_of(computed: dict[str, Any]) -> Known:
    rfm = computed["rfm"]
    assert rfm["text"] == f"{rfm['recency']}{rfm['frequency']}{rfm['monetary']}"
    assert (rfm["count"], rfm["sum"]) == (computed["purchases"], computed["spent"])
    return Known(
        computed["purchases"],
        _cents(computed["spent"]),
        computed["spent_on_average"],
        _cents(computed["first_purchase"]),
        _cents(computed["last_purchase"]),
        rfm["last"][:10],
        rfm["recency"],
        rfm["frequency"],
        rfm["monetary"],
    )


def _cents(value: float) -> Decimal:
    return Decimal(repr(value))


def define_traits() -> None:
    for key, function in TRAITS.items():
        path = "" if function == "count" else "properties.value"
        row = ComputedTraitFactory.build(key=key, function=function, path=path, event_types=["checkout-completed"])
        definitions.save(row)


def run_task() -> None:
    task = tasks.create(recomputing.KIND, params={}, requested_by="anna", now=timezone.now())
    while tasks.run(task.pk, secs=60):
        pass
    task.refresh_from_db()
    assert task.state == Task.State.DONE, task.message


def computed_by_customer() -> dict[str, dict[str, Any]]:
    return dict(Profile.objects.values_list("primary_id", "computed"))


def test_computed_traits_and_scores_are_what_sql_says_of_the_file() -> None:
    source, bought = SourceFactory(), list(purchases())
    random.Random(SEED).shuffle(bought)
    half = len(bought) // 2
    wanted = expected(bought)

    send(source, bought[:half])
    define_traits()
    run_task()
    send(source, bought)  # the first half again: it is known
    run_task()

    found = {customer: known_of(computed) for customer, computed in computed_by_customer().items()}
    assert found.keys() == wanted.keys()
    for customer, known in wanted.items():
        assert found[customer] == known._replace(average=pytest.approx(known.average, rel=1e-12))
    assert ScoreScale.objects.get().n_profiles == len(wanted)


def test_counting_everything_anew_changes_nothing() -> None:
    source, bought = SourceFactory(), list(purchases())
    define_traits()
    send(source, bought)
    run_task()
    before = computed_by_customer()

    definitions.renew(definitions.ComputedTrait.objects.all(), actor=ANNA, now=NOON)
    run_task()

    assert computed_by_customer() == before
