"""Tests of the field of a consent, which say nothing of whether it holds, and what was probably meant by them.

The field has an entry whatever was decided: EXISTS would be true of who has withdrawn, and `= TRUE` of nobody.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from lark import Token, Tree

from apps.conditions.exceptions import ConditionError
from apps.conditions.text import to_text
from apps.conditions.tree import Condition, Consent, Field, Node, Not, walk

MESSAGE: Final = (
    "The field of a consent is not compared: it is there whatever was decided. "
    "CONSENTED, WITHDREW, EXPIRED and NEVER ASKED say what holds now."
)
# Tests as the grammar names them; whatever else holds a field is a part of one of them.
_TESTS: Final = frozenset(
    [
        *("compare", "between", "in_", "exists", "empty", "is_null", "is_boolean", "any_item", "all_items"),
        *("contains", "contains_any", "contains_all", "starts_with", "ends_with"),
    ]
)


def is_bare(field: Field) -> bool:
    """Tell whether a field is one of a consent, or holds them all."""
    return (field.root, *field.keys[:1]) == ("profile", "consents")


def fields_of(node: Node) -> frozenset[Field]:
    """Return the fields of consents that a condition compares."""
    return frozenset(each for each in walk(node) if isinstance(each, Field) and is_bare(each))


def refuse(tree: Tree[Token], text: str, field_of: Callable[[str], Field]) -> None:
    """Refuse a condition that compares the field of a consent, with what was probably meant. Raises ConditionError."""
    for test, is_negated, token in _fields(tree, None, is_negated=False):
        field = field_of(token)
        if not is_bare(field):
            continue
        at: Any = test.meta if test else token
        start, end = at.start_pos, at.end_pos
        meant = _meant(test, field, is_negated=is_negated) if test else None
        raise ConditionError(
            MESSAGE, offset=start, length=end - start, text=text, suggestion=to_text(meant) if meant else ""
        )


def _fields(part: Any, test: Tree[Token] | None, *, is_negated: bool) -> Iterator[tuple[Any, bool, Token]]:
    """Yield the fields of a text, each with the test that it stands in, together with the NOT before that."""
    if isinstance(part, Token):
        if part.type == "PATH":
            yield test, is_negated, part
        return
    if part is None:
        return
    if part.data == "not_" and _name(part.children[0]) in _TESTS:
        yield from _fields(part.children[0], part, is_negated=True)
        return
    if part.data in _TESTS and not is_negated:
        test = part
    for child in part.children:
        is_same = is_negated and _name(child) not in _TESTS
        yield from _fields(child, test, is_negated=is_same)


def _name(part: Any) -> str:
    return str(getattr(part, "data", ""))


def _meant(test: Tree[Token], field: Field, *, is_negated: bool) -> Condition | None:
    if len(field.keys) < 2:
        return None
    consent = field.keys[1]
    inner: Any = test.children[0] if is_negated else test
    says_yes = _says_yes(inner)
    if says_yes is None:
        return Consent("given", consent)
    says_yes = says_yes is not is_negated
    if len(field.keys) > 2:  # the time of its end: who has one has mostly withdrawn
        return Consent("withdrawn" if says_yes else "given", consent)
    if says_yes:
        return Consent("given", consent)
    return Not(Consent("given", consent)) if _name(inner.children[-1]) == "boolean" else Consent("never", consent)


def _says_yes(test: Tree[Token]) -> bool | None:
    """Tell whether a test asks for something, or for its absence; None where it is neither."""
    has_not = any(isinstance(child, Token) and child.type == "NOT" for child in test.children)
    match str(test.data):
        case "exists":
            return not has_not
        case "is_null" | "empty":
            return has_not
        case "is_boolean":
            return _is_true(test.children[-1]) is not has_not
        case "compare":
            comparison, value = str(test.children[1]), test.children[-1]
            if comparison in ("=", "==", "!=", "<>") and _name(value) in ("boolean", "null"):
                return _is_true(value) is (comparison in ("=", "=="))
    return None


def _is_true(value: Any) -> bool:
    return any(isinstance(child, Token) and child.type == "TRUE" for child in value.children)
