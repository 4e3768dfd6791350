"""No file and no function grows beyond what can be read at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

from cdp.processes import BASE_DIR

MAX_FILE, MAX_FUNCTION = 500, 60
FOLDERS = ("apps", "bench", "cdp", "tests")


def modules() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (BASE_DIR / folder).rglob("*.py"):
            if "node_modules" not in path.parts and path.name != "0001_initial.py":
                yield path


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(BASE_DIR)): len(path.read_text().splitlines()) for path in modules()}

    assert {name: length for name, length in lengths.items() if length > MAX_FILE} == {}


def test_no_function_is_too_long() -> None:
    found = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION:
                    found[f"{path.relative_to(BASE_DIR)}:{node.name}"] = length

    assert found == {}
