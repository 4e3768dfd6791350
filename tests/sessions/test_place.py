"""Places by address, from databases of either layout."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.sessions import place

PUBLIC = "93.184.216.34"
MAXMIND = {
    "city": {"names": {"en": "Oslo", "de": "Oslo"}},
    "country": {"iso_code": "NO", "names": {"en": "Norway"}},
    "subdivisions": [{"iso_code": "03", "names": {"en": "Oslo County"}}],
    "location": {"latitude": 59.9, "longitude": 10.7, "time_zone": "Europe/Oslo", "accuracy_radius": 5},
}
FLAT = {
    **{"country_code": "NO", "state1": "Oslo County", "city": "Oslo"},
    **{"latitude": 59.9, "longitude": 10.7, "timezone": "Europe/Oslo"},
}
OSLO = {"county": "Oslo County", "city": "Oslo", "latitude": 59.9, "longitude": 10.7, "time_zone": "Europe/Oslo"}


class Database(dict[str, Any]):
    """A database file, by address."""


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    found = Database()
    monkeypatch.setattr(place, "_reader", lambda path: found)
    place.locate.cache_clear()
    yield found
    place.locate.cache_clear()


@pytest.mark.parametrize(
    ("record", "found"),
    [
        (MAXMIND, {"country": {"code": "NO", "name": "Norway"}, **OSLO}),
        (FLAT, {"country": {"code": "NO"}, **OSLO}),
        ({"country": {"iso_code": "NO"}}, {"country": {"code": "NO"}}),
        ({"country_code": "NO"}, {"country": {"code": "NO"}}),
        ({"country": "Norway", "location": {"latitude": 0.0, "longitude": 0}}, {"latitude": 0.0, "longitude": 0}),
        ({}, {}),
        (None, {}),
        ("text", {}),
    ],
)
def test_what_a_database_knows_is_found(database: Database, record: Any, found: dict[str, Any]) -> None:
    database[PUBLIC] = record

    assert place.locate(PUBLIC) == found


@pytest.mark.parametrize(
    "ip", ["127.0.0.1", "10.0.0.7", "192.168.1.1", "::1", "fe80::1", "", "unknown", "1.2.3.4, 5.6.7.8"]
)
def test_addresses_that_are_nowhere_are_not_looked_up(database: Database, ip: str) -> None:
    database[ip] = MAXMIND

    assert place.locate(ip) == {}


def test_without_a_database_nothing_is_known(settings: Any) -> None:
    settings.GEOIP_DATABASE = ""
    place.locate.cache_clear()

    assert place.locate(PUBLIC) == {}


def test_a_database_of_the_old_addresses_alone_knows_no_other(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(ip: str) -> None:
        raise ValueError("You attempted to look up an IPv6 address in an IPv4-only database")

    monkeypatch.setattr(database, "get", refuse, raising=False)

    assert place.locate("2606:2800:220:1::1") == {}
