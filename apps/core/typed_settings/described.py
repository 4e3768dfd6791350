"""What programs and documents are told of settings."""

import re
from typing import Any, Final, NamedTuple

from apps.core.typed_settings.setting import Setting, settings_of
from apps.core.typed_settings.value_kinds import Choice

_ARTICLE: Final = re.compile(r"^(an?|the) ")


class Row(NamedTuple):
    """What a document tells of one field."""

    name: str
    kind: str  # with its choices
    default: str  # empty where it has to be filled in
    told: str  # label and help, and what each choice means


def schema_of(cls: type) -> dict[str, Any]:
    """Describe the documents of a dataclass as JSON schema; what begins with `x-` is for forms."""
    settings = settings_of(cls)
    required = [setting.name for setting in settings if setting.is_required and not setting.when]
    return {
        "type": "object",
        "properties": {setting.name: _property(setting) for setting in settings},
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def rows_of(cls: type) -> list[Row]:
    """Describe each field for people."""
    return [_row(setting) for setting in settings_of(cls)]


def _property(setting: Setting) -> dict[str, Any]:
    found = {"title": setting.label, **setting.kind.schema(), "x-widget": setting.kind.widget}
    if setting.help:
        found["description"] = setting.help
    if not setting.is_required and setting.default is not None:
        found["default"] = setting.kind.write(setting.default)
    if setting.default is None and "type" in found:
        found["type"] = [found["type"], "null"]
    if setting.when:
        name, *values = setting.when
        found["x-when"] = {name.removesuffix("_"): values}
        if setting.is_required:
            found["x-required"] = True  # while it is there
    return found


def _row(setting: Setting) -> Row:
    kind = setting.kind
    told = f"{kind.told} {', '.join(kind.choices)}" if isinstance(kind, Choice) else kind.told
    default = "" if setting.is_required else _default(setting)
    only = (
        f" Only where `{setting.when[0].removesuffix('_')}` is {' or '.join(map(str, setting.when[1:]))}."
        if setting.when
        else ""
    )
    said = " ".join(filter(None, (f"{setting.label.rstrip('.')}.", setting.help, _meant(kind))))
    return Row(setting.name, told, default, said + only)


def _meant(kind: Any) -> str:
    """Say what each choice means, where that is more than its name."""
    choices = kind.choices if isinstance(kind, Choice) else {}
    told = [f"`{name}`: {label}" for name, label in choices.items() if _bare(label) != _bare(name)]
    return "; ".join(told) + "." if told else ""


def _bare(text: str) -> str:
    return _ARTICLE.sub("", text.replace("_", " ").casefold())


def _default(setting: Setting) -> str:
    value = None if setting.default is None else setting.kind.write(setting.default)
    match value:
        case bool():
            return "yes" if value else "no"
        case None | "" | [] | {}:
            return "none"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
