"""The tree of a condition: immutable, typed, and valid once it exists. Both back ends and both editors work on it."""

from apps.conditions.durations import Duration
from apps.conditions.tree.base import MAX_DEPTH, MAX_NODES, Condition, Node, Operand, check, substitute, walk
from apps.conditions.tree.conditions import (
    CONSENT_STATES,
    And,
    Between,
    Compare,
    Consent,
    Empty,
    Exists,
    In,
    Items,
    Match,
    Not,
    Or,
    ValueTest,
)
from apps.conditions.tree.history import (
    Aggregate,
    Before,
    Did,
    Events,
    FromTo,
    Last,
    Period,
    Sequence,
    Since,
    Step,
)
from apps.conditions.tree.operands import Call, Field, ListLiteral, Literal, Scalar, Shift

__all__ = [
    "CONSENT_STATES", "MAX_DEPTH", "MAX_NODES", "Aggregate", "And", "Before", "Between", "Call", "Compare", "Condition",
    "Consent", "Did", "Duration", "Empty", "Events", "Exists", "Field", "FromTo", "In", "Items", "Last", "ListLiteral",
    "Literal", "Match", "Node", "Not", "Operand", "Or", "Period", "Scalar", "Sequence", "Shift", "Since", "Step",
    "ValueTest", "check", "substitute", "walk",
]  # fmt: skip
