"""Form fields that Django has not: JSON as text that says where it is wrong, and tables of rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core import reading

Row = dict[str, str]


class JsonObject(forms.CharField):
    """A JSON object in a text area; a mistake is named with its line and column."""

    def __init__(self, *, rows: int = 12, **options: Any) -> None:
        attrs = {"rows": rows, "class": "cdp-json", "spellcheck": "false"}
        super().__init__(widget=UnfoldAdminTextareaWidget(attrs=attrs), **options)

    def prepare_value(self, value: Any) -> Any:
        """Show an object as text, nothing as an empty field; what was typed is shown as it was typed."""
        if isinstance(value, dict):
            return json.dumps(value, indent=2, ensure_ascii=False) if value else ""
        return value

    def to_python(self, value: Any) -> Any:
        """Read the text; an empty one is an empty object."""
        if not (value or "").strip():
            return {}
        try:
            parsed = reading.loads_lax(value)
        except (ValueError, RecursionError) as error:
            raise ValidationError(reading.told(error)) from None
        if not isinstance(parsed, dict):
            raise ValidationError("Expected a JSON object: it begins with { and ends with }.")
        return parsed

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        try:
            return bool((initial or {}) != self.to_python(data))
        except ValidationError:
            return True


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of rows: free text, with suggestions, or one of some choices."""

    name: str
    label: str
    placeholder: str = ""
    choices: Sequence[tuple[str, str]] = ()
    suggestions: str = ""  # the id of a datalist on the page


class RowsWidget(forms.Widget):
    """A table with a line of inputs for each row, and buttons to add and remove one."""

    template_name = "core/rows.html"

    class Media:
        js = ("cdp/rows.js",)

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = columns

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add the columns, and an empty row to copy."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        rows = [self._cells(name, row) for row in value or []]
        context["widget"] |= {"columns": self.columns, "rows": rows, "blank": self._cells(name, {})}
        return context

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Render with the project's templates: Django's renderer of forms knows only its own."""
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def _cells(self, name: str, row: Row) -> list[dict[str, Any]]:
        return [
            {"column": column, "name": f"{name}-{column.name}", "value": row.get(column.name, "")}
            for column in self.columns
        ]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        """Read the rows: each column is a list of values, in the order of the rows."""
        names = [column.name for column in self.columns]
        lists = [data.getlist(f"{name}-{column}") for column in names]
        rows = [dict(zip(names, map(str.strip, values), strict=True)) for values in zip(*lists, strict=False)]
        typed = [column.name for column in self.columns if not column.choices]
        return [row for row in rows if any(row[column] for column in typed)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Never: a table without rows is an empty one."""
        return False

    def id_for_label(self, id_: str | None) -> str:
        """Name no input: a label belongs to the table."""
        return ""


class RowsField(forms.Field):
    """A list of rows, each an object of texts by column."""

    widget: Any

    def __init__(self, columns: Sequence[Column], **options: Any) -> None:
        super().__init__(widget=RowsWidget(columns), required=False, **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the rows, without the columns that are empty."""
        return [_filled(row) for row in initial or []] != [_filled(row) for row in data or []]


def _filled(row: Mapping[str, str]) -> Row:
    return {name: value for name, value in row.items() if value}
