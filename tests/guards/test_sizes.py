"""No file and no function grows beyond what can be read at once."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
from radon.complexity import cc_visit_ast
from radon.visitors import Class, Function

from cdp.processes import BASE_DIR

MAX_FILE, MAX_TEST_FILE, MAX_FUNCTION = 350, 500, 60
# Decisions in one function: branches, loops, `and`, `or`, conditional expressions, and those inside of comprehensions.
MAX_DECISIONS = 12
# The loops that run for each event, measured: calls inside of them cost more than they explain.
HOT = {"apps/events/event_types/copying.py:_Writer.write"}
FOLDERS = ("apps", "bench", "cdp", "rehearsal", "tests")

pytestmark = pytest.mark.xdist_group("sizes")  # one process reads the modules, once


def modules() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (BASE_DIR / folder).rglob("*.py"):
            if "node_modules" not in path.parts and path.name != "0001_initial.py":
                yield path


@cache
def trees() -> dict[str, ast.Module]:
    """Parse all modules, by their names."""
    return {str(path.relative_to(BASE_DIR)): ast.parse(path.read_text()) for path in modules()}


@cache
def nodes() -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.IfExp]]:
    """List the functions and the conditional expressions of all modules."""
    looked_for = (ast.FunctionDef, ast.AsyncFunctionDef, ast.IfExp)
    return [(name, node) for name, tree in trees().items() for node in ast.walk(tree) if isinstance(node, looked_for)]


def test_no_file_is_too_long() -> None:
    lengths = {str(path.relative_to(BASE_DIR)): len(path.read_text().splitlines()) for path in modules()}
    allowed = {name: MAX_TEST_FILE if name.startswith("tests/") else MAX_FILE for name in lengths}

    assert {name: length for name, length in lengths.items() if length > allowed[name]} == {}


def test_no_function_is_too_long() -> None:
    found = {}
    for module, node in nodes():
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        if not isinstance(node, ast.IfExp) and length > MAX_FUNCTION:
            found[f"{module}:{node.name}"] = length

    assert found == {}


def test_no_function_takes_too_many_decisions() -> None:
    found = {
        f"{module}:{function.fullname}"
        for module, tree in trees().items()
        for function in functions_of(cc_visit_ast(tree, no_assert=True))
        if function.complexity > MAX_DECISIONS
    }

    assert found == HOT


def test_no_conditional_expression_stands_in_another() -> None:
    found = [
        f"{module}:{node.lineno}"
        for module, node in nodes()
        if isinstance(node, ast.IfExp) and sum(isinstance(part, ast.IfExp) for part in ast.walk(node)) > 1
    ]

    assert found == []


def functions_of(blocks: Iterable[Class | Function]) -> Iterator[Function]:
    """List all functions of a module, methods and those inside of others among them."""
    for block in blocks:
        if isinstance(block, Class):
            yield from functions_of([*block.methods, *block.inner_classes])
        else:
            yield block
            yield from functions_of(block.closures)
