"""What apps declare, found by the name of a module: entries by key, and fixed once all apps were asked."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import Generic, TypeVar

from django.apps import apps as django_apps
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import module_has_submodule

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class _Declared(Generic[Entry]):
    entry: Entry
    module: str
    place: str


class Registry(Mapping[str, Entry]):
    """Entries by key, to be read like a dict; in the order of INSTALLED_APPS, and within an app as they were declared.

    The app that owns a registry calls `discover` when it is ready. What is wrong then stops the process, and the error
    names the file.
    """

    def __init__(self, kind: str, *, module: str) -> None:
        """Name what one entry is, for messages, and the module in which apps declare theirs."""
        self.kind = kind
        self.module = module
        self._declared: dict[str, _Declared[Entry]] = {}
        self._is_complete = False

    def register(self, key: str, entry: Entry, *, stacklevel: int = 1) -> Entry:
        """Make an entry known, and return it.

        `stacklevel` tells which caller declares it, as in `warnings.warn`: 2 where a function or decorator calls this
        on behalf of its own caller. Raises ImproperlyConfigured for a key that there is, and after `discover`.
        """
        caller = sys._getframe(stacklevel)
        place = _place_of(caller)
        if key in self._declared:
            message = f"There are two entries {self.kind} {key}: {self._declared[key].place} and {place}."
            raise ImproperlyConfigured(message)
        if self._is_complete:
            message = f"{place}: {self.kind} {key} comes too late, declare it in a module {self.module} of an app."
            raise ImproperlyConfigured(message)
        self._declared[key] = _Declared(entry, caller.f_globals["__name__"], place)
        return entry

    def discover(self) -> None:
        """Import the module of every app that has it, and take no more entries; a second time changes nothing."""
        if self._is_complete:
            return
        for config in django_apps.get_app_configs():
            if module_has_submodule(config.module, self.module):
                import_module(f"{config.name}.{self.module}")
        # Modules may have been imported before, by others and in any order.
        self._declared = dict(sorted(self._declared.items(), key=lambda item: _rank(item[1].module)))
        self._is_complete = True

    def place_of(self, key: str) -> str:
        """Return the file and line that declares an entry."""
        return self._declared[key].place

    def __getitem__(self, key: str) -> Entry:
        return self._complete()[key].entry

    def __iter__(self) -> Iterator[str]:
        return iter(self._complete())

    def __len__(self) -> int:
        return len(self._complete())

    def _complete(self) -> dict[str, _Declared[Entry]]:
        """Return all entries; whoever asks too early would go on with some of them."""
        if not self._is_complete:
            message = f"Modules named {self.module} were not looked for yet: nobody knows each {self.kind}."
            raise ImproperlyConfigured(message)
        return self._declared


def caller_place() -> str:
    """Return the file and line that calls the function that asks, for messages about what is declared there."""
    return _place_of(sys._getframe(2))


def _place_of(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _rank(module: str) -> int:
    """Return the position of a module's app among the installed ones."""
    config = django_apps.get_containing_app_config(module)
    return -1 if config is None else list(django_apps.get_app_configs()).index(config)
