"""What in a text looks like something."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from apps.core.typed_settings import choice, text, yes_no
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.data.given import given, said
from apps.flows.nodes.data.patterns import MAX_PATTERN, MAX_TEXT, Pattern
from apps.flows.nodes.results import into, placed

FIND, REPLACE = "find", "replace"
_MODES: Final = {FIND: "Find all of it", REPLACE: "Put something in its place"}
OWN: Final = "pattern"
_LOOKS_FOR: Final = {
    OWN: "A pattern of yours",
    "email": "E-mail addresses",
    "url": "Addresses of the web",
    "ipv4": "IP addresses (IPv4)",
    "date": "Dates, in digits",
}
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_READY: Final = {
    "email": r"[\w.%+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}",
    "url": r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)]",
    "ipv4": rf"\b(?:{_OCTET}\.){{3}}{_OCTET}\b",
    "date": r"\b[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\b|\b[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})\b",
}
_GROUP: Final = re.compile(r"\\([0-9])")


@register
class MatchPattern(Node):
    r"""A text is searched for all that matches a pattern: whoever has none of it leaves by not_found.

    What addresses and dates look like it knows by itself. Patterns are regular expressions as RE2 has them: order
    [0-9]+, (?P<name>\w+)@. Each match has its `text`, its `groups` in their order, and by `named` those that have a
    name. What is put in place of a match may have groups: \1. The first 50 matches of a text count; it has at most
    4,000 characters.
    """

    key, group, title, icon, order = "match-pattern", "data", "Find by a pattern", "regular_expression", 100
    ports = ("found", "not_found")
    has_error_port = True
    example = {"value": "event@properties.message", "pattern": "order #?([0-9]+)", "into": "orders"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is looked for, and what becomes of it."""

        value: str = given("Text", help="A reference, such as event@properties.message.")
        looks_for: str = choice("What is looked for", _LOOKS_FOR, default=OWN)
        pattern: str = text("Pattern", max_length=MAX_PATTERN, when=("looks_for", OWN))
        ignores_case: bool = yes_no("Capitals and small letters are the same", default=True)
        mode: str = choice("What is done", _MODES, default=FIND)
        replacement: str = text(
            "In its place", default="", max_length=1_000, when=("mode", REPLACE), help=r"\1 is the first group."
        )
        into: str = into("result")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._value = place.value("value", settings.value)
        pattern = _READY.get(settings.looks_for, settings.pattern)
        try:
            self._pattern = Pattern(pattern, ignores_case=settings.ignores_case)
        except ValueError as error:
            place.refuse("pattern", str(error))
            return
        named = max(map(int, _GROUP.findall(settings.replacement)), default=0)
        if named > self._pattern.n_groups:
            place.refuse("replacement", f"The pattern has no group {named}.")

    def run(self, step: Step) -> Move:
        """Look for it."""
        text = said(self._value(step.scope), most=MAX_TEXT)
        matches = [] if text is None else self._pattern.matches(text)
        if text is None or not matches:
            return Go("not_found")
        found = self._replaced(text, matches) if self._settings.mode == REPLACE else list(map(_told, matches))
        return Go("found", payload=placed(step.payload, self._settings.into, found))

    def _replaced(self, text: str, matches: list[Any]) -> str:
        pieces, at = [], 0
        for match in matches:
            pieces += [text[at : match.start()], _GROUP.sub(partial(_group_of, match), self._settings.replacement)]
            at = match.end()
        return "".join([*pieces, text[at:]])


def _group_of(match: Any, named: re.Match[str]) -> str:
    """Return what a match has in a group, in place of the group's number."""
    return match[int(named[1])] or ""


def _told(match: Any) -> dict[str, Any]:
    return {"text": match[0], "groups": list(match.groups()), "named": match.groupdict()}
