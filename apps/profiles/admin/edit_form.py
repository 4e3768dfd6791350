"""The form by which a person's facts, traits and interests are set by hand: an input for each field of the schema."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core import paths, reading
from apps.core.admin.form_fields import Column, RowsField
from apps.profiles.admin.shown import set_by
from apps.profiles.editing import EDITABLE_ROOTS
from apps.profiles.models import Profile
from apps.profiles.schema import FIELDS, Field, Kind, find, is_empty

GROUPS = {
    "pii": "Person",
    "contact": "Contact",
    "identifier": "Identifiers",
    "job": "Work",
    "preferences": "Preferences",
    "loyalty": "Loyalty",
    "metrics": "Metrics",
    "media": "Media",
    "devices": "Devices and last place",
    "anonymous": "Other facts",
}
FREE = {"traits": "Traits", "interests": "Interests"}
MORE = "more"
COLUMNS = (
    Column("root", "Where", choices=[*FREE.items()]),
    Column("name", "Name", placeholder="plan"),
    Column("value", "Value", placeholder="pro"),
)
JSON_KINDS = (Kind.MAP, Kind.POINT)
DAY_FORMATS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")  # the first is what pickers send
FIRST_YEAR = 1000
MINUTE = "%Y-%m-%dT%H:%M"


class ValueField(forms.CharField):
    """The value of one field of the schema, as text that people can write."""

    def __init__(self, field: Field, *, has_lines: bool) -> None:
        self.field = field
        widget = UnfoldAdminTextareaWidget() if has_lines else _widget(field)
        super().__init__(label=field.label, required=False, widget=widget, show_hidden_initial=True)

    def prepare_value(self, value: Any) -> Any:
        """Write what is stored; what was typed is shown as it was typed."""
        return value if isinstance(value, _Typed) else _text_of(self.field, value)

    def to_python(self, value: Any) -> Any:
        """Read what was typed; an empty input is an empty field. The schema has the last word, when it is set."""
        text = (value or "").replace("\r\n", "\n").strip()
        return _value_of(self.field, text) if text else None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Tell what was typed from what is stored."""
        return _Typed(data or "")


class _Typed(str):
    __slots__ = ()


def _widget(field: Field) -> Any:
    kind = field.kind
    if kind is Kind.BOOLEAN:
        return UnfoldAdminSelectWidget(choices=[("", "not known"), ("true", "yes"), ("false", "no")])
    if kind is Kind.TEXTS:
        return UnfoldAdminTextareaWidget(attrs={"rows": 1, "placeholder": "one a line"})
    if kind is Kind.MAP:
        return UnfoldAdminTextareaWidget(attrs={"rows": 1, "placeholder": "{ }", "class": "cdp-json"})
    placeholder = "[longitude, latitude]" if kind is Kind.POINT else ""
    widget = UnfoldAdminTextInputWidget(attrs={"placeholder": placeholder, "autocomplete": "off"})
    widget.input_type = {Kind.DATE: "date", Kind.DATETIME: "datetime-local"}.get(kind, widget.input_type)
    return widget


def _text_of(field: Field, value: Any) -> str:
    kind = field.kind
    if value is None:
        return ""
    if kind is Kind.DATETIME:
        return timezone.localtime(datetime.fromisoformat(value)).strftime(MINUTE)
    if kind is Kind.TEXTS and isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, str):
        # A free text that would be read as a number or an object is written in quotes, so that it stays a text.
        return json.dumps(value, ensure_ascii=False) if kind is Kind.FREE and _free(value) != value else value
    return json.dumps(value, ensure_ascii=False)


def _value_of(field: Field, text: str) -> Any:
    kind = field.kind
    if kind is Kind.DATE:
        return _day(text)
    if kind is Kind.DATETIME:
        return _minute(text)
    if kind is Kind.TEXTS:
        return [line.strip() for line in text.splitlines() if line.strip()]
    if kind is Kind.BOOLEAN:
        return {"true": True, "false": False}.get(text, text)
    if kind in JSON_KINDS:
        try:
            return reading.loads_lax(text)
        except (ValueError, RecursionError):
            raise ValidationError("Expected JSON.") from None
    return _free(text) if kind is Kind.FREE else text


def _day(text: str) -> str:
    for known in DAY_FORMATS:
        try:
            return _full(datetime.strptime(text, known)).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValidationError("There is no such day. Write day, month and year, such as 31.12.1990.")


def _minute(text: str) -> str:
    try:
        return timezone.make_aware(_full(datetime.fromisoformat(text))).isoformat()
    except ValueError:
        raise ValidationError("There is no such time. Choose a day and a time.") from None


def _full(at: datetime) -> datetime:
    """Refuse a year of two digits, which pickers send as one of the first century."""
    if at.year < FIRST_YEAR:
        raise ValidationError("Write the year with four digits.")
    return at


def _free(text: str) -> Any:
    try:
        return reading.loads_lax(text)
    except (ValueError, RecursionError):
        return text


class Line(NamedTuple):
    """An input, and who set the field that it is about."""

    input: BoundField
    path: str
    set_by: str


class Group(NamedTuple):
    """Fields that stand together; those of which something is known are open."""

    title: str
    lines: list[Line]
    is_open: bool


class EditForm(forms.Form):
    """All that can be set by hand. Only what was changed is set: what an event sets meanwhile stays."""

    def __init__(self, profile: Profile, data: Any = None) -> None:
        self.profile = profile
        document = {root: value for root, value in profile.document.items() if root in EDITABLE_ROOTS}
        offered = [path for path in FIELDS if path.startswith("data.")]
        offered += [paths.join((root, name)) for root in FREE for name in sorted(getattr(profile, root))]
        known = {path: paths.get(document, path) for path in offered}
        super().__init__(
            data, initial={path: None if value is paths.MISSING else value for path, value in known.items()}
        )
        for path, value in known.items():
            field = find(path)
            assert field is not None
            self.fields[path] = ValueField(field, has_lines=isinstance(value, str) and "\n" in value)
        self.fields[MORE] = RowsField(COLUMNS, label="More traits and interests")

    @property
    def values(self) -> dict[str, Any]:
        """Return what is to be set, by path."""
        changed = {path: self.cleaned_data[path] for path in self.changed_data if path != MORE}
        more = {
            f"{row['root']}.{row['name']}": _free(row["value"]) if row["value"] else None
            for row in self.cleaned_data[MORE]
        }
        return changed | more

    def add_problems(self, problems: list[tuple[str, str]]) -> None:
        """Put what could not be set beside its input."""
        for path, message in problems:
            self.add_error(
                path if path in self.fields else MORE, message if path in self.fields else f"{path}: {message}"
            )

    @property
    def mistakes(self) -> list[BoundField]:
        """The inputs in which something is wrong."""
        return [self[name] for name in self.errors]

    def groups(self) -> Iterator[Group]:
        """Yield the inputs in groups."""
        lines: dict[str, list[Line]] = {title: [] for title in (*GROUPS.values(), *FREE.values())}
        for path in self.fields:
            if path != MORE:
                root, second, *_ = paths.parse(path)
                title = FREE[root] if root in FREE else GROUPS[second]
                lines[title].append(Line(self[path], path, set_by(self.profile, path)))
        for title, found in lines.items():
            if found:
                is_open = any(line.input.errors or not is_empty(self.initial[line.path]) for line in found)
                yield Group(title, found, is_open)
