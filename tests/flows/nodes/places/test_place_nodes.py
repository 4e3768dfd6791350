"""How far somebody is from a place, and where an address is."""

from typing import Any

import pytest

from apps.flows.engine.moves import Fail, Go
from apps.flows.nodes.places import locate_ip
from apps.flows.testing import refused, visit

OSLO = {"to_latitude": 59.9139, "to_longitude": 10.7522}
NORWAY = {"country": {"code": "NO"}, "city": "Oslo"}


def somebody_at(latitude: Any, longitude: Any) -> dict[str, Any]:
    return {"data": {"devices": {"last": {"geo": {"latitude": latitude, "longitude": longitude}}}}}


@pytest.mark.parametrize(
    ("latitude", "longitude", "km"),
    [
        (60.3913, 5.3221, 305),  # Bergen
        ("59.9139", "10.7522", 0),
        (-33.8688, 151.2093, 15_949),  # Sydney
        (-59.9139, -169.2478, 20_015),  # the other side of the earth
        (59.9139, -10.7522, 1_193),
    ],
)
def test_the_distance_is_that_of_the_crow(latitude: Any, longitude: Any, km: float) -> None:
    move = visit("distance", OSLO, profile=somebody_at(latitude, longitude), payload={"a": 1})

    assert isinstance(move, Go)
    assert move.payload["distance_km"] == pytest.approx(km, abs=2)
    assert (move.port, move.payload["a"]) == ("near" if km < 10 else "far", 1)


def test_two_points_on_both_sides_of_the_date_line_are_near() -> None:
    settings = {"latitude": -17.8, "longitude": 179.9, "to_latitude": -17.8, "to_longitude": -179.9, "radius_km": 25}

    assert visit("distance", settings).port == "near"  # type: ignore[union-attr]


@pytest.mark.parametrize("profile", [{}, somebody_at(None, 1), somebody_at("north", 1), somebody_at(1, 181)])
def test_without_a_point_there_is_no_distance(profile: dict[str, Any]) -> None:
    assert isinstance(visit("distance", OSLO, profile=profile), Fail)


@pytest.mark.parametrize(
    ("ip", "move"),
    [
        ("93.184.216.34", Go(payload={"place": NORWAY})),
        (" 2606:2800:220:1::1 ", Go(payload={"place": NORWAY})),
        ("10.0.0.1", Go("unknown")),
        (None, Fail("That is no IP address.")),
        ("1.2.3.4, 5.6.7.8", Fail("That is no IP address.")),
    ],
)
def test_an_address_is_looked_up(monkeypatch: pytest.MonkeyPatch, ip: str | None, move: Any) -> None:
    monkeypatch.setattr(locate_ip, "locate", lambda ip: {} if ip.startswith("10.") else NORWAY)

    assert visit("locate-ip", {"address": "event@properties.ip"}, event={"properties": {"ip": ip}}) == move


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "settings", "field", "message"),
    [
        ("distance", {}, "to_latitude", "has to be filled in"),
        ("distance", {**OSLO, "to_latitude": "59,9"}, "to_latitude", "from -90 to 90"),
        ("distance", {**OSLO, "radius_km": 0}, "radius_km", "At least"),
        ("locate-ip", {"address": " "}, "address", "has to be filled in"),
        ("locate-ip", {"address": "session@ip"}, "address", "There is no field"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_saved(kind: str, settings: Any, field: str, message: str) -> None:
    found = refused(kind, settings)

    assert message in found.get(field, ""), found
