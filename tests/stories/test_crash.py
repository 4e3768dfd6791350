"""kill -9 of web, ingest and PostgreSQL under load; `make bench ONLY=crash` does it twenty times."""

import random

import pytest

from bench.crash import kill_under_load
from tests.live import live_platform


@pytest.mark.timeout(600)
def test_what_was_accepted_is_there_once_whatever_is_killed() -> None:
    with live_platform(durable=True) as live:
        outcome = kill_under_load(live, ["web", "ingest", "postgres"], dice=random.Random(17))

    assert outcome.accepted
    assert not outcome.refused
    assert outcome.stored == outcome.n_sent == len(outcome.accepted), str(outcome)
    assert (outcome.lost, outcome.doubled, outcome.miscounted) == (0, 0, 0), str(outcome)
