"""What people agree to: how decisions are read, which one counts, and what holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.profiles.consents import State, Terms, all_hold, holds, read, settle, state, stored
from apps.profiles.provenance import entry

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def terms(**changed: Any) -> dict[str, Terms]:
    parts = {"text_version": 3, "is_enabled": True, "is_revokable": True, "valid_days": None, **changed}
    return {"marketing": Terms("marketing", **parts), "cookies": Terms("cookies", **parts)}


@pytest.mark.parametrize(
    ("value", "is_granted", "ends_at"),
    [
        (True, True, None),
        (False, False, NOON),
        ({"revoke": None}, True, None),
        ({"revoke": "2026-12-24"}, True, datetime(2026, 12, 24, tzinfo=UTC)),
        ({"revoke": "2026-11-01T00:00:00Z"}, False, datetime(2026, 11, 1, tzinfo=UTC)),
        ({"revoke": NOON.isoformat()}, False, NOON),
    ],
)
def test_a_decision_is_read_in_either_form(value: Any, is_granted: bool, ends_at: datetime | None) -> None:
    said = read({"marketing": value}, terms(), at=NOON)

    [decision] = said.decisions
    assert (decision.is_granted, decision.ends_at, decision.text_version) == (is_granted, ends_at, 3)
    assert said.problems == []


@pytest.mark.parametrize("value", [None, "yes", 1, [], {}, {"revoke": "soon"}, {"revoke": 5}])
def test_what_is_no_decision_is_a_problem_that_names_its_field_and_stops_no_other(value: Any) -> None:
    said = read({"marketing": value, "cookies": True, "e.mail": True}, terms(), at=NOON)

    assert [decision.consent_id for decision in said.decisions] == ["cookies"]
    assert [path for path, _ in said.problems] == ["consents.marketing", r"consents.e\.mail"]


@pytest.mark.parametrize("said", [None, [], "marketing", True])
def test_what_is_no_object_decides_nothing(said: Any) -> None:
    found = read(said, terms(), at=NOON)

    assert (found.decisions, [path for path, _ in found.problems]) == ([], ["consents"])


def test_a_consent_that_is_no_longer_offered_cannot_be_given_but_can_be_withdrawn() -> None:
    granted = read({"marketing": True}, terms(is_enabled=False), at=NOON)
    withdrawn = read({"marketing": False}, terms(is_enabled=False), at=NOON)

    assert (len(granted.decisions), len(granted.problems)) == (0, 1)
    assert (len(withdrawn.decisions), len(withdrawn.problems)) == (1, 0)


@pytest.mark.parametrize(
    ("value", "ends_at"),
    [
        (True, NOON + 30 * DAY),
        ({"revoke": (NOON + 5 * DAY).isoformat()}, NOON + 5 * DAY),
        ({"revoke": (NOON + 50 * DAY).isoformat()}, NOON + 30 * DAY),
        (False, NOON),
    ],
)
def test_a_consent_ends_at_its_own_expiry_or_earlier(value: Any, ends_at: datetime) -> None:
    [decision] = read({"marketing": value}, terms(valid_days=30), at=NOON).decisions

    assert decision.ends_at == ends_at


@pytest.mark.parametrize(("shown", "recorded"), [(2, 2), (3, 3), (2.0, 2), ("2", 2), (" 2.0 ", 2), (None, 3)])
def test_a_decision_names_the_wording_that_was_shown(shown: Any, recorded: int) -> None:
    [decision] = read({"marketing": {"revoke": None, "text_version": shown}}, terms(), at=NOON).decisions

    assert decision.text_version == recorded


@pytest.mark.parametrize("shown", [4, 99, 0, -1, 1.5, True, "", "v1", [1], {}, "nan", "1e400"])
def test_a_wording_that_never_was_proves_nothing_and_is_named_but_stops_no_withdrawal(shown: Any) -> None:
    given, withdrawn = ({"revoke": revoke, "text_version": shown} for revoke in (None, "2020-01-01"))

    refused = read({"marketing": given}, terms(), at=NOON)
    taken = read({"marketing": withdrawn}, terms(), at=NOON)

    assert ([path for path, _ in refused.problems], refused.decisions) == (["consents.marketing"], [])
    assert [decision.is_granted for decision in taken.decisions] == [False]


def test_what_says_more_than_anybody_understands_grants_nothing() -> None:
    said = read({"marketing": {"revoke": None, "granted": False}}, terms(), at=NOON)

    assert (said.decisions, len(said.problems)) == ([], 1)


def test_nothing_holds_that_nobody_decided() -> None:
    assert not holds({}, {}, "marketing", at=NOON)
    assert not holds({"marketing": True}, {}, "marketing", at=NOON)
    assert all_hold({}, {}, [], at=NOON)


def test_a_consent_holds_until_it_ends() -> None:
    consents = {"marketing": {"revoke": NOON.isoformat()}}

    assert holds(consents, {}, "marketing", at=NOON - timedelta(microseconds=1))
    assert not holds(consents, {}, "marketing", at=NOON)


def test_all_that_is_wanted_has_to_hold() -> None:
    consents = {"marketing": {"revoke": None}, "cookies": {"revoke": NOON.isoformat()}}

    assert all_hold(consents, {}, ["marketing"], at=NOON)
    assert not all_hold(consents, {}, ["marketing", "cookies"], at=NOON)


def decide(said: dict[str, Any], consents: dict[str, Any], provenance: dict[str, Any], *, at: datetime) -> None:
    decisions = read(said, terms(), at=at).decisions
    settle(stored(decisions), entry(time=at, setter="event"), consents=consents, provenance=provenance)


def test_consents_that_are_not_named_stay_as_they_are() -> None:
    consents: dict[str, Any] = {}
    provenance: dict[str, Any] = {}
    decide({"marketing": True, "cookies": True}, consents, provenance, at=NOON)

    decide({"cookies": False}, consents, provenance, at=NOON + DAY)

    assert consents == {"marketing": {"revoke": None}, "cookies": {"revoke": (NOON + DAY).isoformat()}}
    assert provenance["consents.cookies"] == [(NOON + DAY).isoformat(), "event", ""]


@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=6, max_size=6))
def test_the_latest_decision_counts_in_whatever_order_they_arrive(order: list[int], granted: list[bool]) -> None:
    consents: dict[str, Any] = {}
    provenance: dict[str, Any] = {}

    for day in order:
        decide({"marketing": granted[day]}, consents, provenance, at=NOON + day * DAY)

    assert holds(consents, {}, "marketing", at=NOON + 10 * DAY) is granted[5]


def test_a_withdrawal_counts_at_once_though_another_clock_is_behind() -> None:
    consents: dict[str, Any] = {}
    provenance: dict[str, Any] = {}
    decide({"marketing": True}, consents, provenance, at=NOON - DAY)
    decide({"marketing": False}, consents, provenance, at=NOON)

    assert state(consents, provenance, "marketing", at=NOON - timedelta(seconds=1)) is State.WITHDRAWN
