"""How a dataclass declares its settings: a function for each kind of field."""

from collections.abc import Mapping
from dataclasses import MISSING, field
from datetime import timedelta
from typing import Any, Final

from apps.core.typed_settings.items import Items
from apps.core.typed_settings.setting import KEY, Setting
from apps.core.typed_settings.value_kinds import (
    SECOND,
    Choice,
    ConditionText,
    Duration,
    JsonTemplate,
    Kind,
    LongText,
    Number,
    Reference,
    Secret,
    Text,
    TextMapping,
    Texts,
    YesNo,
)

LINE: Final = 200
PAGE: Final = 100_000  # characters, where nobody says how many
DECADE: Final = timedelta(days=3_650)


def text(label: str, *, max_length: int = LINE, format: str = "", **common: Any) -> Any:
    """Declare a text in one line; the format is a word by which forms know how to help."""
    return _declared(label, Text(max_length, format), common)


def long_text(label: str, *, max_length: int = PAGE, **common: Any) -> Any:
    """Declare a text of several lines."""
    return _declared(label, LongText(max_length), common)


def secret(label: str, *, max_length: int = 2_000, has_lines: bool = False, **common: Any) -> Any:
    """Declare a text that people write, and never read: in one line, or in several, as keys are."""
    return _declared(label, Secret(max_length, has_lines=has_lines), common)


def number(
    label: str, *, least: float | None = None, most: float | None = None, is_whole: bool = True, **common: Any
) -> Any:
    """Declare a number within bounds, which count."""
    return _declared(label, Number(least, most, is_whole), common)


def duration(label: str, *, least: timedelta = SECOND, most: timedelta = DECADE, **common: Any) -> Any:
    """Declare a length of time of whole seconds, within bounds, which count."""
    return _declared(label, Duration(least, most), common)


def yes_no(label: str, **common: Any) -> Any:
    """Declare a switch."""
    return _declared(label, YesNo(), common)


def choice(label: str, choices: Mapping[str, str], **common: Any) -> Any:
    """Declare one of some words, each with what people read in its place."""
    return _declared(label, Choice(choices), common)


def texts(label: str, *, max_items: int = 100, max_length: int = LINE, to: str = "", **common: Any) -> Any:
    """Declare a list of texts, or of keys of what has a name, as `reference` does."""
    item = Reference(max_length, to=to) if to else Text(max_length)
    return _declared(label, Texts(item, max_items), common)


def mapping(label: str, *, max_items: int = 100, max_length: int = 2_000, **common: Any) -> Any:
    """Declare texts by name."""
    return _declared(label, TextMapping(Text(max_length), max_items), common)


def template(label: str, **common: Any) -> Any:
    """Declare JSON in which texts may refer to values."""
    return _declared(label, JsonTemplate(), common)


def condition(label: str, *, max_length: int = PAGE, language: str = "", **common: Any) -> Any:
    """Declare a condition; the admin's builder asks in its language, else in that of whoever shows the form."""
    return _declared(label, ConditionText(max_length, language=language), common)


def reference(label: str, *, to: str, max_length: int = LINE, **common: Any) -> Any:
    """Declare the key of something that operators name: a segment, a connection, an event type."""
    return _declared(label, Reference(max_length, to=to), common)


def items(label: str, of: type, *, least: int = 0, most: int = 100, **common: Any) -> Any:
    """Declare a list of objects, each as another dataclass of settings says."""
    return _declared(label, Items(of, least, most), common)


def _declared(label: str, kind: Kind, common: Mapping[str, Any]) -> Any:
    """Make the field. Raises TypeError for a word that is none of help, default, check and when."""
    metadata = {KEY: Setting(label, kind, **common)}
    default = common.get("default", MISSING)
    is_shown = not isinstance(kind, Secret)  # also where settings are logged, or part of a traceback
    if isinstance(default, dict | list):  # each holder has its own
        return field(default_factory=lambda: type(default)(default), metadata=metadata, repr=is_shown)
    return field(default=default, metadata=metadata, repr=is_shown)
