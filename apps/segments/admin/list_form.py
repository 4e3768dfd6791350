"""The form by which a list of people is uploaded to a segment: how its first lines look, and who is named in it."""

import io
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.core.ids import fingerprint
from apps.profiles.lookup import people_of
from apps.segments.list_files import Choice, Line, ListError, ListFile, open_text
from apps.segments.lists import Mode, replacing
from apps.segments.models import Segment

MAX_LINES = 50_000  # in one request; programs bring more in parts
MAX_BYTES = 20_000_000
N_SHOWN = 5
HEADER, PERSON = "header", "person"


class ListForm(forms.Form):
    """Who is on a list, and what it means for the segment."""

    file = forms.FileField(
        label="CSV file",
        help_text="A line a person: customer number, e-mail, phone, or any id. In UTF-8 or UTF-16, separated by , or ; "
        "or tabs.",
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    names = forms.CharField(
        label="Or paste them", required=False, widget=forms.Textarea(attrs={"rows": 4, "class": "cdp-input"})
    )
    mode = forms.ChoiceField(
        label="What to do",
        choices=[
            (Mode.ADD.value, "Add these people"),
            (Mode.REPLACE.value, "Replace all members by these people"),
            (Mode.REMOVE.value, "Remove these people"),
        ],
        widget=forms.Select(attrs={"class": "cdp-input"}),
    )
    # Chosen beside the first lines, and only good for these: whoever takes another file chooses anew.
    column = forms.CharField(required=False, widget=forms.HiddenInput)
    first_line = forms.ChoiceField(
        required=False,
        choices=[(HEADER, "holds the names of the columns"), (PERSON, "is a person")],
        widget=forms.HiddenInput,
    )
    looked_at = forms.CharField(required=False, widget=forms.HiddenInput)
    agreed = forms.CharField(required=False, widget=forms.HiddenInput)  # how many may leave, as it was said

    def clean(self) -> dict[str, Any]:
        """Read the first lines, and find where in them people are named."""
        cleaned = super().clean() or {}
        file, names = cleaned.get("file"), cleaned.get("names", "")
        if self.errors:
            return cleaned
        if bool(file) == bool(names.strip()):
            raise ValidationError("Choose a file, or paste names; not both.")
        if file and file.size > MAX_BYTES:
            raise ValidationError(f"The file has more than {MAX_BYTES // 1_000_000} MB: upload it in parts.")
        try:
            self.list = ListFile(open_text(io.BytesIO(file.read())) if file else names.splitlines(keepends=True))
            self.head = fingerprint(*(cell for row in self.list.rows for cell in row))
            self.choice = self._choice(cleaned)
        except ListError as error:
            raise ValidationError(str(error)) from None
        return cleaned

    def _choice(self, cleaned: dict[str, Any]) -> Choice:
        column = cleaned.get("column", "")
        if not column or cleaned.get("looked_at", self.head) not in ("", self.head):
            is_plain = bool(cleaned.get("names")) and self.list.n_columns == 1  # whoever pastes names pastes names
            return Choice() if is_plain else self.list.guess()
        choice = self.list.chosen(column)
        first_line = cleaned.get("first_line")
        return choice._replace(has_header=first_line == HEADER) if first_line else choice

    def lines(self) -> list[Line]:
        """Return all who are named. Raises ListError when they are too many, or cannot be read."""
        return list(_at_most(self.list.names(self.choice)))

    def asked_of(self, segment: Segment, lines: list[Line]) -> dict[str, Any]:
        """Return what is to be asked before all members are replaced; nothing where nobody leaves. Raises ListError."""
        if self.cleaned_data["mode"] != Mode.REPLACE.value:
            return {}
        report, n_leaving = replacing(segment, lines)
        is_agreed = self.cleaned_data["agreed"] == str(n_leaving)
        return {"report": report, "n_leaving": n_leaving, "is_agreed": is_agreed} if n_leaving else {}

    def taken_from(self) -> str:
        """Say which column was read where there are several, and what was not taken for a person."""
        number = self.choice.column + 1
        if self.choice.has_header:
            return (
                f'The first line was taken for the names of the columns, and "{self._titles()[number - 1]}" was read.'
            )
        return f"Column {number} was read." if self.list.n_columns > 1 else ""

    def _titles(self) -> list[str]:
        header = self.list.rows[0] if self.choice.has_header else []
        header = header + [""] * (self.list.n_columns - len(header))
        return [title or f"Column {number}" for number, title in enumerate(header, 1)]

    def preview(self) -> dict[str, Any]:
        """Return what the first lines look like, and whom they name."""
        rows = self.list.rows[self.choice.has_header :]
        cells = [row[self.choice.column] if self.choice.column < len(row) else "" for row in rows]
        found = people_of({cell for cell in cells if cell})
        return {
            "columns": list(enumerate(self._titles(), 1)),
            "column": self.choice.column + 1,
            "first_lines": self.fields["first_line"].choices,  # type: ignore[attr-defined]
            "first_line": HEADER if self.choice.has_header else PERSON,
            "rows": [(row, len(found.get(cell, ()))) for row, cell in list(zip(rows, cells, strict=True))[:N_SHOWN]],
            "n_looked_at": sum(map(bool, cells)),
            "n_found": sum(len(found.get(cell, ())) == 1 for cell in cells),
            "head": self.head,
        }


def _at_most(lines: Iterator[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number == MAX_LINES:
            message = f"The list has more than {MAX_LINES:,} lines: upload it in parts."
            raise ListError(message)
        yield line
