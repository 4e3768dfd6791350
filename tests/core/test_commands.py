"""What a remedy tells to type can be typed, whatever is on the PATH."""

import subprocess

import pytest

from apps.core import commands
from cdp import embedded
from cdp.processes import BASE_DIR


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")


def typed(command: str) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


def test_a_command_is_typed_from_anywhere_and_is_short_in_the_folder_of_the_platform(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = commands.manage("check --help")
    assert f"{BASE_DIR}/manage.py check" in command
    assert "usage: manage.py check" in typed(command)

    monkeypatch.chdir(BASE_DIR)

    assert commands.manage("check").endswith(" manage.py check")
    assert "usage: manage.py check" in typed(commands.manage("check --help"))


@pytest.mark.parametrize(("has_psql", "came_along"), [(True, True), (False, True), (False, False)])
def test_the_database_is_asked_with_psql_of_the_machine_or_ours_or_without(
    monkeypatch: pytest.MonkeyPatch, has_psql: bool, came_along: bool
) -> None:
    if not has_psql:
        monkeypatch.setattr("shutil.which", lambda _: None)
    if not came_along:
        monkeypatch.setattr(embedded, "programs", lambda: None)
    elif has_psql:
        monkeypatch.setenv("PATH", str(embedded.programs()), prepend=":")
    command = commands.sql("SELECT 'it''s ' || 40 + 2", "SELECT 6 * 7")

    assert "42" in typed(command)


def test_valkey_is_asked() -> None:
    assert "True" in typed(commands.valkey("PING"))
