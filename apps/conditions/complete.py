"""What may be typed at a position of a condition: for the editor's list of suggestions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from lark import Token, UnexpectedInput

from apps.conditions.catalogue import Catalogue
from apps.conditions.durations import UNITS
from apps.conditions.functions import FUNCTIONS
from apps.conditions.parse import MAX_LENGTH, grammar
from apps.conditions.syntax import CONSENT_WORDS, EVENT_WORDS
from apps.conditions.text import to_text
from apps.conditions.tree import Literal
from apps.conditions.type_names import part_of_event_type

MAX_SUGGESTIONS: Final = 50
# Texts, fields and words, whole or as far as they are typed; and any other character.
_TYPED: Final = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*(?:"|(?P<open>\Z))|'(?:[^'\\]|\\.)*(?:'|(?P<open_too>\Z)))"""
    r"""|(?P<word>[A-Za-z]+@(?:\["(?:[^"\\]|\\.)*(?:"\]?|\Z)|\\.|[\w.-])*|[\w.]+)|.""",
    re.DOTALL,
)
_REST_OF_WORD: Final = re.compile(r"[\w@.\\-]*")
_REST_OF_TEXT: Final = re.compile(r"""[^"'\n]*["']?""")
_COMPARISONS: Final = ("=", "!=", ">", ">=", "<", "<=")
# What is written where a terminal of the grammar may stand; words of the language stand for themselves.
_WRITTEN: Final = {
    "COMPARISON": _COMPARISONS,
    "LPAR": ("(",),
    "RPAR": (")",),
    "LSQB": ("[",),
    "RSQB": ("]",),
    "COMMA": (",",),
    "STARTS": ("STARTS WITH",),
    "ENDS": ("ENDS WITH",),
    "IS": ("IS NULL", "IS NOT NULL"),
    "CONSENTED": ("CONSENTED(",),
    "WITHDREW": ("WITHDREW(",),
    "EXPIRED": ("EXPIRED(",),
    "NEVER": ("NEVER ASKED(",),
    "AVG": (),
    "SIGN": (),
    "NUMBER": (),
    "$END": (),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text for the place from `start` to `end`; `kind` is field, event type, consent, value, function, unit, word."""

    kind: str
    value: str
    start: int
    end: int
    label: str = ""


@dataclass(slots=True)
class _Bracket:
    """An open bracket: the terminal before it, or LSQB, and whether WHERE has come since."""

    opener: str
    has_where: bool = False

    @property
    def is_of_events(self) -> bool:
        return self.opener in EVENT_WORDS


@dataclass(slots=True)
class _Place:
    """Where in a condition something is typed."""

    accepted: set[str]
    brackets: list[_Bracket] = field(default_factory=list)
    last_field: str = ""

    @property
    def takes_event_type(self) -> bool:
        return bool(self.brackets) and self.brackets[-1].is_of_events and not self.brackets[-1].has_where

    @property
    def takes_consent(self) -> bool:
        return bool(self.brackets) and self.brackets[-1].opener in (*CONSENT_WORDS, "ASKED")

    @property
    def is_about_events(self) -> bool:
        return any(bracket.is_of_events for bracket in self.brackets)

    @property
    def is_about_items(self) -> bool:
        return any(bracket.opener in ("ANY", "ALL") and bracket.has_where for bracket in self.brackets)


def complete(text: str, position: int, catalogue: Catalogue) -> list[Suggestion]:
    """Return what may be typed at a position, fields first; nothing where what stands before it is wrong already."""
    before = text[: min(position, MAX_LENGTH)]
    start = _start_of_word(before)
    typed = before[start:]
    rest = (_REST_OF_TEXT if typed[:1] in ('"', "'") else _REST_OF_WORD).match(text, position)
    end = rest.end() if rest else position
    place = _place(before[:start])
    if place is None:
        return []
    written = typed.lower().replace("'", '"')
    as_type = part_of_event_type(written)  # as events have it: "Order C is "order-c
    found = (
        Suggestion(kind, value, start, end, label)
        for kind, value, label in _candidates(place, catalogue)
        if value.lower().startswith(as_type if kind == "event type" else written)
    )
    return [suggestion for suggestion, _ in zip(found, range(MAX_SUGGESTIONS), strict=False)]


def _start_of_word(before: str) -> int:
    """Find where the word, or the open text, begins that is being typed at the end."""
    *_, last = (None, *_TYPED.finditer(before))
    if last and (last["word"] or last["open"] is not None or last["open_too"] is not None):
        return last.start()
    return len(before)


def _place(before: str) -> _Place | None:
    try:
        parser = grammar().parse_interactive(before)
        tokens = list(parser.exhaust_lexer())
    except UnexpectedInput:
        return None
    place = _Place(set(parser.accepts()))  # type: ignore[no-untyped-call]  # of Lark, which does not type it
    previous = ""
    for token in tokens:
        _follow(place, token, previous)
        if not (previous == "DID" and token.type == "NOT"):
            previous = token.type
    return place


def _follow(place: _Place, token: Token, previous: str) -> None:
    """Take note of a token on the way."""
    match token.type:
        case "LPAR":
            place.brackets.append(_Bracket(previous))
        case "LSQB":
            place.brackets.append(_Bracket("LSQB"))
        case "RPAR" | "RSQB":
            place.brackets.pop()
        case "WHERE":
            place.brackets[-1].has_where = True
        case "PATH":
            place.last_field = str(token)


def _candidates(place: _Place, catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    """Yield (kind, value, label) of all that the grammar and the catalogue know for a place."""
    if "STRING" in place.accepted:
        yield from _texts(place, catalogue)
    if "PATH" in place.accepted:
        yield from _fields(place, catalogue)
    if "NAME" in place.accepted and "PATH" in place.accepted:
        yield from (("function", f"{name}(", function.summary) for name, function in FUNCTIONS.items())
    elif "NAME" in place.accepted:
        yield from (("unit", f"{unit.upper()}S", "") for unit in UNITS)
    yield from (("word", word, "") for word in _words(place, catalogue))


def _texts(place: _Place, catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    if place.takes_event_type:
        yield from (("event type", to_text(Literal(type_)), "") for type_ in catalogue.event_types)
    elif place.takes_consent:
        for consent, name in (catalogue.consents or {}).items():
            yield "consent", to_text(Literal(consent)), name
    elif place.last_field in catalogue.fields:
        values = catalogue.fields[place.last_field].values
        yield from (("value", to_text(Literal(value)), "") for value in values)


def _words(place: _Place, catalogue: Catalogue) -> Iterator[str]:
    unknown = CONSENT_WORDS if catalogue.consents is None or place.is_about_events else frozenset()
    for terminal in sorted(place.accepted - {"PATH", "STRING", "NAME"} - unknown):
        if terminal == "ANY" and place.takes_event_type:
            yield "ANY EVENT"
        else:
            yield from _WRITTEN.get(terminal, (terminal,))


def _fields(place: _Place, catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    if place.is_about_items:
        yield "field", "item@", "each item of the list"
    for text, known in catalogue.fields.items():
        if not place.is_about_events or text.startswith("event@"):
            yield "field", text, known.label
    for text in sorted(catalogue.open_objects):
        if not place.is_about_events or text.startswith("event@"):
            yield "field", f"{text}.", "and any field below"
