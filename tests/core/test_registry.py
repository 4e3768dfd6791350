"""What apps declare is found in all of them, in one order; what is wrong stops the process, and its file is named."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.core.registry import Registry

Install = Callable[..., Registry[int]]
SHELF = """
from apps.core.registry import Registry

goods = Registry("good", module="goods")


def sold(name):
    def register(price):
        goods.register(name, price(), stacklevel=2)
        return price

    return register
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Install]:
    """Install an app that has a registry, and others, each with a module that declares goods; and discover them."""
    monkeypatch.syspath_prepend(tmp_path)

    def installed(**goods: str | None) -> Registry[int]:
        for name, source in {"shelf": SHELF, **goods}.items():
            (tmp_path / name).mkdir()
            (tmp_path / name / "__init__.py").touch()
            if source is not None:
                module = "registries" if name == "shelf" else "goods"
                (tmp_path / name / f"{module}.py").write_text(source)
        settings.INSTALLED_APPS = ["shelf", *goods]
        registry: Registry[int] = import_module("shelf.registries").goods
        registry.discover()
        return registry

    yield installed

    for name in [name for name, module in sys.modules.items() if str(tmp_path) in str(getattr(module, "__file__", ""))]:
        del sys.modules[name]


def selling(*names: str) -> str:
    """Write a module that declares these."""
    return "from shelf.registries import goods\n" + "".join(
        f"goods.register({name!r}, {len(name)})\n" for name in names
    )


def test_entries_of_all_apps_are_found_by_key(install: Install) -> None:
    goods = install(bakery=selling("bread", "roll"), dairy=selling("milk"))

    assert goods["bread"] == 5
    assert goods["milk"] == 4
    assert "wine" not in goods
    assert goods.get("wine") is None


def test_an_app_without_the_module_declares_nothing(install: Install) -> None:
    assert dict(install(bakery=None, dairy=selling("milk"))) == {"milk": 4}


def test_the_order_is_that_of_the_apps_whoever_is_imported_first(install: Install) -> None:
    goods = install(bakery="import dairy.goods\n" + selling("roll", "bread"), dairy=selling("milk"))

    assert list(goods) == ["roll", "bread", "milk"]


def test_two_entries_of_one_key_stop_the_process_and_name_both_places(install: Install) -> None:
    with pytest.raises(ImproperlyConfigured) as raised:
        install(bakery=selling("bread", "milk"), dairy=selling("milk"))

    assert "bakery/goods.py:3" in str(raised.value)
    assert "dairy/goods.py:2" in str(raised.value)


def test_a_broken_module_stops_the_process(install: Install) -> None:
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_not_there"):
        install(bakery="import a_package_that_is_not_there\n")


def test_nothing_is_taken_once_all_were_found(install: Install) -> None:
    goods = install(bakery=selling("bread"))

    with pytest.raises(ImproperlyConfigured, match=r"test_registry\.py:\d+: good wine comes too late"):
        goods.register("wine", 4)

    assert list(goods) == ["bread"]


def test_nothing_is_told_before_all_were_found() -> None:
    goods = Registry[int]("good", module="goods")
    goods.register("bread", 5)

    with pytest.raises(ImproperlyConfigured, match="not looked for yet"):
        goods.get("bread")


def test_looking_again_changes_nothing(install: Install) -> None:
    goods = install(bakery=selling("bread"))

    goods.discover()

    assert dict(goods) == {"bread": 5}


def test_an_entry_that_a_decorator_declares_has_the_place_of_what_it_decorates(install: Install) -> None:
    goods = install(bakery='from shelf.registries import sold\n\n\n@sold("cake")\ndef cake():\n    return 4\n')

    assert goods["cake"] == 4
    assert goods.place_of("cake").partition(":")[0].endswith("bakery/goods.py")
