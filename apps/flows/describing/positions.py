"""Where in the text of a JSON document something stands: mistakes are told by the line that somebody sees."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from apps.flows.definition import Problem

Path = tuple[str | int, ...]
_INSIDE: Final[Mapping[str, tuple[int | None]]] = {"{": (None,), "[": (0,)}  # what is opened begins so
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def lines(text: str) -> dict[Path, int]:
    """Return {path: line} of all values of a JSON text; where it is none, of those before the mistake."""
    found: dict[Path, int] = {}
    keys: list[Any] = []  # of all that is open: the key that was read, the number of an item; None: a key comes next
    for part, line in _tokens(text):
        if part == ",":
            keys[-1:] = [key + 1 if isinstance(key, int) else None for key in keys[-1:]]
        elif part in "}]":
            keys = keys[:-1]
        elif keys and keys[-1] is None:
            keys[-1] = _text(part)
            found[tuple(keys)] = line
        elif part != ":":
            found.setdefault(tuple(keys), line)
            keys += _INSIDE.get(part, ())
    return found


def line_of(problem: Problem, document: Any, where: Mapping[Path, int]) -> int | None:
    """Return the line where a problem of a document is, or that of what it is in; None for the whole of it."""
    place, parts = _place(problem, document), _parts(problem.field)
    # As long as the field is not there itself, what it would be in.
    paths = ((*place, *parts[:n]) for n in range(len(parts), -1, -1))
    return next((where[path] for path in paths if path and path in where), None)


def _place(problem: Problem, document: Any) -> Path:
    """Return where the node, the edge or the trigger of a problem stands."""
    for name, wanted, told in (
        ("nodes", problem.node, lambda row: row.get("id")),
        ("triggers", problem.trigger, lambda row: row.get("id")),
        ("edges", problem.edge, lambda row: f"{row.get('from')}.{row.get('port', 'out')} -> {row.get('to')}"),
    ):
        rows = document.get(name) if wanted and isinstance(document, dict) else None
        for number, row in enumerate(rows if isinstance(rows, list) else ()):
            if isinstance(row, dict) and told(row) == wanted:
                return (name, number)
    return ()


def _parts(field: str) -> Path:
    return tuple(int(part) if part.isdecimal() else part for part in field.split(".") if part)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    line, at = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        yield match[0], line


def _text(part: str) -> str:
    try:
        return str(json.loads(part))
    except json.JSONDecodeError:
        return part
