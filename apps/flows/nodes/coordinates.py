"""Points on earth, as settings say them: two numbers, or references to them."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from apps.conditions.values import number
from apps.core.typed_settings import template
from apps.flows.engine.moves import Failure
from apps.flows.node import Place, Scope
from apps.flows.nodes.json_checks import check_number

LAST_LATITUDE: Final = "profile@data.devices.last.geo.latitude"
LAST_LONGITUDE: Final = "profile@data.devices.last.geo.longitude"
HELP: Final = "In degrees, above 0 in the north and in the east; or a reference."
_POLE: Final = 90
_DATE_LINE: Final = 180


class Point(NamedTuple):
    """A point, in degrees: north and east are positive."""

    latitude: float
    longitude: float


def latitude(label: str = "Latitude", **common: Any) -> Any:
    """Declare a latitude, or a reference to one."""
    return template(label, check=_checked(_POLE), **common)


def longitude(label: str = "Longitude", **common: Any) -> Any:
    """Declare a longitude, or a reference to one."""
    return template(label, check=_checked(_DATE_LINE), **common)


def point_of(place: Place, said: Mapping[str, Any]) -> Callable[[Scope], Point]:
    """Compile a point, of which `said` has latitude and longitude in this order, by their fields.

    Asking for it raises Failure where one of both is missing, or is none.
    """
    values = [place.value(field, each) for field, each in said.items()]

    def point(scope: Scope) -> Point:
        try:
            return Point(
                *(_degrees(value(scope), most) for value, most in zip(values, (_POLE, _DATE_LINE), strict=True))
            )
        except ValueError as error:
            raise Failure(str(error)) from None

    return point


def _degrees(said: Any, most: int) -> float:
    found = number(said)
    if found is None or not -most <= found <= most:
        raise ValueError(f"A {'latitude' if most == _POLE else 'longitude'} is a number from {-most} to {most}.")
    return float(found)


def _checked(most: int) -> Callable[[Any], None]:
    def check(said: Any) -> None:
        check_number(said)
        if not isinstance(said, str) or "@" not in said:
            _degrees(said, most)

    return check
