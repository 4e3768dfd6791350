"""Order that matters and that nothing else would tell of; ARCHITECTURE.md, "Order that matters", has the reasons."""

import re
import tomllib

from django.conf import settings

from cdp.processes import BASE_DIR


def app_layers() -> list[str]:
    """Name the apps from the highest to the lowest; those of one layer as they stand there."""
    contracts = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [layers] = [contract["layers"] for contract in contracts if contract.get("containers") == ["apps"]]
    return [name for layer in layers for name in re.findall(r"\w+", layer)]


def test_apps_are_installed_from_the_lowest_to_the_highest() -> None:
    """Registries are in this order: what is referred to comes before what refers to it."""
    layers = app_layers()
    ours = [name.removeprefix("apps.") for name in settings.INSTALLED_APPS if name.startswith("apps.")]

    assert ours == [layer for layer in reversed(layers) if layer in ours]
    assert settings.INSTALLED_APPS[-len(ours) :] == [f"apps.{name}" for name in ours]
    assert set(layers) - set(ours) == {"conditions"}  # it has neither tables nor anything to declare


def test_all_is_watched_and_the_collector_is_asked_first_and_sign_ins_are_counted_last() -> None:
    """A beacon needs neither session nor user; and what counts sign-ins answers in place of the form."""
    assert settings.MIDDLEWARE[:2] == ["apps.core.api.watching.watched", "apps.collector.api.middleware.collector"]
    assert settings.MIDDLEWARE[-1] == "axes.middleware.AxesMiddleware"
