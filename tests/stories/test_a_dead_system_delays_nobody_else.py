"""A system that never answers keeps the runs that ask it waiting, and no others."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.live import wait_for
from tests.outside import outside
from tests.stories.doors import Body, LiveDoors, chain, on_event

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.timeout(300)]
NUMBER = 20
TIME_OUT_SECS = 60  # of who never answers: as long as all the others may take at most
ENDED = """
SELECT flow.key, count(*) AS n FROM flows_run AS run JOIN flows_flow AS flow ON flow.id = run.flow_id
WHERE run.status = 2 AND flow.key = ANY(%s) GROUP BY 1
"""
TRIES = """
SELECT coalesce(max(n_tries), 0) AS n FROM bridges_delivery AS row
JOIN bridges_connection AS it ON it.id = row.connection_id WHERE it.name = %s
"""


@contextmanager
def dead_system() -> Iterator[str]:
    """A system that takes connections, and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def draft(connection: str) -> dict[str, Any]:
    call: Body = {"connection": connection, "path": "/orders", "body": "json", "json": {"id": "profile@id"}}
    return chain(
        {"call": ("http-call", call), "mark": ("add-tag", {"tag": f"told-{connection.lower()}"})},
        triggers=on_event("order-placed"),
    )


def n_ended(house: LiveDoors) -> dict[str, int]:
    return {row["key"]: row["n"] for row in house.live.rows(ENDED, ["dead", "alive", "pure"])}


def test_whoever_waits_for_a_dead_system_holds_up_nobody(house: LiveDoors) -> None:
    pure = chain({"tag": ("add-tag", {"tag": "ordered"})}, triggers=on_event("order-placed"))
    with dead_system() as address, outside(keeps=True) as alive:
        house.connect("Dead", "http", base_url=address, time_out=f"{TIME_OUT_SECS} seconds")
        house.connect("Alive", "http", base_url=alive.address)
        house.publish("dead", draft("Dead"))
        house.publish("alive", draft("Alive"))
        house.publish("pure", pure)
        for number in range(NUMBER):
            house.track("order-placed", session=f"orders-{number}")

        wait_for(lambda: n_ended(house) == {"alive": NUMBER, "pure": NUMBER}, "the others", timeout_secs=TIME_OUT_SECS)

        # They have waited for no answer of its: there was none yet, and nobody has given up.
        assert n_ended(house) == {"alive": NUMBER, "pure": NUMBER}
        assert house.live.rows(TRIES, "Dead") == [{"n": 0}]
        assert len(alive.taken) == NUMBER
        assert set(house.states("dead")) == {"live"}
        house.api("post", "flows/dead/off")
        for run in house.runs("dead"):
            house.api("post", f"runs/{run['id']}/cancel")
