"""Where documents are kept in the database: which column, or which part of a jsonb column, a field is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import Enum, auto
from functools import cached_property

from apps.conditions.exceptions import ConditionError
from apps.conditions.parse import parse_field
from apps.conditions.sql.fragment import Sql
from apps.conditions.tree import Field


class Kind(Enum):
    """What a column holds. NULL is nothing."""

    JSON = auto()  # jsonb: all below the field that it stands for
    TEXT = auto()
    NUMBER = auto()  # integers or numeric, not floats: those do not compare as decimals do
    BOOLEAN = auto()
    TIME = auto()  # timestamptz
    # Text that always is a time as datetime.isoformat() writes it in UTC: such texts sort by time, and need no check.
    TIME_TEXT = auto()
    DATE_TEXT = auto()  # text that always is a day, YYYY-MM-DD

    @property
    def is_text(self) -> bool:
        """Tell whether it is a text to everything but a time beside it."""
        return self in (Kind.TEXT, Kind.TIME_TEXT, Kind.DATE_TEXT)


@dataclass(frozen=True, slots=True)
class Column:
    """An SQL expression without parameters, such as p.email, and what it holds."""

    sql: str
    kind: Kind
    # For a list of texts that is kept elsewhere: SQL that tells whether it holds a text, {}; quicker than to gather it.
    holds: str = ""


@dataclass(frozen=True)
class Columns:
    """Columns by the fields that they stand for: {"profile@traits": Column("p.traits", Kind.JSON)}."""

    by_field: Mapping[str, Column]

    def find(self, field: Field) -> tuple[Column, tuple[str, ...]]:
        """Return the column that holds a field, and the keys that lead on within it. Raises ConditionError."""
        for length in range(len(field.keys), -1, -1):
            column = self._by_path.get((field.root, *field.keys[:length]))
            if column:
                return column, field.keys[length:]
        nearest = get_close_matches(str(field), self.by_field, n=1)
        roots = dict.fromkeys(f"{text.partition('@')[0]}@" for text in self.by_field)
        message = f"{field} cannot be asked about here."
        raise ConditionError(message, suggestion=nearest[0] if nearest else "", expected=tuple(roots))

    @cached_property
    def _by_path(self) -> dict[tuple[str, ...], Column]:
        fields = {text: parse_field(text) for text in self.by_field}
        return {(field.root, *field.keys): self.by_field[text] for text, field in fields.items()}


@dataclass(frozen=True)
class EventTable:
    """The table of events: a row is one event of one profile. Its alias is not h, l0, i0 and so on: those are ours."""

    table: str  # "events_event e"
    owner: str  # the column that names the profile: "e.profile_id"
    id: str
    type: str
    time: str
    columns: Columns  # of event@...
    # What else holds of the events that are looked at; to evaluate a few profiles, name them here:
    # Sql("e.profile_id = ANY(%s)", (ids,))
    only: Sql | None = None
    # Types that ANY EVENT leaves out: they count only where they are named.
    unnamed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """The columns of a table of profiles, and the events that belong to its rows."""

    columns: Columns
    row_id: str = ""  # what names a row in `owner` of its events: "p.id"
    events: EventTable | None = None
    # (state, consent, now): SQL that is true of the profiles whose consent is in that state, and never unknown.
    consents: Callable[[str, str, datetime], Sql] | None = None
