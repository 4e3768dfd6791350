"""The zone of a person, by what is known of them."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.flows.moments import named_zone, zone_names, zone_of


def aux(clock: Any) -> dict[str, Any]:
    return {"geo": {"time_zone": clock}}


def data(address: Any) -> dict[str, Any]:
    return {"devices": {"last": {"geo": {"time_zone": address}}}}


@pytest.mark.parametrize(
    ("clock", "address", "zone"),
    [
        ("Asia/Kolkata", "Europe/Berlin", "Asia/Kolkata"),
        (None, "Europe/Berlin", "Europe/Berlin"),
        ("Mars/Olympus", "Europe/Berlin", "Europe/Berlin"),
    ],
)
def test_clock_of_a_client_says_more_than_its_address(clock: Any, address: Any, zone: str) -> None:
    assert zone_of(aux(clock), data(address)) == ZoneInfo(zone)


@pytest.mark.parametrize(
    ("aux", "data"), [({}, {}), ({"geo": None}, {"devices": 3}), ({"geo": "Berlin"}, {}), (aux(7), data(["UTC"]))]
)
def test_nobody_is_placed_by_chance(aux: dict[str, Any], data: dict[str, Any]) -> None:
    assert zone_of(aux, data) is None


@pytest.mark.parametrize(
    "name", ["", "Europe", "europe/berlin", "../../etc/passwd", "/etc/localtime", "localtime", "\0"]
)
def test_what_names_no_zone_is_none(name: str) -> None:
    assert named_zone(name) is None


@given(st.text() | st.sampled_from(sorted(zone_names())))
def test_zones_are_those_that_are_listed(name: str) -> None:
    assert (named_zone(name) is not None) == (name in zone_names())
