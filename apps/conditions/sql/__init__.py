"""Trees as SQL: a condition becomes a boolean expression over a row, with parameters."""

from datetime import datetime
from typing import Any

from apps.conditions.sql import conditions, functions, history  # noqa: F401 - they register what they can do
from apps.conditions.sql.base import Scope, decide
from apps.conditions.sql.fragment import Sql
from apps.conditions.sql.layout import Column, Columns, EventTable, Kind, Layout
from apps.conditions.tree import Condition

__all__ = ["Column", "Columns", "EventTable", "Kind", "Layout", "Sql", "to_sql"]


def to_sql(condition: Condition, *, now: datetime, layout: Layout) -> tuple[str, list[Any]]:
    """Return SQL that is true for the rows of which the condition is true, and its parameters (%s).

    For other rows it is false or NULL. Raises ConditionError for fields and events that the layout does not have.
    """
    compiled = decide(condition, Scope(layout, now, layout.columns), wanted=True)
    return f"({compiled.text})", list(compiled.params)
