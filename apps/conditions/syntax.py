"""Why a text is no condition, for the person who wrote it: where, what was expected, what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from lark import Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from apps.conditions.catalogue import Catalogue
from apps.conditions.exceptions import ConditionError
from apps.conditions.functions import FUNCTIONS
from apps.conditions.tree.base import ROOTS

# What may stand somewhere, by terminals of the grammar; words of the language stand for themselves.
_NAMES: Final = {
    "PATH": "a field such as profile@traits.plan",
    "STRING": 'a text such as "pro"',
    "NUMBER": "a number",
    "COMPARISON": "a comparison such as = or >=",
    "SIGN": "+ or - and a duration",
    "LPAR": "(",
    "RPAR": ")",
    "LSQB": "a list such as [1, 2]",
    "RSQB": "]",
    "COMMA": ",",
    "STARTS": "STARTS WITH",
    "ENDS": "ENDS WITH",
    "IS": "IS NULL",
    "NEVER": "NEVER ASKED",
    "$END": "the end",
}
# Words that open a bracket with events in it.
EVENT_WORDS: Final = frozenset(
    ["COUNT", "SUM", "AVERAGE", "AVG", "MIN", "MAX", "FIRST", "LAST", "DISTINCT", "DID", "SEQUENCE"]
)
CONSENT_WORDS: Final = frozenset(["CONSENTED", "WITHDREW", "EXPIRED", "NEVER"])
_OPERAND: Final = ("a field such as profile@traits.plan", "a value", "a function such as now()")
# Where an operand may stand, these may all stand, and one name for them says more.
_OPERAND_TERMINALS: Final = frozenset(
    ["PATH", "STRING", "NUMBER", "SIGN", "NAME", "LSQB", "TRUE", "FALSE", "NULL", *EVENT_WORDS, *CONSENT_WORDS]
)
_NO_WORDS: Final = frozenset(
    ["PATH", "STRING", "NUMBER", "NAME", "COMPARISON", "SIGN", "LPAR", "RPAR", "LSQB", "RSQB", "COMMA", "$END"]
)


def explain(error: UnexpectedInput, text: str, catalogue: Catalogue | None) -> ConditionError:
    """Turn the parser's error into ours."""
    if isinstance(error, UnexpectedCharacters):
        return _unreadable(error.pos_in_stream or 0, text)
    assert isinstance(error, UnexpectedToken)
    token, accepted = error.token, error.accepts or set()
    parsed = error.interactive_parser.parser_state.value_stack if error.interactive_parser else []
    previous = parsed[-1] if parsed else None
    if accepted == {"LPAR"} and isinstance(previous, Token) and previous.type == "NAME":
        return _no_field(previous, text, catalogue)
    if token.type == "$END":
        return _error("The condition ends too early.", len(text.rstrip()), 0, text, accepted)
    suggestion = _nearest_word(token, accepted)
    return _error(f"'{token}' is not expected here.", token.start_pos or 0, len(token), text, accepted, suggestion)


def expected(accepted: Iterable[str]) -> tuple[str, ...]:
    """Name what may stand somewhere, for people."""
    terminals = set(accepted)
    names: list[str] = []
    if {"PATH", "STRING"} <= terminals:
        names += _OPERAND
        terminals -= _OPERAND_TERMINALS
    elif "NAME" in terminals:
        names.append("a unit such as DAYS")
        terminals.discard("NAME")
    if "NUMBER" in terminals:
        terminals.discard("SIGN")
    return (*names, *sorted(_NAMES.get(terminal, terminal) for terminal in terminals))


def _error(
    message: str, offset: int, length: int, text: str, accepted: Iterable[str], suggestion: str = ""
) -> ConditionError:
    return ConditionError(
        message, offset=offset, length=length, text=text, expected=expected(accepted), suggestion=suggestion
    )


def _unreadable(offset: int, text: str) -> ConditionError:
    if text[offset] in "\"'":
        return _error("A text has no closing quote.", offset, len(text) - offset, text, ())
    return _error(f"'{text[offset]}' cannot be read.", offset, 1, text, ())


def _no_field(name: Token, text: str, catalogue: Catalogue | None) -> ConditionError:
    """A word that is neither a field nor a function, nor of the language."""
    root, _, path = name.partition(".")
    if root.lower() in ROOTS and path:
        suggestion = f"{root.lower()}@{path}"
    else:
        suggestion = (catalogue.nearest(name) if catalogue else "") or _nearest_word(name, ["NAME", "NOT"])
    message = f"'{name}' is not a field: those are written as profile@traits.plan. Texts stand in quotes."
    return _error(message, name.start_pos or 0, len(name), text, (), suggestion)


def _nearest_word(token: Token, accepted: Iterable[str]) -> str:
    """Find the word of the language that a mistyped one is near to, among those that may stand there."""
    words = {terminal: _NAMES.get(terminal, terminal) for terminal in accepted if terminal not in _NO_WORDS}
    if "NAME" in accepted:
        words |= {name.upper(): f"{name}()" for name in FUNCTIONS}
    found = get_close_matches(token.upper(), words, n=1)
    return words[found[0]] if found else ""
