"""Two offers and a holdout: who drew one keeps it, purchases in time count for it, and all figures are those of SQL."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from apps.flows.models import Flow, Run
from tests.flows.runs.published import pass_time
from tests.shop import SDK, Shop
from tests.stories.doors import Body, OwnDoors, chain, on_event

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 30
DAY = timedelta(days=1)
BRANCHES = ("mail", "push", "holdout")
DREW = "SELECT branch, count(*) FROM flows_assignment GROUP BY 1"
REACHED = """
SELECT drawn.branch, count(*) FROM flows_run AS run JOIN flows_assignment AS drawn USING (flow_id, profile_id)
WHERE run.goal_at IS NOT NULL GROUP BY 1
"""


def draft(*weights: int) -> Body:
    """Whoever is offered something has a day to think about it; who buys within two days counts."""
    branches = [{"port": port, "weight": weight} for port, weight in zip(BRANCHES, weights, strict=True)]
    return chain(
        {
            "draw": ("split", {"branches": branches}),
            "one": ("add-tag", {"tag": "by-mail"}),
            "other": ("add-tag", {"tag": "by-push"}),
            "think": ("wait", {"length": "1 day"}),
        },
        "draw.mail -> one",
        "draw.push -> other",
        "draw.holdout -> end",
        "one -> think",
        "other -> think",
        triggers=on_event("offer-wanted"),
        goals=[
            {"id": "g", "name": "Bought", "event_type": "sale-completed", "within_secs": 172_800, "ends_run": False}
        ],
    )


def sql(statement: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return dict(cursor.fetchall())


def figures(doors: OwnDoors) -> dict[str, Any]:
    return {node["node"]: node for node in doors.api("get", "flows/offers/figures")["nodes"]}


def buy(shop: Shop, person: int, at: datetime) -> None:
    """Let somebody buy at a time to come, through the pipeline."""
    shop.now = at
    body = {"userId": f"C-p{person}", "event": "sale-completed", "timestamp": at.isoformat()}
    shop.process(shop.message(SDK, body, call="track"))


def test_who_drew_a_branch_keeps_it_and_what_they_buy_in_time_counts_for_it(doors: OwnDoors, shop: Shop) -> None:
    doors.publish("offers", draft(1, 1, 1))
    doors.source_id = str(shop.source.id)
    for person in range(NUMBER):
        doors.sign_in(f"p{person}")
        doors.track("offer-wanted", session=f"p{person}")
    now = datetime.now(UTC)
    pass_time(now)

    left, drew = figures(doors)["draw"]["left"], sql(DREW)
    assert left == drew
    assert sum(drew.values()) == NUMBER
    assert drew.keys() == set(BRANCHES)
    assert figures(doors)["think"]["waiting"] == drew["mail"] + drew["push"]
    assert Counter(doors.states("offers")) == {"live": drew["mail"] + drew["push"], "finished": drew["holdout"]}

    # Some buy while they are in it, some after it, some too late; and a worker may come after the time is over.
    for person in range(10):
        buy(shop, person, now + DAY / 2)
    pass_time(now + DAY / 2)
    pass_time(now + DAY * 1.01)
    assert set(doors.states("offers")) == {"finished"}
    for person in range(5, 20):
        buy(shop, person, now + 1.5 * DAY)
    pass_time(now + 2.5 * DAY)
    for person in range(20, NUMBER):
        buy(shop, person, now + 2.1 * DAY)
    pass_time(now + 3 * DAY)

    branch_of = dict(_drawn())
    reached = Counter(branch_of[f"C-p{person}"] for person in range(20))
    assert sql(REACHED) == reached
    assert Run.objects.filter(goal_at__isnull=False).count() == 20

    # Weights change, and everybody comes again: each keeps what they drew.
    flow = Flow.objects.get()
    doors.api("patch", "flows/offers", {"revision": flow.draft_revision, "draft": draft(0, 1, 99)})
    doors.api("post", "flows/offers/publish", {})
    for person in range(NUMBER):
        doors.track("offer-wanted", session=f"p{person}")
    pass_time(datetime.now(UTC))

    assert figures(doors)["draw"]["left"] == drew == sql(DREW)
    assert dict(_drawn()) == branch_of


def _drawn() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT p.primary_id, a.branch FROM flows_assignment AS a JOIN profiles_profile AS p ON p.id = a.profile_id"
        )
        return list(cursor.fetchall())
