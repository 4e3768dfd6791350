"""In which time zone somebody is."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings

_CLOCKS: Final = ("geo", "time_zone")  # in aux: what their clients say of their clocks
_ADDRESS: Final = ("devices", "last", "geo", "time_zone")  # in data: where their address was last
_NO_PLACES: Final = {"Factory", "localtime"}  # what these mean depends on the machine


def zone_of(aux: Mapping[str, Any], data: Mapping[str, Any]) -> ZoneInfo | None:
    """Return the zone of somebody by these columns of their profile; None if nothing there names one that exists."""
    return named_zone(_at(aux, _CLOCKS)) or named_zone(_at(data, _ADDRESS))


def named_zone(name: object) -> ZoneInfo | None:
    """Return the zone of a name such as Europe/Berlin, or None where there is no such zone."""
    return ZoneInfo(name) if isinstance(name, str) and name in zone_names() else None


def default_zone(name: str = "") -> ZoneInfo:
    """Return the zone of whom nobody knows where they are: the one that is named, or the installation's."""
    return named_zone(name) or ZoneInfo(settings.TIME_ZONE)


@cache
def zone_names() -> frozenset[str]:
    """Return the names of all zones."""
    return frozenset(available_timezones() - _NO_PLACES)


def _at(document: Any, place: tuple[str, ...]) -> object:
    for key in place:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document
