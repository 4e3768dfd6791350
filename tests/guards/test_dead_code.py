"""Dead code goes: what nobody calls is found by vulture, but for what pyproject.toml names, and the parts of models."""

import fnmatch
import inspect
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps as django_apps
from django.db.models import Choices
from django.db.models.options import DEFAULT_NAMES
from vulture.core import Item, Vulture

from apps.events.models import source
from cdp.processes import BASE_DIR

pytestmark = pytest.mark.xdist_group("dead code")  # one process reads the modules, once
CONFIG = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]["vulture"]
SOURCE = Path(inspect.getfile(source))


def choices(kind: type[Choices] = Choices) -> Iterator[type[Choices]]:
    for each in kind.__subclasses__():
        yield from (each, *choices(each))


def parts_of_models() -> set[tuple[Path, str]]:
    """Return (file, name) of columns, of what Meta holds, and of choices: people, forms and SQL read them."""
    found: dict[type[Any], set[str]] = {kind: set(kind.__members__) for kind in choices()}
    for model in django_apps.get_models():
        names = {field.name for field in model._meta.get_fields()} | set(DEFAULT_NAMES)
        for kind in model.__mro__:
            found.setdefault(kind, set()).update(names)
    ours = {kind: names for kind, names in found.items() if kind.__module__.startswith("apps.")}
    return {(Path(inspect.getfile(kind)), name) for kind, names in ours.items() for name in names}


def dead(vulture: Vulture) -> list[Item]:
    parts = parts_of_models()
    return [
        item for item in vulture.get_unused_code() if item.typ != "variable" or (item.filename, item.name) not in parts
    ]


@cache
def nowhere_called() -> list[Item]:
    """Look through all modules, once for both tests."""
    vulture = Vulture(ignore_decorators=CONFIG["ignore_decorators"])
    vulture.scavenge([BASE_DIR / path for path in CONFIG["paths"]], exclude=CONFIG["exclude"])
    return dead(vulture)


def test_nothing_is_there_that_nobody_calls() -> None:
    named = CONFIG["ignore_names"]
    found = [each for each in nowhere_called() if not any(fnmatch.fnmatchcase(each.name, pattern) for pattern in named)]

    assert [item.get_report() for item in found] == [], (
        "Let it go. If only a framework calls it, name it in [tool.vulture] of pyproject.toml, by its kind."
    )


def test_each_name_that_a_framework_is_said_to_call_is_there() -> None:
    found = {item.name for item in nowhere_called()}

    assert [pattern for pattern in CONFIG["ignore_names"] if not fnmatch.filter(found, pattern)] == []


def test_a_function_that_is_named_after_a_column_is_none() -> None:
    vulture = Vulture()
    vulture.scan("description = TextField()\nclass Meta:\n    ordering = ()\ndef description(): ...\n", SOURCE)
    vulture.scan("description = 1\n", SOURCE.with_name("elsewhere.py"))

    found = [(item.typ, item.name, item.filename.name) for item in dead(vulture)]
    assert sorted(found) == [
        ("class", "Meta", "source.py"),
        ("function", "description", "source.py"),
        ("variable", "description", "elsewhere.py"),
    ]
