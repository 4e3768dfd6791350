"""docs/settings.md has every variable of the environment that the code reads, with its default."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cdp.processes import BASE_DIR

PAGE = BASE_DIR / "docs" / "settings.md"
NOT_SETTINGS = {
    "DJANGO_SETTINGS_MODULE",
    "CDP_SUPERVISED",
}  # between our own processes, or NAME_FILE

OF_REQUESTS = ("wsgi.py", "arrival.py")  # what they call environ is a request's


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def variables() -> dict[str, str | None]:
    """Return {variable: default as the page writes it, None where it is not a plain value}."""
    found: dict[str, str | None] = {}
    for path in sorted([*(BASE_DIR / "apps").rglob("*.py"), *(BASE_DIR / "cdp").rglob("*.py")]):
        for call in calls(path):
            reader, arguments = ast.unparse(call.func), [*call.args]
            if not arguments or not isinstance(arguments[0], ast.Constant):
                continue
            name = arguments[0].value
            if reader.startswith("env."):
                defaults = [word.value for word in call.keywords if word.arg == "default"] + arguments[1:]
                found[name] = written(defaults[0])
            elif reader in ("os.environ.get", "environ.get") and path.name not in OF_REQUESTS:
                found.setdefault(name, None)
    return found


def written(default: ast.expr) -> str | None:
    try:
        value = ast.literal_eval(default)
    except ValueError:
        return None
    match value:
        case None:
            return None
        case bool():
            return "yes" if value else "no"
        case list():
            return f"`{','.join(value)}`" if value else "none"
        case "":
            return "none"
        case _:
            return f"`{value}`"


def documented() -> dict[str, str]:
    return dict(re.findall(r"^\| `([A-Z_]+)` \| (.+?) \|", PAGE.read_text(), re.MULTILINE))


def test_every_variable_is_documented_and_no_other_one() -> None:
    assert set(documented()) == set(variables()) - NOT_SETTINGS


def test_the_defaults_are_those_of_the_code() -> None:
    page = documented()

    for name, default in variables().items():
        if default is not None:
            assert page[name] == default, name
