"""Tables that hold nothing of people say so above their class; all others are in a module `personal` of some app."""

from collections.abc import Callable
from typing import Final, TypeVar

from django.db.models import Model

Table = TypeVar("Table", bound=type[Model])
IMPERSONAL: Final[dict[str, str]] = {}  # the labels of such tables, each with what it holds


def impersonal(holds: str) -> Callable[[Table], Table]:
    """Say what a table holds instead: it is neither exported nor erased, and the audit log may keep its values."""

    def said(table: Table) -> Table:
        IMPERSONAL[table._meta.label] = holds
        return table

    return said
