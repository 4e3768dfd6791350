"""A trial waits for no worker for long: it gives up, and says so."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection, transaction

from apps.api.scopes import Scope
from apps.flows.models import Allowance
from apps.flows.trying import cases, trial_walk, trials
from tests.factories import NOON
from tests.flows.trying.test_cases import kept
from tests.flows.trying.test_trial_walk import LIMIT, flow
from tests.programs import program

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def held() -> Iterator[None]:
    """Somebody else holds what limiters count, until the test has ended."""
    holds, is_over = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {Allowance._meta.db_table} IN EXCLUSIVE MODE")
                holds.set()
                is_over.wait(30)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    holds.wait(30)
    yield
    is_over.set()
    thread.join()


def test_whoever_tries_is_told_within_a_second_that_others_hold_it(held: None) -> None:
    row = flow(LIMIT, ports={"limit": "pass"})
    kept(row, trial={}, expected={"end": "finished"})

    began = time.perf_counter()
    with pytest.raises(OperationalError):
        trial_walk.try_out(row, trials.read({}), now=NOON, sees_people=True)
    took = time.perf_counter() - began
    answer = program(Scope.FLOWS_WRITE).post("/api/flows/welcome/try", {}, format="json")
    [verdict] = cases.run(row, now=NOON, sees_people=True)

    assert took < 20  # they hold it for 30 seconds
    assert (answer.status_code, answer.json()["code"]) == (409, "not_now")
    assert verdict.failures == ["Others held what it asks for: test it again."]
