"""From a document to settings, with all that is wrong told at once; and back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from apps.conditions.nearest import nearest
from apps.core.typed_settings.problem import Problem, SettingsError
from apps.core.typed_settings.setting import Setting, settings_of
from apps.core.typed_settings.value_kinds import Secret

T = TypeVar("T")
MISSING_VALUE = "This has to be filled in."
MAX_UNKNOWN = 20  # keys that are named


def read(cls: type[T], document: object) -> T:
    """Make settings of a document. Raises SettingsError with all problems: unknown keys, wrong or missing values."""
    if not isinstance(document, Mapping):
        raise SettingsError([Problem("", "Expected an object.")])
    settings = settings_of(cls)
    values: dict[str, Any] = {}
    problems = list(unknown(document, [setting.name for setting in settings], "setting"))
    for setting in settings:
        try:
            values[setting.attribute] = _value(setting, document, values)
        except SettingsError as error:
            problems += error.below(setting.name)
            values[setting.attribute] = setting.unsaid()  # what depends on it is still looked at
    if not problems:
        made = cls(**values)
        problems = list(getattr(made, "problems", tuple)())
        if not problems:
            return made
    raise SettingsError(problems)


def write(settings: Any) -> dict[str, Any]:
    """Make the document of settings; what is not there beside the others is left out."""
    declared = settings_of(type(settings))
    values = {setting.attribute: getattr(settings, setting.attribute) for setting in declared}
    return {
        setting.name: setting.kind.write(values[setting.attribute])
        for setting in declared
        if setting.is_there(values) and (values[setting.attribute] is not None or setting.default is not None)
    }


def secret_names(cls: type) -> frozenset[str]:
    """Name the settings that are secrets, as documents do."""
    return frozenset(setting.name for setting in settings_of(cls) if isinstance(setting.kind, Secret))


def unknown(document: Iterable[Any], known: Sequence[str], word: str) -> Iterator[Problem]:
    """Name the first keys of a document that there are not, each with what was probably meant."""
    found = [key for key in document if key not in known]
    for number, key in enumerate(found[:MAX_UNKNOWN], 1):
        meant = nearest(str(key), known)
        hint = f"Did you mean {meant}?" if meant else f"There are {', '.join(known)}."
        others = f" The same of {len(found) - number:,} more." if number == MAX_UNKNOWN < len(found) else ""
        yield Problem(str(key), f"There is no such {word}. {hint}{others}")


def _value(setting: Setting, document: Mapping[str, Any], before: Mapping[str, Any]) -> Any:
    if not setting.is_there(before):
        if setting.name in document:
            name, *values = setting.when
            raise _wrong(f"This is only there where {name.removesuffix('_')} is {' or '.join(map(str, values))}.")
        return setting.unsaid()
    given = document.get(setting.name)
    if setting.name not in document or (given is None and not setting.kind.takes_null):
        if setting.is_required:
            raise _wrong(MISSING_VALUE)
        if setting.name not in document or setting.default is None:
            return setting.unsaid()
    found = setting.kind.read(given)
    if setting.is_required and isinstance(found, str) and not found.strip():
        raise _wrong(MISSING_VALUE)
    return _checked(setting, found)


def _checked(setting: Setting, value: Any) -> Any:
    """Ask the field's own check; what is empty where nothing has to be is none of its business."""
    if setting.check is None or (not setting.is_required and value == setting.default):
        return value
    try:
        setting.check(value)
    except SettingsError:
        raise
    except ValueError as error:
        raise _wrong(str(error)) from None
    return value


def _wrong(message: str) -> SettingsError:
    return SettingsError([Problem("", message)])
