"""Whether a value is what it should be."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, URLValidator

from apps.conditions import values
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import choice, template, text
from apps.events.event_types.validation import compile_schema
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.data.given import given, said
from apps.flows.nodes.data.patterns import MAX_PATTERN, MAX_TEXT, Pattern
from apps.flows.nodes.json_checks import check_object
from apps.profiles.identifiers import Kind, normalise

PATTERN, SCHEMA = "pattern", "schema"
_KINDS: Final = {
    "email": "An e-mail address",
    "phone": "A phone number",
    "url": "An address of the web: https://…",
    "ipv4": "An IPv4 address",
    "ipv6": "An IPv6 address",
    "date": "A date: 2026-12-31",
    "time": "A time of day: 18:30 or 18:30:00",
    "whole": "A whole number",
    "number": "A number",
    PATTERN: "What matches a pattern, from its beginning to its end",
    SCHEMA: "What a JSON schema says",
}
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")
_email, _url = EmailValidator(), URLValidator(schemes=("http", "https"))


@register
class Validate(Node):
    """Whoever has a value that is what it should be leaves by valid, all others by invalid.

    A number may be one, or a text that says one. National phone numbers are those of the installation's country.
    Patterns are regular expressions as RE2 has them. Whether somebody reads a mailbox, or a page is there, only asking
    would tell. A text has at most 4,000 characters.
    """

    key, group, title, icon, order = "validate", "data", "Validate", "rule", 90
    ports = ("valid", "invalid")
    has_error_port = True
    example = {"value": "event@properties.email", "kind": "email"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What it should be."""

        value: str = given("Value", help="A reference, such as event@properties.email.")
        kind: str = choice("It should be", _KINDS)
        pattern: str = text("Pattern", max_length=MAX_PATTERN, when=("kind", PATTERN), help="[A-Z]{2}[0-9]{6}")
        schema: Any = template(
            "Schema", check=check_object, when=("kind", SCHEMA), help='{"type": "object", "required": ["id"]}'
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        self._value = place.value("value", settings.value)
        self._is_valid: Callable[[Any], bool]
        match settings.kind:
            case "pattern":
                self._is_valid = _of_text(_pattern(settings.pattern, place))
            case "schema":
                self._is_valid = _schema(settings.schema, place)
            case "whole" | "number":
                self._is_valid = _whole if settings.kind == "whole" else _number
            case _:
                self._is_valid = _of_text(_CHECKS[settings.kind])

    def run(self, step: Step) -> Move:
        """Look at it."""
        return Go("valid" if self._is_valid(self._value(step.scope)) else "invalid")


def _of_text(is_valid: Callable[[str], object]) -> Callable[[Any], bool]:
    """Make a check of texts one of values: it may raise ValueError, or what Django raises."""

    def check(value: Any) -> bool:
        text = said(value, most=MAX_TEXT)
        try:
            return text is not None and is_valid(text.strip()) is not False
        except (ValueError, ValidationError):
            return False

    return check


def _pattern(text: str, place: Place) -> Callable[[str], bool]:
    try:
        return Pattern(text).is_all_of
    except ValueError as error:
        place.refuse("pattern", str(error))
    return lambda _text: False


def _schema(schema: Any, place: Place) -> Callable[[Any], bool]:
    try:
        return compile_schema(schema).is_valid
    except DefinitionError as error:
        place.refuse(error.field, error.message)
    return lambda _value: False


def _number(value: Any) -> bool:
    return values.number(value) is not None


def _whole(value: Any) -> bool:
    found = values.number(value)
    return found is not None and found == int(found)


_CHECKS: Final[dict[str, Callable[[str], object]]] = {
    "email": _email,
    "phone": lambda text: normalise(Kind.PHONE, text) is not None,
    "url": _url,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
    "date": values.is_date,
    "time": lambda text: _TIME.fullmatch(text) is not None,
}
