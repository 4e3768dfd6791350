"""Trees as text, in the one way in which each is written; parsing it gives the tree again."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from apps.conditions.tree import (
    Aggregate,
    And,
    Before,
    Between,
    Call,
    Compare,
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
    Masked,
    Match,
    Node,
    Not,
    Or,
    Period,
    Sequence,
    Shift,
    Since,
    Step,
)
from apps.conditions.tree.base import WRITERS

# A key that needs no quotes. The grammar reads the same.
BARE_KEY: Final = re.compile(r"\w[\w-]*")
MASK: Final = "•••"
CONSENT_WORDS: Final = {"given": "CONSENTED", "withdrawn": "WITHDREW", "expired": "EXPIRED", "never": "NEVER ASKED"}


def to_text(node: Node) -> str:
    """Write a condition, or a part of one; `str()` of it is the same."""
    return WRITERS[type(node)](node)


def quote(text: str) -> str:
    """Write a text in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _literal(node: Literal) -> str:
    match node.value:
        case str(text):
            return quote(text)
        case None | bool() as word:
            return str(word).upper() if word is not None else "NULL"
        case number:
            return repr(number)


def _list(node: ListLiteral) -> str:
    return f"[{', '.join(map(to_text, node.items))}]"


def _field(node: Field) -> str:
    path = ""
    for key in node.keys:
        if BARE_KEY.fullmatch(key):
            path += f".{key}" if path else key
        else:
            path += f"[{quote(key)}]"
    return f"{node.root}@{path or '...'}"


def _call(node: Call) -> str:
    return f"{node.name}({', '.join(map(to_text, node.arguments))})"


def _shift(node: Shift) -> str:
    return f"{node.operand} {'-' if node.by.amount < 0 else '+'} {node.by}"


def _aggregate(node: Aggregate) -> str:
    return f"{node.function.upper()}({f'{node.field} OF ' if node.field else ''}{node.events})"


def _events(node: Events) -> str:
    return _types(node.types) + _where(node.where) + _period(node.period)


def _sequence(node: Sequence) -> str:
    steps = " THEN ".join(map(to_text, node.steps))
    return f"SEQUENCE({'FIRST ' if node.from_first else ''}{steps}{_period(node.period)})"


def _step(node: Step) -> str:
    return _types(node.types) + _where(node.where) + (f" WITHIN {node.within}" if node.within else "")


def _types(types: Iterable[str]) -> str:
    return ", ".join(map(quote, types)) or "ANY EVENT"


def _where(where: Node | None) -> str:
    return f" WHERE {where}" if where else ""


def _period(period: Period | None) -> str:
    return f" {period}" if period else ""


def _joined(word: str) -> Callable[[Any], str]:
    return lambda node: f" {word} ".join(map(_bracketed, node.items))


def _bracketed(node: Node) -> str:
    return f"({node})" if isinstance(node, And | Or) else str(node)


def _not(node: Not) -> str:
    """Write the contrary within a test where its words have a place for it."""
    item = node.item
    if isinstance(item, Compare) and item.op == "=":
        return f"{item.left} != {item.right}"
    if isinstance(item, Between | In | Exists | Empty | Match):
        return f"{item.operand} NOT {_TESTS[type(item)](item)}"
    if isinstance(item, Did):
        return f"DID NOT({item.events})"
    return f"NOT {_bracketed(item)}"


# What follows the operand.
_TESTS: Final[dict[type[Node], Callable[[Any], str]]] = {
    Between: lambda node: f"BETWEEN {node.low} AND {node.high}",
    In: lambda node: f"IN {node.values}",
    Exists: lambda node: "EXISTS",
    Empty: lambda node: "EMPTY",
    Match: lambda node: f"{node.op.upper()} {node.value}",
}

WRITERS.update(
    {
        Literal: _literal,
        Masked: lambda _: MASK,
        ListLiteral: _list,
        Field: _field,
        Call: _call,
        Shift: _shift,
        Aggregate: _aggregate,
        Events: _events,
        Step: _step,
        Last: lambda node: f"LAST {node.duration}",
        Since: lambda node: f"SINCE {node.start}",
        Before: lambda node: f"BEFORE {node.end}",
        FromTo: lambda node: f"FROM {node.start} TO {node.end}",
        And: _joined("AND"),
        Or: _joined("OR"),
        Not: _not,
        Compare: lambda node: f"{node.left} {node.op} {node.right}",
        Items: lambda node: f"{node.quantifier.upper()}({node.operand} WHERE {node.where})",
        Did: lambda node: f"DID({node.events})",
        Sequence: _sequence,
        Consent: lambda node: f"{CONSENT_WORDS[node.state]}({quote(node.consent)})",
        **{test: lambda node: f"{node.operand} {_TESTS[type(node)](node)}" for test in _TESTS},
    }
)
