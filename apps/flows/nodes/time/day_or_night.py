"""Two ways: whether the sun is up."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import asin, atan2, cos, degrees, radians, sin
from typing import Any, Final

from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes import coordinates, world_clocks
from apps.flows.nodes.coordinates import Point

_J2000: Final = datetime(2000, 1, 1, 12, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
# The sun rises when its upper edge does: half its width, and what air bends of its light, below the horizon.
_HORIZON: Final = -0.833


@register
class DayOrNight(Node):
    """Whoever is where the sun is up just now leaves by day, everybody else by night.

    It goes by the sun at a place, to a minute or so, and not by any clock: beyond the polar circles it is day, or
    night, for weeks. Where nobody knows the place they leave by error.
    """

    key, group, title, icon, order = "day-or-night", "time", "Day or night", "routine", 30
    ports = ("day", "night")
    has_error_port = True
    example = {"latitude": "event@properties.latitude", "longitude": "event@properties.longitude"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Where."""

        latitude: Any = coordinates.latitude(default=coordinates.LAST_LATITUDE, help=coordinates.HELP)
        longitude: Any = coordinates.longitude(default=coordinates.LAST_LONGITUDE)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._point = coordinates.point_of(place, {"latitude": settings.latitude, "longitude": settings.longitude})

    def run(self, step: Step) -> Move:
        """Look at the sun."""
        is_up = height_of_sun(world_clocks.now(step), self._point(step.scope)) > _HORIZON
        return Go("day" if is_up else "night")


def height_of_sun(moment: datetime, point: Point) -> float:
    """Return how high the middle of the sun stands, in degrees; below 0 it is under the horizon.

    By the low-precision formulas for the sun of the Astronomical Almanac (section C), which are exact to 0.01 degrees
    from 1950 to 2050, with the sidereal time of Meeus, Astronomical Algorithms, chapter 12.
    """
    days = (moment - _J2000) / _DAY
    anomaly = radians(357.528 + 0.9856003 * days)
    longitude = radians(280.460 + 0.9856474 * days + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly))
    tilt = radians(23.439 - 0.0000004 * days)
    ascension = atan2(cos(tilt) * sin(longitude), cos(longitude))
    declination = asin(sin(tilt) * sin(longitude))
    hour_angle = radians(280.46061837 + 360.98564736629 * days + point.longitude) - ascension
    latitude = radians(point.latitude)
    return degrees(asin(sin(latitude) * sin(declination) + cos(latitude) * cos(declination) * cos(hour_angle)))
