"""deploy/systemd has a unit for each role, which systemd itself finds right, and shut in."""

import os
import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from apps.console.supervision import roles
from cdp.processes import BASE_DIR
from tests.guards.test_settings import documented

UNITS = BASE_DIR / "deploy" / "systemd"
COMMON = UNITS / "cdp-.service.d" / "common.conf"
SERVICES = sorted(UNITS.glob("*.service"))
MOST_EXPOSED = 25  # of systemd's own measure, in tenths: 100 is a service that nothing shuts in
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed: .ci/run does")


def read(path: Path) -> RawConfigParser:
    found = RawConfigParser(strict=False)
    found.optionxform = str  # type: ignore[assignment, method-assign]
    found.read(path)
    return found


def role(path: Path) -> str:
    return path.stem.removeprefix("cdp-").removesuffix("@")


def test_there_is_a_unit_for_each_role_and_one_that_migrates() -> None:
    commands = {role(path): read(path)["Service"]["ExecStart"] for path in SERVICES if role(path) != "migrate"}

    assert commands == {name: f"/opt/cdp/.venv/bin/python manage.py run {name}" for name in roles(host="", port=1)}
    assert (UNITS / "cdp-migrate.service").exists()


def test_the_target_starts_one_of_each() -> None:
    wanted = read(UNITS / "cdp.target")["Unit"]["Wants"].split()

    names = {re.sub(r"@\d", "@", name) for name in wanted}
    assert names == {path.name for path in SERVICES if role(path) != "migrate"}


def test_roles_wait_for_the_migrations() -> None:
    for path in SERVICES:
        if role(path) != "migrate":
            unit = read(path)["Unit"]
            assert (unit["Wants"], unit["After"]) == ("cdp-migrate.service", "cdp-migrate.service"), path.name


def test_no_unit_says_what_all_have_in_common() -> None:
    """It would have no effect: what stands in the folder wins."""
    common = read(COMMON)
    for path in SERVICES:
        for section in ("Unit", "Service"):
            said = set(read(path)[section]) & set(common[section])
            assert said - {"After", "Wants", "SystemCallFilter"} == set(), path.name


def test_the_example_names_settings_that_exist_and_holds_no_secret() -> None:
    text = (BASE_DIR / "deploy" / "cdp.env.example").read_text()
    values = dict(re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", text, re.MULTILINE))

    assert values.keys() <= documented().keys()
    assert {name for name, value in values.items() if not value} == {"SECRET_KEY", "IDENTITY_KEY", "ENCRYPTION_KEYS"}


def test_units_set_settings_that_exist() -> None:
    names = {word.partition("=")[0] for word in read(COMMON)["Service"]["Environment"].split()}

    assert {name for name in names if not name.startswith("PYTHON")} <= documented().keys()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units, with programs, folders and users that this machine has."""
    units = tmp_path / "units"
    shutil.copytree(UNITS, units)
    (tmp_path / "cdp.env").touch()
    for path in units.rglob("*.*"):
        if path.is_file():
            text = path.read_text().replace("/opt/cdp/.venv/bin/python", "/bin/true").replace("=cdp\n", "=root\n")
            path.write_text(text.replace("/etc/cdp", str(tmp_path)).replace("/opt/cdp", str(tmp_path)))
    return units


def analyze(*args: str, units: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "SYSTEMD_UNIT_PATH": f"{units}:", "SYSTEMD_COLORS": "0"}
    return subprocess.run(["systemd-analyze", *args], env=env, capture_output=True, text=True, timeout=60)


@needs_systemd
def test_systemd_finds_nothing_wrong(installed: Path) -> None:
    names = [str(path).replace("@.", "@1.") for path in sorted(installed.glob("*.*")) if path.is_file()]

    done = analyze("verify", "--man=no", *names, units=installed)

    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_a_mistake_would_be_found(installed: Path) -> None:
    common = installed / "cdp-.service.d" / "common.conf"
    common.write_text(common.read_text().replace("ProtectSystem=strict", "ProtectSystem=very"))

    said = analyze("verify", "--man=no", str(installed / "cdp-ingest@1.service"), units=installed).stderr
    assert "Failed to parse protect system value" in said


@needs_systemd
@pytest.mark.parametrize("name", [path.name.replace("@.", "@1.") for path in SERVICES])
def test_services_are_shut_in(name: str, installed: Path) -> None:
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(installed / name), units=installed)

    assert done.returncode == 0, done.stdout
