"""The tree of a condition: immutable, typed, and valid once it exists. Both back ends and both editors work on it."""

from apps.conditions.durations import Duration
from apps.conditions.tree.base import (
    MAX_DEPTH,
    MAX_NODES,
    Condition,
    Field,
    Node,
    Operand,
    check,
    rebuilt,
    substitute,
    walk,
)
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
from apps.conditions.tree.operands import Call, ListLiteral, Literal, Masked, Scalar, Shift

__all__ = [
    "CONSENT_STATES", "MAX_DEPTH", "MAX_NODES", "Aggregate", "And", "Before", "Between", "Call", "Compare", "Condition",
    "Consent", "Did", "Duration", "Empty", "Events", "Exists", "Field", "FromTo", "In", "Items", "Last", "ListLiteral",
    "Literal", "Masked", "Match", "Node", "Not", "Operand", "Or", "Period", "Scalar", "Sequence", "Shift", "Since",
    "Step", "ValueTest", "check", "rebuilt", "substitute", "walk",
]  # fmt: skip
