"""Builds the image of a Dockerfile into a folder, step by step."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from rehearsal.dockerfile import Ignored, Instruction, NotUnderstood, Stage, context, parse
from rehearsal.roots import Root, lent, lent_environment

SEARCH_PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
OFFICIAL = re.compile(r"python:(\d+\.\d+)-slim-([a-z]+)")
PACKAGES = "python3,python3-venv,ca-certificates"


@dataclass(slots=True)
class Image:
    """A root, and what the Dockerfile says of what runs in it."""

    folder: Path
    env: dict[str, str] = field(default_factory=lambda: {"PATH": SEARCH_PATH})
    working_dir: str = "/"
    user: str = "0"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)


class Builder:
    """Builds the stages of one Dockerfile."""

    def __init__(self, dockerfile: Path, source: Path, into: Path, *, tell: Callable[[str], object]) -> None:
        self._stages = parse(dockerfile.read_text())
        self._source, self._into, self._tell = source, into, tell
        ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
        self.files = context(source, Ignored(ignored.read_text()))
        self._built: dict[str, Image] = {}
        self._steps: dict[str, Callable[[Image, Instruction], None]] = {
            "RUN": self._run,
            "COPY": self._copy,
            "ENV": self._set,
            "WORKDIR": self._enter,
            "USER": self._become,
            "ENTRYPOINT": self._begin_with,
            "CMD": self._go_on_with,
            "HEALTHCHECK": self._ask_by,
            "EXPOSE": lambda image, step: None,  # a note for people
        }

    def build(self) -> Image:
        """Build all stages, and return the last. Raises NotUnderstood, and CalledProcessError where a step fails."""
        for stage in self._stages:
            image = Image(self._fresh(stage))
            for step in stage.steps:
                self._tell(f"{stage.name}: {step.name} {step.text[:100]}")
                self._steps[step.name](image, step)
            self._built[stage.name] = image
        return image

    def _fresh(self, stage: Stage) -> Path:
        """Make the root that a stage begins with: a copy of Debian with Python in place of the official image."""
        official = OFFICIAL.fullmatch(stage.base)
        if not official:
            raise NotUnderstood(f"FROM {stage.base}: only python:VERSION-slim-SUITE has a stand-in")
        version, suite = official.groups()
        base = self._into / suite
        if not base.exists():
            self._tell(f"debootstrap {suite}, in place of {stage.base}")
            _debootstrap(suite, base)
        if not (base / f"usr/bin/python{version}").exists():
            raise NotUnderstood(f"FROM {stage.base}: Debian's {suite} has another Python than {version}")
        root = self._into / f"stage-{stage.name}"
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(root)], check=True)
        return root

    def _run(self, image: Image, step: Instruction) -> None:
        root = Root(image.folder, {**lent_environment(), **image.env}, image.working_dir, image.user)
        root.mounts = lent()
        subprocess.run(root.command(["/bin/sh", "-c", step.text]), check=True)

    def _copy(self, image: Image, step: Instruction) -> None:
        words = step.words()
        other = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else ""
        *sources, target = words
        to = image.folder / os.path.normpath(os.path.join(image.working_dir, target)).lstrip("/")  # noqa: PTH118
        for source in sources:
            if other:
                copied = self._built[other].folder / source.lstrip("/")
                to.mkdir(parents=True, exist_ok=True)
                subprocess.run(["cp", "-a", f"{copied}/.", str(to)], check=True)
            else:
                self._copy_files(source, to)

    def _copy_files(self, source: str, to: Path) -> None:
        """Copy a file of the context into a folder, or what is below a folder; all becomes root's."""
        below = "" if source == "." else f"{source.rstrip('/')}/"
        found = {name: to / name.removeprefix(below) for name in self.files if name.startswith(below)}
        if source in self.files:
            found = {source: to / Path(source).name}
        if not found:
            raise NotUnderstood(f"COPY {source}: the context has no such file; see .dockerignore")
        for name, place in found.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self._source / name, place)
            shutil.chown(place, 0, 0)

    def _set(self, image: Image, step: Instruction) -> None:
        for word in step.words():
            name, _, value = word.partition("=")
            image.env[name] = Template(value).substitute(image.env)

    def _enter(self, image: Image, step: Instruction) -> None:
        image.working_dir = os.path.normpath(os.path.join(image.working_dir, step.text))  # noqa: PTH118
        (image.folder / image.working_dir.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _become(self, image: Image, step: Instruction) -> None:
        image.user = step.text

    def _begin_with(self, image: Image, step: Instruction) -> None:
        image.entrypoint = step.words()

    def _go_on_with(self, image: Image, step: Instruction) -> None:
        image.command = step.words()

    def _ask_by(self, image: Image, step: Instruction) -> None:
        command = step.text.partition("CMD ")[2]
        image.healthcheck = Instruction("CMD", command, step.line).words()


def _debootstrap(suite: str, base: Path) -> None:
    """Make a Debian root whose Python goes by the names that the official image has."""
    draft = base.with_name(f"{base.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, str(draft)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    for name in ("python", "python3"):
        (draft / "usr/local/bin" / name).symlink_to("/usr/bin/python3")
    draft.rename(base)
