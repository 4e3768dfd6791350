"""Two ways: whether two points are near each other."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

from apps.core.typed_settings import number
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes import coordinates
from apps.flows.nodes.coordinates import Point
from apps.flows.nodes.results import into, placed

EARTH_KM: Final = 6_371.0088  # the mean radius of the earth, by the IUGG
_ROUND_KM: Final = 20_040  # no two points are further apart


@register
class Distance(Node):
    """Whoever is near a place, such as a shop, leaves by near, everybody else by far; the payload gets the kilometres.

    It is the distance as the crow flies. What is known of where people are comes from their address on the internet
    mostly, and says the town at best. Where one of the points is not known they leave by error.
    """

    key, group, title, icon, order = "distance", "place", "Distance", "social_distance", 10
    ports = ("near", "far")
    has_error_port = True
    example = {"to_latitude": 59.91, "to_longitude": 10.75, "radius_km": 25, "into": "km_to_shop"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """From where to where, and what is near."""

        latitude: Any = coordinates.latitude(default=coordinates.LAST_LATITUDE, help=coordinates.HELP)
        longitude: Any = coordinates.longitude(default=coordinates.LAST_LONGITUDE)
        to_latitude: Any = coordinates.latitude("Latitude of the place")
        to_longitude: Any = coordinates.longitude("Longitude of the place")
        radius_km: float = number("Near is within, in km", least=0.01, most=_ROUND_KM, is_whole=False, default=10.0)
        into: str = into("distance_km")

    def __init__(self, settings: Settings, place: Place) -> None:
        said = self._settings = settings
        self._here = coordinates.point_of(place, {"latitude": said.latitude, "longitude": said.longitude})
        self._there = coordinates.point_of(place, {"to_latitude": said.to_latitude, "to_longitude": said.to_longitude})

    def run(self, step: Step) -> Move:
        """Measure."""
        km = km_between(self._here(step.scope), self._there(step.scope))
        port = "near" if km <= self._settings.radius_km else "far"
        return Go(port, payload=placed(step.payload, self._settings.into, round(km, 3)))


def km_between(one: Point, other: Point) -> float:
    """Return how far two points are apart on a globe, in km; the earth is flatter, which is 0.5 % at most.

    By the haversine formula: R. W. Sinnott, Virtues of the Haversine, Sky and Telescope 68 (1984), p. 159.
    """
    latitude, other_latitude = radians(one.latitude), radians(other.latitude)
    across = sin((other_latitude - latitude) / 2) ** 2
    along = sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(min(1.0, across + cos(latitude) * cos(other_latitude) * along)))
