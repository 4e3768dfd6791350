"""What each answer means, for the delivery and for the connection."""

from datetime import timedelta

import pytest

from apps.bridges import verdicts
from apps.bridges.verdicts import Stage, Verdict
from tests.factories import NOON

DELIVERED, REFUSED, AGAIN, SLOWER, HOLD = Verdict
DEADLINE = NOON + timedelta(hours=72)


@pytest.mark.parametrize(
    ("verdict", "statuses"),
    [
        (DELIVERED, [200, 201, 202, 204, 299]),
        (REFUSED, [400, 402, 405, 406, 409, 411, 413, 415, 422, 451, 499]),
        (AGAIN, [100, 408, 425, 500, 501, 502, 503, 504, 507, 599, 0, 700, 999]),
        (SLOWER, [429]),
        (HOLD, [301, 302, 303, 304, 307, 308, 401, 403, 404, 407, 410, 421]),
    ],
)
def test_answers_of_http(verdict: Verdict, statuses: list[int]) -> None:
    assert {status: verdicts.of_status(status) for status in statuses} == dict.fromkeys(statuses, verdict)


def test_what_may_be_missing_holds_nobody_up() -> None:
    statuses = (200, 401, 403, 404, 410, 500)
    found = [verdicts.of_status(status, may_be_missing=True) for status in statuses]
    assert found == [DELIVERED, HOLD, HOLD, REFUSED, REFUSED, AGAIN]


@pytest.mark.parametrize(
    ("stage", "code", "verdict"),
    [
        (Stage.GREETING, 421, AGAIN),
        (Stage.GREETING, 554, HOLD),
        (Stage.SIGN_IN, 454, AGAIN),
        (Stage.SIGN_IN, 535, HOLD),
        (Stage.SIGN_IN, 534, HOLD),
        (Stage.SENDER, 451, AGAIN),
        (Stage.SENDER, 530, HOLD),
        (Stage.SENDER, 553, HOLD),
        (Stage.RECIPIENT, 450, AGAIN),
        (Stage.RECIPIENT, 530, HOLD),
        (Stage.RECIPIENT, 550, REFUSED),
        (Stage.CONTENT, 451, AGAIN),
        (Stage.CONTENT, 552, REFUSED),
        (Stage.CONTENT, 554, REFUSED),
        (Stage.CONTENT, 250, DELIVERED),
        (Stage.RECIPIENT, 299, AGAIN),  # it is not there yet
    ],
)
def test_replies_of_smtp(stage: Stage, code: int, verdict: Verdict) -> None:
    assert verdicts.of_reply(code, stage) is verdict


def test_the_rests_grow_and_are_never_all_the_same() -> None:
    for n_tries, secs in enumerate((2, 10, 60, 300, 900, 3_600, 3_600, 3_600), start=1):
        rests = {(verdicts.next_try(n_tries, now=NOON, deadline=DEADLINE) - NOON).total_seconds() for _ in range(50)}
        assert len(rests) > 1
        assert min(rests) >= 0.8 * secs
        assert max(rests) <= 1.2 * secs


def test_what_was_asked_for_is_obeyed_up_to_the_deadline() -> None:
    assert verdicts.next_try(1, now=NOON, deadline=DEADLINE, asked=timedelta(hours=5)) == NOON + timedelta(hours=5)
    assert verdicts.next_try(1, now=NOON, deadline=DEADLINE, asked=timedelta(days=90)) == DEADLINE
    late = DEADLINE - timedelta(seconds=1)
    assert verdicts.next_try(9, now=late, deadline=DEADLINE) == DEADLINE


def test_a_connection_rests_after_five_failures_and_for_five_minutes_at_most() -> None:
    rests = [verdicts.rest_after(failures) for failures in range(4, 13)]

    secs = [rest and rest.total_seconds() for rest in rests]
    assert secs == [None, 5, 10, 20, 40, 80, 160, 300, 300]
    assert verdicts.rest_after(32_000) == timedelta(minutes=5)
