"""Values of operands, from a document alone."""

from datetime import datetime
from typing import Any

from apps.conditions import values
from apps.conditions.durations import shift
from apps.conditions.evaluate.base import Context, Document, Value, evaluates, once_for, value
from apps.conditions.functions import FUNCTIONS
from apps.conditions.tree import Call, Field, ListLiteral, Literal, Shift


@evaluates(Literal)
@evaluates(ListLiteral)
def _literal(node: Literal | ListLiteral) -> Value:
    constant = node.value
    return lambda document, context: constant


@evaluates(Field)
def _field(node: Field) -> Value:
    root, keys = node.root, node.keys

    def get(document: Document, context: Context) -> Any:
        found = document.get(root)
        for key in keys:
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and values.is_index(key) and int(key) < len(found):
                found = found[int(key)]
            else:
                return None
        return found

    return get


@evaluates(Call)
def _call(node: Call) -> Value:
    apply = FUNCTIONS[node.name].apply
    if not node.arguments:
        return lambda document, context: apply(None, context.now)
    argument = value(node.arguments[0])
    return lambda document, context: apply(argument(document, context), context.now)


@evaluates(Shift)
def _shift(node: Shift) -> Value:
    operand, by = value(node.operand), node.by
    if node.operand == Call("now"):
        shifted = once_for(lambda now: shift(now, by))
        return lambda document, context: shifted(context.now)

    def moved(document: Document, context: Context) -> datetime | None:
        time = values.as_time(operand(document, context))
        return None if time is None else shift(time, by)

    return moved
