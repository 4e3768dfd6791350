"""What a Dockerfile and its .dockerignore say; what is not understood is refused, so that nothing is left out."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = {"WORKDIR", "COPY", "RUN", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


class NotUnderstood(ValueError):
    """Something in the file has no meaning here; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, continued lines joined."""

    name: str
    text: str
    line: int

    def words(self) -> list[str]:
        """Return the words of the exec form, which is JSON, or of the shell form."""
        if self.text.startswith("["):
            found = json.loads(self.text)
            return [str(word) for word in found]
        return shlex.split(self.text)


@dataclass(slots=True)
class Stage:
    """What stands between one FROM and the next."""

    base: str
    name: str
    steps: list[Instruction] = field(default_factory=list)


def parse(text: str) -> list[Stage]:
    """Read the stages of a Dockerfile. Raises NotUnderstood."""
    stages: list[Stage] = []
    for step in _instructions(text):
        if step.name == "FROM":
            base, _, name = step.text.partition(" AS ")
            stages.append(Stage(base.strip(), name.strip() or str(len(stages))))
        elif step.name not in KNOWN or not stages:
            raise NotUnderstood(f"line {step.line}: {step.name} has no meaning here")
        else:
            stages[-1].steps.append(step)
    return stages


def _instructions(text: str) -> Iterator[Instruction]:
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        first = first if parts else number
        parts.append(line.rstrip().removesuffix("\\").strip())
        if not line.rstrip().endswith("\\"):
            name, _, rest = " ".join(parts).partition(" ")
            yield Instruction(name, rest.strip(), first)
            parts = []


class Ignored:
    """The rules of a .dockerignore: the last one that says something of a path, or of a folder above it, decides."""

    def __init__(self, text: str) -> None:
        lines = [line.strip() for line in text.splitlines()]
        rules = [line for line in lines if line and not line.startswith("#")]
        self._rules = [(not rule.startswith("!"), _pattern(rule.removeprefix("!").strip("/"))) for rule in rules]

    def __contains__(self, path: str) -> bool:
        found = False
        for ignores, pattern in self._rules:
            if pattern.match(path):
                found = ignores
        return found


def _pattern(rule: str) -> re.Pattern[str]:
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    text = "".join(parts.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*\*|\*|\?)", rule))
    return re.compile(f"{text}(?:/.*)?$")


def context(folder: Path, ignored: Ignored) -> list[str]:
    """List the files that go to the engine, by their paths in the folder."""
    tops = [path for path in sorted(folder.iterdir()) if path.name != ".git" and not path.is_symlink()]
    found = [path for top in tops for path in ([top] if top.is_file() else sorted(top.rglob("*")))]
    names = [path.relative_to(folder).as_posix() for path in found if path.is_file()]
    return [name for name in names if name not in ignored]
