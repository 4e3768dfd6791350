"""What a dataclass says of one of its fields, and how that is found again."""

from collections.abc import Callable, Hashable, Mapping
from copy import copy
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Final

from apps.core.typed_settings.value_kinds import Kind

Check = Callable[[Any], object]
KEY: Final = "setting"  # of a field's metadata
REQUIRED: Final = object()


@dataclass(frozen=True)
class Setting:
    """One field: what people read of it, and what it may hold."""

    label: str
    kind: Kind
    help: str = ""
    default: Any = REQUIRED
    check: Check | None = None  # raises ValueError with a sentence
    when: tuple[Any, ...] = ()  # the name of another field, and the values of it with which this one is there
    attribute: str = ""  # of the dataclass
    name: str = ""  # in a document

    @property
    def is_required(self) -> bool:
        """Whether it has to be filled in, where it is there at all."""
        return self.default is REQUIRED

    def is_there(self, values: Mapping[str, Any]) -> bool:
        """Tell whether it is there beside these values of the others, by their attributes."""
        return not self.when or values.get(self.when[0]) in self.when[1:]

    def unsaid(self) -> Any:
        """Return what it holds where a document says nothing of it."""
        return copy(self.kind.nothing if self.is_required else self.default)


def settings_of(cls: type) -> tuple[Setting, ...]:
    """Return the settings that a dataclass declares. Raises TypeError where one of its fields is none."""
    return _found(cls)


@cache
def _found(cls: Hashable) -> tuple[Setting, ...]:
    assert isinstance(cls, type)
    found: list[Setting] = []
    for each in fields(cls):
        setting = each.metadata.get(KEY)
        if setting is None:
            raise TypeError(
                f"{cls.__qualname__}.{each.name} is no setting: declare it by text(), number() and the like."
            )
        if setting.when and setting.when[0] not in [other.attribute for other in found]:
            raise TypeError(
                f"{cls.__qualname__}.{each.name} depends on {setting.when[0]}, which has to stand before it."
            )
        named = {"attribute": each.name, "name": each.name.removesuffix("_")}
        found.append(Setting(**{**vars(setting), **named}))
    return tuple(found)
