"""Work is measured by the clock, and by what processors did for it."""

import time

import pytest
from django.db import connection

from bench.spent import Spent, cost, named, spent

SPIN_SECS = 0.1


def spin() -> None:
    end = time.process_time() + SPIN_SECS
    while time.process_time() < end:
        pass


@pytest.mark.django_db
def test_what_the_process_does_and_what_postgresql_does_are_told_apart() -> None:
    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT sum(n) FROM generate_series(1, 3000000) AS n")

    here, there = spent(spin), spent(ask)

    assert here.cpu_secs >= SPIN_SECS / 2 > here.postgres_secs
    assert there.postgres_secs > there.cpu_secs
    assert min(here.secs, there.secs) > 0


@pytest.mark.django_db
def test_who_waits_takes_no_processor() -> None:
    took = spent(lambda: time.sleep(SPIN_SECS))

    assert took.cpu_secs < took.secs


def test_a_feature_is_compared_with_its_absence() -> None:
    plain = Spent(1.0, 0.6, 0.2) + Spent(1.0, 0.4, 0.2)

    assert named("x", plain.cpu(1_000)) == {"x_cpu_us": 1_000, "x_postgres_cpu_us": 400}
    assert {key: round(value, 3) for key, value in cost("x", Spent(4.0, 2.0, 1.0), plain, 1_000).items()} == {
        "x_ratio": 0.5,
        "x_cost_us": 2_000,
        "x_cost_cpu_us": 1_000,
        "x_cost_postgres_cpu_us": 600,
    }
