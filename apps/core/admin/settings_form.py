"""Fields of an admin form for settings that a dataclass declares (`core/typed_settings`), and the document of what was
typed into them. The dataclass alone judges it: `read_from` puts all its problems beside their fields.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminPasswordToggleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.core import reading
from apps.core.admin.form_fields import Column, RowsField
from apps.core.admin.kept_secret import (
    TAKEN_AWAY,
    KeptSecretField,
    KeptSecretLinesWidget,
    KeptSecretWidget,
    SecretLinesWidget,
)
from apps.core.typed_settings import Setting, SettingsError, read, settings_of
from apps.core.typed_settings.value_kinds import Choice, Secret, TextMapping

T = TypeVar("T")
KEPT: Final = "It is kept, and not shown. Type another one to replace it."
SCRIPT: Final = "cdp/shown_while.js"
PAIR: Final = (Column("name", "Name"), Column("value", "Value"))
_UNSAID: Final = object()


def form_fields(cls: type, *, prefix: str = "", kept: Collection[str] = ()) -> dict[str, forms.Field]:
    """Make a field for each setting; `kept` names the secrets that are stored, which may stay as they are.

    The page has to load `SCRIPT`, which hides what is not there beside what was chosen.
    """
    made = {prefix + setting.name: _field(setting, is_kept=setting.name in kept) for setting in settings_of(cls)}
    for setting in settings_of(cls):
        if setting.when:
            name, *values = setting.when
            if setting.is_required and setting.name not in kept:
                made[prefix + setting.name].widget.attrs["data-asked"] = "true"  # the page marks it
            shown_while(made[prefix + setting.name], prefix + name.removesuffix("_"), values)
    return made


def initial_of(cls: type, document: Mapping[str, Any], *, prefix: str = "") -> dict[str, Any]:
    """Fill the fields with a document, which has no secrets, and with defaults where it says nothing."""
    return {prefix + setting.name: _shown(setting, document) for setting in settings_of(cls)}


def shown_while(field: forms.Field, name: str, values: Sequence[Any]) -> None:
    """Show a field only while another has one of these values, besides what it asks for already."""
    attrs = field.widget.attrs
    attrs["data-shown-while"] = json.dumps([*json.loads(attrs.get("data-shown-while", "[]")), [name, list(values)]])


def read_from(
    form: forms.BaseForm, cls: type[T], *, prefix: str = "", kept: Mapping[str, str] | None = None
) -> T | None:
    """Read the settings of what was typed; where it is wrong the form has the errors, and the answer is None."""
    document = {
        name: said
        for name, said in ((each.name, _said(each, form, prefix, kept or {})) for each in _there(form, cls, prefix))
        if said is not _UNSAID
    }
    if any(prefix + setting.name in form.errors for setting in settings_of(cls)):
        return None  # what was typed could not even be understood, and the form says so
    try:
        return read(cls, document)
    except SettingsError as error:
        for problem in error.problems:
            name, _, below = problem.path.partition(".")
            form.add_error(prefix + name if name else None, f"{below}: {problem.message}" if below else problem.message)
        return None


def _there(form: forms.BaseForm, cls: type, prefix: str) -> list[Setting]:
    """List the settings that are there beside what was chosen: others are hidden, whatever was typed before."""
    values = {each.attribute: form.cleaned_data.get(prefix + each.name) or each.unsaid() for each in settings_of(cls)}
    return [each for each in settings_of(cls) if each.is_there(values)]


def _said(setting: Setting, form: forms.BaseForm, prefix: str, kept: Mapping[str, str]) -> Any:
    name = prefix + setting.name
    typed = form.cleaned_data.get(name)
    if typed is TAKEN_AWAY:
        return _UNSAID
    if setting.kind.widget == "secret" and not typed:
        return kept.get(setting.name, _UNSAID)
    try:
        return _READERS.get(setting.kind.widget, _text)(setting, typed)
    except ValidationError as error:
        form.add_error(name, error)
        return _UNSAID


def _text(setting: Setting, typed: Any) -> Any:
    return _UNSAID if not typed and (setting.default is None or setting.kind.nothing is None) else typed or ""


def _choice(_setting: Setting, typed: Any) -> Any:
    return typed or _UNSAID


def _switch(_setting: Setting, typed: Any) -> Any:
    return bool(typed)


def _number(_setting: Setting, typed: Any) -> Any:
    if not typed:
        return _UNSAID
    try:
        return int(typed) if typed.lstrip("-").isdecimal() else float(typed)
    except ValueError:
        raise ValidationError("Expected a number.") from None


def _lines(_setting: Setting, typed: Any) -> Any:
    return [line.strip() for line in (typed or "").splitlines() if line.strip()]


def _pairs(_setting: Setting, typed: Any) -> Any:
    names = [row["name"] for row in typed or []]
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ValidationError(f"{twice} is there twice.")
    return {row["name"]: row["value"] for row in typed or []}


def _json(_setting: Setting, typed: Any) -> Any:
    if not (typed or "").strip():
        return _UNSAID
    try:
        return reading.loads_lax(typed)
    except (ValueError, RecursionError) as error:
        raise ValidationError(reading.told(error)) from None


_READERS: Final[Mapping[str, Callable[[Setting, Any], Any]]] = {
    "choice": _choice,
    "switch": _switch,
    "number": _number,
    "texts": _lines,
    "mapping": _pairs,
    "template": _json,
    "items": _json,
}


def _field(setting: Setting, *, is_kept: bool) -> forms.Field:
    kind = setting.kind
    is_required = setting.is_required and not setting.when and not is_kept
    said: dict[str, Any] = {"label": setting.label, "required": is_required, "help_text": setting.help}
    plain = {"autocomplete": "off", "spellcheck": "false"}
    if isinstance(kind, Choice):
        may_be_empty = setting.is_required or setting.default is None
        choices = [*([("", "—")] if may_be_empty else []), *kind.choices.items()]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget(), **said)
    if isinstance(kind, TextMapping):
        return RowsField(PAIR, label=setting.label, help_text=setting.help)
    match kind.widget:
        case "switch":
            return forms.BooleanField(widget=UnfoldBooleanSwitchWidget, **{**said, "required": False})
        case "secret":
            return _secret(setting, is_kept=is_kept, strip=False, **said)
        case "long_text" | "condition" | "template" | "items" | "texts":
            rows = {"rows": 4} if kind.widget in ("condition", "texts") else {"rows": 12}
            return forms.CharField(widget=UnfoldAdminTextareaWidget(attrs={**plain, **rows}), **said)
        case _:
            return forms.CharField(widget=UnfoldAdminTextInputWidget(attrs=plain), **said)


def _secret(setting: Setting, *, is_kept: bool, **said: Any) -> forms.CharField:
    attrs = {"autocomplete": "new-password", "spellcheck": "false"}
    if is_kept:
        said["help_text"] = f"{setting.help} {KEPT}".strip()
    has_lines = isinstance(setting.kind, Secret) and setting.kind.has_lines
    if has_lines:
        attrs |= {"rows": "6"}
    if is_kept and not setting.is_required:
        kept = KeptSecretLinesWidget if has_lines else KeptSecretWidget
        return KeptSecretField(widget=kept(attrs=attrs), **said)
    widget = SecretLinesWidget if has_lines else UnfoldAdminPasswordToggleWidget
    return forms.CharField(widget=widget(attrs=attrs), **said)


def _shown(setting: Setting, document: Mapping[str, Any]) -> Any:
    default = None if setting.is_required or setting.default is None else setting.kind.write(setting.default)
    value, widget = document.get(setting.name, default), setting.kind.widget
    return _SHOWN[widget](value) if widget in _SHOWN else value


# As somebody types it: else each page that is saved would have changed it.
_SHOWN: Final[Mapping[str, Callable[[Any], Any]]] = {
    "secret": lambda _value: "",
    "number": lambda value: "" if value is None else str(value),
    "texts": lambda value: "\n".join(value or []),
    "mapping": lambda value: [{"name": name, "value": text} for name, text in (value or {}).items()],
    "template": lambda value: _as_json(value),
    "items": lambda value: _as_json(value),
}


def _as_json(value: Any) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
