"""Statements of SQL with named parameters, :name, which are bound by the server and never a part of the text."""

import re
from typing import Final

# What is skipped: texts, quoted names, comments, $$ texts, and casts. What is found: a parameter.
_PARTS: Final = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|::|:(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL,
)


def names_of(statement: str) -> frozenset[str]:
    """Return the names of the parameters that a statement has."""
    return frozenset(found["name"] for found in _PARTS.finditer(statement) if found["name"])


def as_driver_has_it(statement: str) -> str:
    """Return a statement as psycopg reads it: %(name)s in place of :name, and %% for each per cent."""
    pieces, at = [], 0
    for found in _PARTS.finditer(statement):
        pieces.append(statement[at : found.start()].replace("%", "%%"))
        pieces.append(f"%({found['name']})s" if found["name"] else found[0].replace("%", "%%"))
        at = found.end()
    return "".join([*pieces, statement[at:].replace("%", "%%")])
