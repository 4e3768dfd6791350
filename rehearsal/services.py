"""The services of compose.yaml that run the image, as processes in its root."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rehearsal.image import Image
from rehearsal.roots import Mount, Root

VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")
SECONDS = {"": 1, "s": 1, "m": 60}


def load(compose: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """Read compose.yaml, with variables put in. Raises KeyError for one that must be there."""

    def value(found: re.Match[str]) -> str:
        name, how, text = found.groups()
        if how == "?" and not variables.get(name):
            raise KeyError(f"{name}: {text}")
        return variables.get(name) or (text if how == "-" else "")

    found: dict[str, Any] = yaml.safe_load(VARIABLE.sub(value, compose.read_text()))
    return found


def env_file(path: Path, filled: Mapping[str, str]) -> dict[str, str]:
    """Read a file of variables, and fill in what it leaves empty. Raises KeyError where nobody does."""
    found = dict(re.findall(r"^([A-Z_]+)=(.*)$", path.read_text(), re.MULTILINE))
    return {name: value or filled[name] for name, value in found.items()}


def seconds(text: str) -> float:
    """Read a duration, such as 90s or 1m30s."""
    return sum(float(number) * SECONDS[unit] for number, unit in re.findall(r"(\d+)([ms]?)", text))


@dataclass(slots=True)
class Service:
    """A service: what compose.yaml says of it, the image, and the environment of its env_file."""

    name: str
    said: dict[str, Any]
    image: Image
    variables: Mapping[str, str]
    volumes: Mapping[str, Path]  # the named ones, by their names
    hosts: Path  # what stands for compose's network: the names of the services

    def root(self) -> Root:
        """Return the root in which it runs."""
        said, image = self.said, self.image
        return Root(
            image.folder,
            {**image.env, **self.variables, **said.get("environment", {})},
            image.working_dir,
            image.user,
            is_read_only=said.get("read_only", False),
            mounts=[*self._volumes(), Mount(self.hosts, "/etc/hosts", is_read_only=True)],
            tmpfs=said.get("tmpfs", ()),
            drops_rights=said.get("cap_drop") == ["ALL"],
        )

    def command(self, *arguments: str) -> list[str]:
        """Return what starts it; with arguments, what runs those in place of its own, as `compose run` does."""
        own = self.said.get("command", self.image.command)
        return self.root().command([*self.image.entrypoint, *(arguments or own)])

    def healthcheck(self) -> list[str] | None:
        """Return the command that asks how it is; None if nobody asks."""
        said = self.said.get("healthcheck", {})
        if said.get("disable"):
            return None
        words = said["test"][1:] if "test" in said else self.image.healthcheck
        return self.root().command(words)

    def stop_secs(self) -> float:
        """Return how long compose waits for it to end."""
        return seconds(self.said.get("stop_grace_period", "10s"))

    def _volumes(self) -> list[Mount]:
        parts = [text.split(":") for text in self.said.get("volumes", ())]
        return [Mount(self.volumes[name], target, is_read_only=rest == ["ro"]) for name, target, *rest in parts]


def make_volumes(said: Mapping[str, Any], folder: Path) -> dict[str, Path]:
    """Make the volumes that lie in memory, for whom their options say; the others are those of servers."""
    found = {}
    for name, volume in said.items():
        if volume and volume["driver_opts"]["type"] == "tmpfs":
            options = dict(option.split("=") for option in volume["driver_opts"]["o"].split(","))
            found[name] = folder / name
            found[name].mkdir()
            os.chown(found[name], int(options["uid"]), -1)
            found[name].chmod(int(options["mode"], 8))
    return found


class Running:
    """The processes of services, with their logs."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        logs.mkdir(exist_ok=True)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: list[str]) -> None:
        """Start one in the background."""
        with (self._logs / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def log(self, name: str) -> str:
        """Return what it has written."""
        return (self._logs / f"{name}.log").read_text(errors="replace")

    def stop(self, name: str, *, secs: float) -> tuple[int | None, float]:
        """Send SIGTERM as compose does, and return exit code and seconds; None if it had to be killed."""
        process = self.processes.pop(name)
        began_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            code: int | None = process.wait(timeout=secs)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            code = None
        return code, time.monotonic() - began_at

    def kill(self) -> None:
        """End whatever still runs, and what it has started."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
