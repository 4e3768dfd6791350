"""Commands as they are typed: remedies name what works where the platform runs, with its own interpreter and tools."""

import shlex
import shutil
import sys
from pathlib import Path

from cdp import embedded
from cdp.processes import BASE_DIR


def manage(command: str) -> str:
    """Write a command of manage.py: short for who stands in the folder of the platform, else with whole paths."""
    return f"{_named(Path(sys.executable))} {_named(BASE_DIR / 'manage.py')} {command}"


def start(*roles: str) -> str:
    """Say in a sentence how processes are started, by whoever does it here."""
    typed = " and ".join(manage(f"run {role}") for role in roles)
    return f"Start {' and '.join(roles)}: make up, systemd and compose do so by themselves, else {typed}."


def sql(*statements: str) -> str:
    """Write how the database is asked: by psql, also by the one that came along, or without it by Python."""
    typed = manage(" ".join(["dbshell --", *(f"-c {_quoted(each)}" for each in statements)]))
    if shutil.which("psql"):
        return typed
    programs = embedded.programs()
    if programs:
        return f"PATH={shlex.quote(str(programs))}:$PATH {typed}"
    asked = "".join(f"c.execute({each!r}); " for each in statements)
    return _python(
        f"from django.db import connection; c = connection.cursor(); {asked}print(c.description and c.fetchall())"
    )


def valkey(*words: str) -> str:
    """Write how Valkey is asked: its own client is seldom there."""
    asked = ", ".join(map(repr, words))
    return _python(f"from django_redis import get_redis_connection as c; print(c().execute_command({asked}))")


def _python(code: str) -> str:
    return manage(f"shell --no-imports -c {_quoted(code)}")


def _quoted(text: str) -> str:
    """Quote it for a shell, legibly where that is possible: what we write has single quotes in it."""
    return shlex.quote(text) if set(text) & set('"$`\\!') else f'"{text}"'


def _named(path: Path) -> str:
    is_here = Path.cwd() == BASE_DIR and path.is_relative_to(BASE_DIR)
    return shlex.quote(str(path.relative_to(BASE_DIR) if is_here else path))
