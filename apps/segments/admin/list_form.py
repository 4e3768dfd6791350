"""The form by which a list of people is brought to a segment."""

from collections.abc import Iterator
from io import TextIOWrapper
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.segments.lists import Line, ListError, Mode, read

MAX_LINES = 50_000  # in one request; programs bring more in parts
MAX_BYTES = 20_000_000


class ListForm(forms.Form):
    """Who is on a list, and what it means for the segment."""

    file = forms.FileField(
        label="CSV file, in UTF-8",
        help_text="A line a person: customer number, e-mail, phone, or any id. Or paste them below.",
        required=False,
    )
    names = forms.CharField(label="Or one a line", required=False, widget=forms.Textarea(attrs={"rows": 4}))
    column = forms.CharField(
        label="Column",
        required=False,
        help_text="Its name in the first line; empty: there is no such line, take the first.",
    )
    mode = forms.ChoiceField(
        label="They",
        choices=[
            (Mode.ADD.value, "come in, too"),
            (Mode.REPLACE.value, "and nobody else are in"),
            (Mode.REMOVE.value, "leave"),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["class"] = "cdp-input"

    def clean(self) -> dict[str, Any]:
        """Read the whole list before anything is done."""
        cleaned = super().clean() or {}
        file, names = cleaned.get("file"), cleaned.get("names", "")
        if bool(file) == bool(names.strip()):
            raise ValidationError("Bring a file, or write names; not both.")
        if file and file.size > MAX_BYTES:
            raise ValidationError(f"The file has more than {MAX_BYTES // 1_000_000} MB: bring it in parts.")
        text: Any = TextIOWrapper(file, encoding="utf-8-sig", newline="") if file else names.splitlines()
        try:
            cleaned["lines"] = list(_at_most(read(text, column=cleaned.get("column", ""))))
        except ListError as error:
            raise ValidationError(str(error)) from None
        return cleaned


def _at_most(lines: Iterator[Line]) -> Iterator[Line]:
    for number, line in enumerate(lines):
        if number == MAX_LINES:
            message = f"The list has more than {MAX_LINES:,} lines: bring it in parts."
            raise ListError(message)
        yield line
