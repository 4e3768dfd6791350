"""People wait in a flow while Valkey is emptied and processes are killed; `make bench ONLY=flows_killed` has more."""

import os
import random

import pytest

from bench.flows_killed import LEAST_SECS, VICTIMS, survive


@pytest.mark.timeout(600)
def test_everybody_goes_on_in_time_and_what_happens_to_them_happens_once() -> None:
    n_runs = int(os.environ.get("FLOWS_KILLED_RUNS", "1000"))

    found = survive(n_runs, VICTIMS, dice=random.Random(17), most_secs=LEAST_SECS + 10)

    assert found.kills.total() == len(VICTIMS)
    assert found.latest_secs < 120, str(found)  # a minute, and what a busy machine adds
    assert (found.unfinished, found.miscounted, found.unsaid) == (0, 0, 0), str(found)
    assert (found.undelivered, found.doubled) == (0, 0), str(found)
