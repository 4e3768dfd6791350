"""Text to tree."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Transformer, Tree, UnexpectedInput, v_args
from lark.exceptions import VisitError

from apps.conditions import bare_consents, legacy, once, syntax
from apps.conditions.catalogue import Catalogue
from apps.conditions.durations import Duration, unit_of
from apps.conditions.exceptions import ConditionError, TreeError
from apps.conditions.text import CONSENT_WORDS
from apps.conditions.tree import (
    MAX_DEPTH,
    Aggregate,
    And,
    Before,
    Between,
    Compare,
    Condition,
    Consent,
    Did,
    Empty,
    Events,
    Exists,
    Field,
    FromTo,
    In,
    Items,
    Last,
    ListLiteral,
    Literal,
    Match,
    Not,
    Operand,
    Or,
    Period,
    Scalar,
    Sequence,
    Shift,
    Since,
    Step,
    check,
)

MAX_LENGTH: Final = 20_000
_GRAMMAR: Final = Path(__file__).with_name("grammar.lark")
_CONSENT_STATES: Final = {word.split()[0]: state for state, word in CONSENT_WORDS.items()}
_SAME: Final = {"==": "=", "=>": ">=", "=<": "<="}
_KEY: Final = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[([0-9]+)\]|\.?((?:[^.\[\\]|\\.)+)', re.DOTALL)
_MAX_DIGITS: Final = 300  # of a number: no more are ever compared, and Python does not read any number of them
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)


@cache
def grammar() -> Lark:
    """Compile the grammar, once for the process."""
    return Lark(_GRAMMAR.read_text(), parser="lalr", lexer="basic", propagate_positions=True, maybe_placeholders=True)


def parse(text: str, *, catalogue: Catalogue | None = None, is_stored: bool = False) -> Condition:
    """Read a condition. With a catalogue, fields that it does not know are refused, too. Raises ConditionError.

    One that was stored may compare the fields of consents, as it once was allowed: it goes on to mean what it meant.
    """
    if len(text) > MAX_LENGTH:
        message = f"A condition has at most {MAX_LENGTH} characters."
        raise ConditionError(message, offset=MAX_LENGTH, text=text)
    kept = once.kept()
    if kept is None or catalogue is not None:
        return _parsed(text, catalogue, is_stored=is_stored)
    if (text, is_stored) not in kept.trees:
        if not kept.may(text):
            raise ConditionError(once.TOO_MUCH, text=text)
        kept.trees[text, is_stored] = _parsed(text, None, is_stored=is_stored)
    return kept.trees[text, is_stored]


def _parsed(text: str, catalogue: Catalogue | None, *, is_stored: bool) -> Condition:
    try:
        tree = grammar().parse(text)
    except UnexpectedInput as error:
        raise syntax.explain(error, text, catalogue) from None
    tokens = _tokens(tree, text)
    try:
        condition = _Builder().transform(tree)
        check(condition)
    except VisitError as error:
        raise _located(error.orig_exc, error.obj, tokens, text) from None
    except TreeError as error:
        raise _located(error, tree, tokens, text) from None
    if not is_stored:
        bare_consents.refuse(tree, text, _field)
    if catalogue:
        _check_fields(tokens, text, catalogue)
    return condition


def parse_operand(text: str, *, is_stored: bool = False) -> Operand:
    """Read one value, be it made of past events: COUNT("purchase" LAST 30 DAYS). Raises ConditionError."""
    found = parse(f"{text} EXISTS", is_stored=is_stored)
    if not isinstance(found, Exists):
        message = 'Expected one value, as COUNT("purchase" LAST 30 DAYS) is, and no condition.'
        raise ConditionError(message, offset=0, text=text)
    return found.operand


def parse_field(text: str) -> Field:
    """Read a field: profile@traits.plan. Raises TreeError."""
    if not re.fullmatch(grammar().get_terminal("PATH").pattern.to_regexp(), text):
        message = f"'{text}' is not written as a field, as profile@traits.plan is."
        raise TreeError(message)
    return _field(text)


def _field(text: str) -> Field:
    root, _, path = text.partition("@")
    parts = () if path == "..." else _KEY.findall(path)
    keys = tuple(_ESCAPED.sub(r"\1", bare) or index or _unquoted(f'"{quoted}"') for quoted, index, bare in parts)
    return Field(root.lower(), keys)


def _unquoted(text: str) -> str:
    """Read a text in quotes of either kind, with the escapes of JSON."""
    if text.startswith("'"):
        text = re.sub(r"\\'|\"", lambda found: "'" if found[0] == "\\'" else '\\"', text[1:-1])
        text = f'"{text}"'
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        message = 'A backslash in a text is followed by one of " \\ / b f n r t, or u and four digits.'
        raise TreeError(message) from None


@v_args(inline=True)
class _Builder(Transformer[Token, Condition]):
    """Make nodes of what the grammar found; its methods are named after the rules."""

    def PATH(self, token: Token) -> Field:
        return _field(token)

    def STRING(self, token: Token) -> Literal:
        return Literal(_unquoted(token))

    def number(self, sign: Token | None, digits: Token) -> Literal:
        text = f"{sign or ''}{digits}"
        if len(text) > _MAX_DIGITS:
            message = f"A number has at most {_MAX_DIGITS} characters."
            raise TreeError(message)
        return Literal(int(text) if text.lstrip("+-").isdecimal() else float(text))

    def boolean(self, word: Token) -> Literal:
        return Literal(word.type == "TRUE")

    def null(self) -> Literal:
        return Literal(None)

    def list(self, *items: Literal | None) -> ListLiteral:
        return ListLiteral(tuple(item for item in items if item is not None))

    def call(self, name: Token, *arguments: Operand | None) -> Operand:
        return legacy.call(name.lower(), [argument for argument in arguments if argument is not None])

    def shift(self, operand: Operand, sign: Token, by: Duration) -> Shift:
        return Shift(operand, -by if sign == "-" else by)

    def duration(self, amount: Token, unit: Token) -> Duration:
        if not amount.isdecimal() or len(amount) > _MAX_DIGITS:
            message = "A duration is a whole number of units, such as 30 DAYS."
            raise TreeError(message)
        return Duration(int(amount), unit_of(unit))

    def count(self, events: Events) -> Aggregate:
        return Aggregate("count", events)

    def aggregate(self, word: Token) -> str:
        return {"avg": "average"}.get(word.lower(), word.lower())

    def aggregate_of(self, function: str, field: Field, events: Events) -> Aggregate:
        return Aggregate(function, events, field)

    def types(self, *types: Literal) -> tuple[Scalar, ...]:
        return tuple(each.value for each in types)

    def events(self, types: tuple[str, ...], where: Condition | None, period: Period | None) -> Events:
        return Events(types, where, period)

    def step(self, types: tuple[str, ...], where: Condition | None, within: Duration | None) -> Step:
        return Step(types, where, within)

    last, since, before, from_to = Last, Since, Before, FromTo

    def or_(self, *items: Condition) -> Or:
        return Or(items)

    def and_(self, *items: Condition) -> And:
        return And(items)

    def not_(self, item: Condition) -> Not:
        return Not(item)

    def compare(self, left: Operand, comparison: Token, right: Operand) -> Condition:
        if comparison in ("!=", "<>"):
            return Not(Compare("=", left, right))
        return Compare(_SAME.get(comparison, str(comparison)), left, right)

    def between(self, operand: Operand, negation: Token | None, low: Operand, high: Operand) -> Condition:
        return _unless(negation, Between(operand, low, high))

    def in_(self, operand: Operand, negation: Token | None, values: ListLiteral) -> Condition:
        return _unless(negation, In(operand, values))

    def exists(self, operand: Operand, negation: Token | None) -> Condition:
        return _unless(negation, Exists(operand))

    def is_null(self, operand: Operand, negation: Token | None) -> Condition:
        return Exists(operand) if negation else Not(Exists(operand))

    def is_boolean(self, operand: Operand, negation: Token | None, value: Literal) -> Condition:
        return _unless(negation, Compare("=", operand, value))

    def empty(self, operand: Operand, negation: Token | None) -> Condition:
        return _unless(negation, Empty(operand))

    def contains(self, operand: Operand, negation: Token | None, value: Literal) -> Condition:
        return _unless(negation, Match("contains", operand, value))

    def contains_any(self, operand: Operand, negation: Token | None, values: ListLiteral) -> Condition:
        return _unless(negation, Match("contains any", operand, values))

    def contains_all(self, operand: Operand, negation: Token | None, values: ListLiteral) -> Condition:
        return _unless(negation, Match("contains all", operand, values))

    def starts_with(self, operand: Operand, negation: Token | None, value: Literal) -> Condition:
        return _unless(negation, Match("starts with", operand, value))

    def ends_with(self, operand: Operand, negation: Token | None, value: Literal) -> Condition:
        return _unless(negation, Match("ends with", operand, value))

    def any_item(self, operand: Operand, where: Condition) -> Items:
        return Items("any", operand, where)

    def all_items(self, operand: Operand, where: Condition) -> Items:
        return Items("all", operand, where)

    def did(self, negation: Token | None, events: Events) -> Condition:
        return _unless(negation, Did(events))

    def sequence(self, first: Token | None, *rest: Any) -> Sequence:
        *steps, period = rest
        return Sequence(tuple(steps), period, from_first=first is not None)

    def consent_state(self, word: Token) -> str:
        return _CONSENT_STATES[word.type]

    def consent(self, state: str, consent: Literal) -> Consent:
        return Consent(state, str(consent.value))


def _unless(negation: Token | None, test: Condition) -> Condition:
    return Not(test) if negation else test


def _tokens(tree: Tree[Token], text: str) -> list[Token]:
    """List the tokens of a text in their order, and refuse what is nested too deep to be walked."""
    tokens: list[Token] = []
    waiting: list[tuple[Any, int]] = [(tree, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > MAX_DEPTH + 10:  # some rules have no node of their own
            message = f"A condition is nested at most {MAX_DEPTH} deep."
            raise ConditionError(message, offset=getattr(part, "meta", part).start_pos, text=text)
        if isinstance(part, Token):
            tokens.append(part)
        elif part is not None:
            waiting.extend((child, depth + 1) for child in part.children)
    return sorted(tokens, key=lambda token: token.start_pos or 0)


def _located(error: Exception, part: Any, tokens: list[Token], text: str) -> Exception:
    """Say where in the text a part is wrong: at the field that is out of place, or where the part begins."""
    if not isinstance(error, TreeError):
        return error
    at: Any = getattr(part, "meta", part)
    within = [token for token in tokens if at.start_pos <= (token.start_pos or 0) < at.end_pos]
    at = next((token for token in within if _says(token, error.about)), at)
    return ConditionError(
        error.message,
        offset=at.start_pos,
        length=at.end_pos - at.start_pos,
        text=text,
        suggestion=error.suggestion,
    )


def _says(token: Token, part: object) -> bool:
    if isinstance(part, Field):
        return token.type == "PATH" and _field(token) == part
    if isinstance(part, Literal):
        return token.type == "STRING" and Literal(_unquoted(token)) == part
    return token is part


def _check_fields(tokens: list[Token], text: str, catalogue: Catalogue) -> None:
    for token in tokens:
        if token.type == "PATH" and not catalogue.knows(_field(token)):
            raise ConditionError(
                f"There is no field {token}.",
                offset=token.start_pos,
                length=len(token),
                text=text,
                suggestion=catalogue.nearest(token),
            )
