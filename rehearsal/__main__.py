"""Builds the image, starts each service of compose.yaml in it, lets them work, stops them, and tells what it saw.

`python -m rehearsal [FOLDER]`: a folder that is named keeps the roots, so that the next time takes seconds.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from cdp.processes import BASE_DIR
from rehearsal.image import Builder
from rehearsal.servers import leave_the_network, servers
from rehearsal.services import Running, env_file, load, make_volumes
from rehearsal.story import Stack, tell_story

DOCKER = BASE_DIR / "docker"
NEEDED = ("debootstrap", "unshare", "setpriv", "chroot", "ip")
# Whoever copies env.example fills these in.
FILLED = {
    "POSTGRES_PASSWORD": "onlyfortherehearsal",
    "SECRET_KEY": "only-for-the-rehearsal-" + "x" * 32,
    "IDENTITY_KEY": "only-for-the-rehearsal-" + "y" * 32,
    "ENCRYPTION_KEYS": "only-for-the-rehearsal-" + "z" * 32,
}
NOT_PROVED = """
What this cannot prove: that the official image is like Debian's Python, that the engine's layers, cache and registry
do as they say, compose's network and its order of starts, its init process, limits of memory, and volumes.
"""


def tell(text: str) -> None:
    """Print a line at once."""
    print(f"{time.monotonic() - BEGAN_AT:6.1f} s  {text}", flush=True)


def rehearse(folder: Path) -> None:
    """Build and run everything in the folder. Raises AssertionError where something is not as it must be."""
    built = Builder(DOCKER / "Dockerfile", BASE_DIR, folder, tell=tell)
    image = built.build()
    tell(f"The image is built, of {len(built.files)} files and what they need.")
    work = Path(tempfile.mkdtemp(prefix="run-", dir=folder))
    work.chmod(0o755)  # PostgreSQL runs as another user
    variables = env_file(DOCKER / "env.example", FILLED)
    said = load(DOCKER / "compose.yaml", variables)
    hosts = work / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {' '.join(said['services'])}\n")
    leave_the_network()
    running = Running(work / "logs")
    stack = Stack(said["services"], image, variables, make_volumes(said["volumes"], work), hosts, running, tell)
    try:
        with servers(work, said["services"]):
            tell_story(stack)
    finally:
        running.kill()
        shutil.rmtree(work)


def main() -> None:
    """Rehearse, and end with exit code 1 where that fails."""
    missing = [name for name in NEEDED if not shutil.which(name)]
    if os.geteuid() or missing:
        sys.exit(f"It needs root's rights, and Debian's {', '.join(NEEDED)}; missing here: {missing or 'root'}.")
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1]).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        rehearse(folder)
    else:
        with tempfile.TemporaryDirectory(prefix="cdp-rehearsal-", dir="/var/tmp") as made:
            Path(made).chmod(0o755)
            rehearse(Path(made))
    print(NOT_PROVED)


BEGAN_AT = time.monotonic()

if __name__ == "__main__":
    main()
