"""Where an IP address is: from a MaxMind database file (`GEOIP_DATABASE`), when one is configured."""

from functools import cache, lru_cache
from ipaddress import ip_address
from typing import Any

import maxminddb
from django.conf import settings


@lru_cache(maxsize=4096)
def locate(ip: str) -> dict[str, Any]:
    """Look an address up: {country: {code, name}, county, city, latitude, longitude, time_zone}, known parts.

    Databases of countries say less than those of cities. Both the layout of MaxMind's own files and the flat one
    (`country_code`, `city`, ...) of the free databases are read. No database, private and broken addresses: {}.
    """
    reader = _reader(settings.GEOIP_DATABASE)
    if reader is None or not _is_public(ip):
        return {}
    try:
        found = reader.get(ip)
    except ValueError:  # an address by IPv6, of which the database has none
        return {}
    return _flatten(found) if isinstance(found, dict) else {}


@cache
def _reader(path: str) -> maxminddb.Reader | None:
    return maxminddb.open_database(path) if path else None


def _is_public(ip: str) -> bool:
    try:
        return ip_address(ip).is_global
    except ValueError:
        return False


def _flatten(found: dict[str, Any]) -> dict[str, Any]:
    location = found.get("location") or {}
    country, city = found.get("country"), found.get("city")
    code = country.get("iso_code") if isinstance(country, dict) else None
    divisions = found.get("subdivisions")  # the greatest first: a state, a county
    place = {
        "country": _known(code=code or found.get("country_code"), name=_name(country)),
        "county": _name(divisions[0]) if divisions else found.get("state1"),
        "city": _name(city) if isinstance(city, dict) else city,
        "latitude": location.get("latitude", found.get("latitude")),
        "longitude": location.get("longitude", found.get("longitude")),
        "time_zone": location.get("time_zone", found.get("timezone")),
    }
    return _known(**place)


def _known(**parts: Any) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value not in (None, "", {})}


def _name(found: Any) -> str | None:
    names = found.get("names") if isinstance(found, dict) else None
    return names.get("en") if names else None
