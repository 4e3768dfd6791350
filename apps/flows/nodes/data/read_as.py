"""What a text says, as something else than a text."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes import world_clocks
from apps.flows.nodes.data import text_readings
from apps.flows.nodes.data.given import given, said
from apps.flows.nodes.data.html_text import text_of_html
from apps.flows.nodes.results import into, placed
from apps.flows.templates.coding import text_of_base64

NUMBER, TIME = "number", "time"
_KINDS: Final = {
    "json": "JSON",
    NUMBER: "A number",
    TIME: "A day or a time",
    "address": "An address of a page: its parts and parameters",
    "agent": "A user agent: device, system and browser",
    "base64": "A text in Base64",
    "html": "HTML: the text in it",
}
MAX_CHARS: Final = {NUMBER: 100, TIME: 100, "address": 8_000, "agent": 8_000}  # else:
MAX_PAGE: Final = 20_000
_MARKS: Final = {text_readings.POINT: "A point: 1,234.50", text_readings.COMMA: "A comma: 1.234,50"}
_ORDERS: Final = {
    text_readings.ISO: "2026-12-31, with a time or without",
    text_readings.DAY_FIRST: "31.12.2026 or 31/12/2026 18:30",
    text_readings.MONTH_FIRST: "12/31/2026 18:30",
}


@register
class ReadAs(Node):
    """A text is read as what it stands for, and that goes into the payload; what is none of it leaves by invalid.

    A time becomes one in UTC, 2026-12-31T17:30:00+00:00. With a day or a month first it is what clocks show, and so is
    a day by itself; one in ISO 8601 without a zone means UTC. An address has `host`, `path`, `parameters` by name,
    `scheme`, `port`, `query` and `fragment`; a user agent `device`, `os`, `app` and `is_bot`. Numbers and times have at
    most 100 characters, addresses and user agents 8,000, all else 20,000: to read so much JSON or HTML takes some
    milliseconds.
    """

    key, group, title, icon, order = "read-as", "data", "Read as", "data_check", 70
    ports = ("out", "invalid")
    has_error_port = True
    example = {"value": "event@properties.url", "kind": "address", "into": "page"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is read, and how."""

        value: str = given("Text", help="A reference, such as event@properties.answer.")
        kind: str = choice("Read it as", _KINDS)
        decimal_mark: str = choice("Decimal mark", _MARKS, default=text_readings.POINT, when=("kind", NUMBER))
        order: str = choice("Written as", _ORDERS, default=text_readings.ISO, when=("kind", TIME))
        clocks: str = world_clocks.whose(when=("kind", TIME))
        into: str = into("read")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._value = place.value("value", settings.value)
        readers: dict[str, Callable[[str], Any]] = {
            "json": text_readings.json,
            NUMBER: lambda text: text_readings.number(text, settings.decimal_mark),
            "address": text_readings.address,
            "agent": text_readings.user_agent,
            "base64": text_of_base64,
            "html": text_of_html,
        }
        self._read = readers.get(settings.kind)  # a time takes clocks, too

    def run(self, step: Step) -> Move:
        """Read it."""
        kind = self._settings.kind
        text = said(self._value(step.scope), most=MAX_CHARS.get(kind, MAX_PAGE))
        if text is None:
            return Go("invalid")
        try:
            found = self._read(text) if self._read else self._time(text, step)
        except (ValueError, OverflowError):
            return Go("invalid")
        return Go(payload=placed(step.payload, self._settings.into, found))

    def _time(self, text: str, step: Step) -> str:
        zone = world_clocks.zone_of(step, self._settings.clocks)
        return text_readings.moment(text, self._settings.order, zone)
