"""No file and no function grows beyond what can be read at once."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from radon.complexity import cc_visit
from radon.visitors import Class, Function

from cdp.processes import BASE_DIR

MAX_FILE, MAX_TEST_FILE, MAX_FUNCTION = 350, 500, 60
# Decisions in one function: branches, loops, `and`, `or`, conditional expressions, and those inside of comprehensions.
MAX_DECISIONS = 12
# The loops that run for each event, measured: calls inside of them cost more than they explain.
HOT = {"apps/events/event_types/copying.py:_Writer.write"}
FOLDERS = ("apps", "bench", "cdp", "tests")


def modules() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (BASE_DIR / folder).rglob("*.py"):
            if "node_modules" not in path.parts and path.name != "0001_initial.py":
                yield path


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(BASE_DIR)): len(path.read_text().splitlines()) for path in modules()}
    allowed = {name: MAX_TEST_FILE if name.startswith("tests/") else MAX_FILE for name in lengths}

    assert {name: length for name, length in lengths.items() if length > allowed[name]} == {}


def test_no_function_is_too_long() -> None:
    found = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION:
                    found[f"{path.relative_to(BASE_DIR)}:{node.name}"] = length

    assert found == {}


def test_no_function_takes_too_many_decisions() -> None:
    found = {
        f"{path.relative_to(BASE_DIR)}:{function.fullname}"
        for path in modules()
        for function in functions_of(cc_visit(path.read_text(), no_assert=True))
        if function.complexity > MAX_DECISIONS
    }

    assert found == HOT


def test_no_conditional_expression_stands_in_another() -> None:
    found = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.IfExp) and any(isinstance(part, ast.IfExp) for part in ast.iter_child_nodes(node)):
                found.append(f"{path.relative_to(BASE_DIR)}:{node.lineno}")

    assert found == []


def functions_of(blocks: Iterable[Class | Function]) -> Iterator[Function]:
    """List all functions of a module, methods and those inside of others among them."""
    for block in blocks:
        if isinstance(block, Class):
            yield from functions_of([*block.methods, *block.inner_classes])
        else:
            yield block
            yield from functions_of(block.closures)
