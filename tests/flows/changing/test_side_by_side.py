"""Several people change one flow at once: one after the other, and each looks at what the last one has made of it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from apps.flows.changing import publishing, switching
from apps.flows.changing.publishing import Changed, NotNow
from apps.flows.models import Flow
from apps.flows.simulating import simulations
from apps.flows.simulating.simulations import Terms
from tests.factories import ANNA, NOON
from tests.flows.drawing import drawn, published, redrawn

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(act: Callable[[], Any], *, meanwhile: Callable[[], Any]) -> Any:
    """Let somebody do something who has to wait for the flow until what others do meanwhile has come into force."""
    told: list[Any] = []

    def do() -> None:
        try:
            told.append(act())
        except NotNow as error:
            told.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=do)
    with transaction.atomic():
        meanwhile()
        thread.start()
        until = time.monotonic() + 60
        while not somebody_waits() and time.monotonic() < until:
            time.sleep(0.01)
    thread.join()
    return told[0]


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return bool(cursor.fetchall())


def test_what_is_published_meanwhile_is_not_published_again() -> None:
    row = drawn()

    told = waiting(lambda: published(Flow.objects.get()), meanwhile=lambda: published(row))

    assert str(told) == "That is what version 1 says, which is published."
    assert row.versions.count() == 1


def test_whoever_has_waited_for_the_first_version_finds_it() -> None:
    row = drawn()

    told = waiting(lambda: switching.switch_on(row.pk, actor=ANNA, now=NOON), meanwhile=lambda: published(row))

    assert (told.state, told.version.number) == (Flow.State.ON, 1)


def test_nobody_waits_for_cases_that_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    row = drawn()
    monkeypatch.setattr(publishing.cases, "failing", lambda row, document, **_said: changed_meanwhile(row))

    with pytest.raises(Changed, match="revision 2"):
        published(row)

    assert not row.versions.exists()


def changed_meanwhile(row: Flow) -> list[Any]:
    """Let somebody else change the draft, who waits for nobody."""

    def change() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '1s'")
            redrawn(Flow.objects.get(), zone="Europe/Vienna")
        finally:
            connection.close()

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    return []


def test_of_simulations_that_are_begun_at_once_no_more_than_three_are_under_way() -> None:
    row = drawn()

    def begin() -> Any:
        return simulations.begin(row, Terms(days=7), by="Anna", now=NOON)

    told = waiting(begin, meanwhile=lambda: [begin() for _ in range(3)])

    assert str(told).startswith("3 simulations of Welcome are under way")
