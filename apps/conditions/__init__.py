"""The condition language: text, tree, and two back ends that agree; docs/conditions.md explains it.

`parse` makes a tree of text, `compile` a function of a tree, `to_sql` a boolean expression over a row.
"""

from apps.conditions.catalogue import Catalogue, KnownField
from apps.conditions.complete import Suggestion, complete
from apps.conditions.doubts import Doubt, doubts
from apps.conditions.evaluate import Context, History, Matcher, RecordedEvents, compile, matches, truth, value
from apps.conditions.exceptions import ConditionError
from apps.conditions.json_form import from_json, to_json
from apps.conditions.masking import masked
from apps.conditions.once import parsing_once
from apps.conditions.parse import parse, parse_operand
from apps.conditions.reads import Reads, reads
from apps.conditions.sql import Column, Columns, EventTable, Kind, Layout, Sql, to_sql
from apps.conditions.text import to_text
from apps.conditions.tree import Condition

__all__ = [
    "Catalogue",
    "Column",
    "Columns",
    "Condition",
    "ConditionError",
    "Context",
    "Doubt",
    "EventTable",
    "History",
    "Kind",
    "KnownField",
    "Layout",
    "Matcher",
    "Reads",
    "RecordedEvents",
    "Sql",
    "Suggestion",
    "compile",
    "complete",
    "doubts",
    "from_json",
    "masked",
    "matches",
    "parse",
    "parse_operand",
    "parsing_once",
    "reads",
    "to_json",
    "to_sql",
    "to_text",
    "truth",
    "value",
]
