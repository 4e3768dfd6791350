"""Where an address on the internet is."""

from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings as django_settings

from apps.core.typed_settings import text
from apps.flows.engine.moves import Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.results import into, placed
from apps.sessions.place import locate


@register
class LocateIp(Node):
    """Where an IP address is, by the database of this installation: country, county or state, town, coordinates.

    The payload gets an object, with what is known of `country` (`code`, `name`), `county`, `city`, `latitude`,
    `longitude` and `time_zone`. People leave by unknown where it says nothing of the address, as of those within
    companies, and by error where that is no IP address. Where sessions were is known without it: session@geo.
    """

    key, group, title, icon, order = "locate-ip", "place", "Locate an address", "travel_explore", 20
    ports = ("out", "unknown")
    has_error_port = True
    example = {"address": "event@properties.ip", "into": "place"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which address."""

        address: str = text("IP address", help="IPv4 or IPv6; a reference, such as event@properties.ip.")
        into: str = into("place")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._into = settings.into
        self._address = place.text("address", settings.address)
        if not place.is_stored and not django_settings.GEOIP_DATABASE:
            place.warn("address", "This installation has no database of places: see GEOIP_DATABASE in docs/collect.md.")

    def run(self, step: Step) -> Move:
        """Look it up."""
        address = self._address(step.scope).strip()
        try:
            ip_address(address)
        except ValueError:
            return Fail("That is no IP address.")
        found = locate(address)
        return Go(payload=placed(step.payload, self._into, found)) if found else Go("unknown")
