"""The files with which somebody begins a node: the node with its help, and its test. Both work, and pass, at once."""

import re
from pathlib import Path
from string import Template
from typing import Final

from django.utils.text import slugify

from apps.core.mistakes import DefinitionError
from apps.flows.node import ENTRY_POINTS, kinds

MAX_KEY: Final = 30
_KEY: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TITLE: Final = re.compile(r'[^"\\\x00-\x1f]{1,40}')
# What the file of a node calls something else.
_TAKEN: Final = frozenset({"any", "false", "go", "move", "node", "none", "place", "step", "true"})

_NODE: Final = Template('''"""$title."""

from dataclasses import dataclass

from apps.core.typed_settings import text
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.results import into, placed


@register
class $name(Node):
    """A text is filled in, and put into the payload: say here what the node does, to whoever draws a flow.

    What is good to know besides follows in further lines.
    """

    key, group, title, icon, order = "$key", "$group", "$title", "extension", $order
    has_error_port = True
    example = {"text": "Hello {{ event@properties.name }}"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What it is told."""

        text: str = text("Text", help="It may refer to something: {{ event@properties.name }}.")
        into: str = into("result")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._text, self._into = place.text("text", settings.text), settings.into

    def run(self, step: Step) -> Move:
        """Fill it in."""
        return Go(payload=placed(step.payload, self._into, self._text(step.scope)))
''')
_TEST: Final = Template('''"""What $key does."""

from apps.flows.engine.moves import Go
from apps.flows.testing import refused, visit


def test_the_text_is_in_the_payload_beside_what_was_there() -> None:
    move = visit(
        "$key",
        {"text": "Hello {{ event@properties.name }}"},
        event={"properties": {"name": "Ada"}},
        payload={"n": 1},
    )

    assert move == Go(payload={"n": 1, "result": "Hello Ada"})


def test_what_is_wrong_is_told_by_its_field() -> None:
    assert refused("$key", {"text": ""}).keys() == {"text"}
''')
_FOLDER: Final = '''"""The nodes that this package brings: each file."""

from importlib import import_module
from pkgutil import iter_modules

for _module in iter_modules(__path__, f"{__name__}."):
    import_module(_module.name)
'''
_PROJECT: Final = Template(f"""[project]
name = "$package"
version = "0.1"
requires-python = ">=3.11"

[project.entry-points."{ENTRY_POINTS}"]
$module = "$module"

[build-system]
requires = ["uv_build"]
build-backend = "uv_build"

[tool.uv.build-backend]
module-root = ""

[tool.pytest.ini_options]
DJANGO_SETTINGS_MODULE = "cdp.settings"
""")


def ours(root: Path, group: str, key: str, title: str = "") -> list[Path]:
    """Write a node of the platform, whose folders are below `root`, and its test; return the files.

    Raises DefinitionError for a group that there is not, for a key that is none, and for what is there already.
    """
    packages = {kind.group: kind.__module__.rpartition(".")[0] for kind in kinds.values() if _is_ours(kind)}
    if group not in packages:
        groups = ", ".join(sorted(packages))
        raise DefinitionError("group", f"There is no group {group}. There are {groups}; a package may have its own.")
    folder = Path(*packages[group].split("."))
    module = f"{key.replace('-', '_')}.py"
    said = _said(group, key, title)
    tests = Path("tests/flows/nodes", folder.name)
    files = {folder / module: _NODE.substitute(said), tests / f"test_{module}": _TEST.substitute(said)}
    return _write(root, files)


def of_package(root: Path, group: str, key: str, title: str = "") -> list[Path]:
    """Write a node of another package, which has the name of the folder `root`; what a package needs is made, too.

    Raises DefinitionError for names that are none, and for what is there already.
    """
    package, module = root.name, root.name.replace("-", "_")
    _check("package", package)
    _check("group", group)
    said = {**_said(group, key, title), "package": package, "module": module}
    file = f"{key.replace('-', '_')}.py"
    files = {Path(module, file): _NODE.substitute(said), Path("tests", f"test_{file}"): _TEST.substitute(said)}
    around = {Path("pyproject.toml"): _PROJECT.substitute(said), Path(module, "__init__.py"): _FOLDER}
    missing = {path: text for path, text in around.items() if not (root / path).exists()}
    return _write(root, {**missing, **files})


def _said(group: str, key: str, title: str) -> dict[str, str | int]:
    _check("key", key)
    if key in _TAKEN:
        raise DefinitionError("key", f"{key} cannot be one: files of nodes call something else so. Take two words.")
    if key in kinds:
        raise DefinitionError("key", f"There is a node {key} already, {kinds.place_of(key).rpartition(':')[0]}.")
    title = title or key.replace("-", " ").capitalize()
    if not _TITLE.fullmatch(title) or not title.strip():
        raise DefinitionError("title", "Expected a line of at most 40 characters, without quotation marks.")
    orders = [kind.order for kind in kinds.values() if kind.group == group]
    name = "".join(part.capitalize() for part in key.split("-"))
    return {"group": group, "key": key, "title": title, "name": name, "order": max(orders, default=0) + 10}


def _check(field: str, name: str) -> None:
    if not _KEY.fullmatch(name) or len(name) > MAX_KEY:
        said = "a small letter, then small letters, digits, and hyphens between words"
        meant = slugify(re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", "-", name))
        hint = f" Did you mean {meant}?" if _KEY.fullmatch(meant) and len(meant) <= MAX_KEY else ""
        raise DefinitionError(field, f"{name!r} cannot be one: {said}, at most {MAX_KEY} characters.{hint}")


def _write(root: Path, files: dict[Path, str]) -> list[Path]:
    """Write all of them, or none."""
    there = [str(path) for path in files if (root / path).exists()]
    if there:
        raise DefinitionError("key", f"There is {', '.join(there)} already.")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return [root / path for path in files]


def _is_ours(kind: type) -> bool:
    return kind.__module__.startswith("apps.")
