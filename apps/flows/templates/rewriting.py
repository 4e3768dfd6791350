"""References within the marks of a template, put into words that Jinja reads: profile@traits.plan becomes ref_0."""

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from apps.conditions.exceptions import TreeError
from apps.conditions.nearest import nearest
from apps.conditions.parse import grammar, parse_field
from apps.conditions.tree import Field
from apps.core import templating
from apps.core.templating import TemplateError

ROOTS: Final = tuple(root for root in templating.ROOTS if root != "source")
_OPENING: Final = re.compile(r"\{\{|\{%|\{#")
_CLOSING: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that a template refers to; `at` is the place in it, in words."""

    field: Field
    at: str

    def __str__(self) -> str:
        return str(self.field)


@dataclass(slots=True)
class Rewritten:
    """A template that Jinja can read, and what its names refer to."""

    source: str
    references: dict[str, Reference] = field(default_factory=dict)  # by name: ref_0

    def told(self, message: str) -> str:
        """Put references back into a message that names ours."""
        return re.sub(r"\bref_\d+\b", lambda found: str(self.references.get(found[0], found[0])), message)


@cache
def _path() -> re.Pattern[str]:
    """Tell what is a reference; asked for first by who reads one, as most processes never compile the grammar."""
    return re.compile(grammar().get_terminal("PATH").pattern.to_regexp())


@cache
def _token() -> re.Pattern[str]:
    """Tell what within marks is not left as it is."""
    return re.compile(
        r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<close>\}\}|%\})|(?<![\w@.])(?P<path>"""
        + _path().pattern
        + r")|(?P<ours>\bref_\d+\b)|(?P<stray>@)",
        re.DOTALL,
    )


def whole(text: str, *, at: str) -> Reference | None:
    """Return the reference that a text is, or nothing. Raises TemplateError where it only begins as one."""
    stripped = text.strip()
    root, sign, _ = stripped.partition("@")
    if not sign or root not in ROOTS:
        return None
    if stripped == f"{root}@":
        return Reference(Field(root, ()), at)
    if not _path().fullmatch(stripped):
        message = f"'{stripped[:80]}' begins as a reference and is none; write {root}@name, or {root}@[\"any name\"]."
        raise TemplateError(at, message)
    return Reference(_field(stripped, at), at)


def rewrite(source: str, *, at: str) -> Rewritten:
    """Put names in place of references. Raises TemplateError for what refers to nothing, and for marks left open."""
    found = Rewritten("")
    names: dict[Field, str] = {}
    pieces: list[str] = []
    position = 0
    while opening := _OPENING.search(source, position):
        pieces.append(source[position : opening.end()])
        position = opening.end()
        if opening[0] == "{#":
            end = source.find("#}", position)
            if end < 0:
                raise TemplateError(at, _left_open(source, opening))
            position = end  # what it says is nobody's business
            continue
        position = _rewrite_marks(source, opening, found, names, pieces, at)
    pieces.append(source[position:])
    found.source = "".join(pieces)
    return found


def place(source: str, offset: int) -> str:
    """Say where in a text something is."""
    line = source.count("\n", 0, offset) + 1
    character = offset - (source.rfind("\n", 0, offset) + 1) + 1
    return f"line {line}, character {character}" if "\n" in source else f"character {character}"


def _rewrite_marks(
    source: str, opening: re.Match[str], found: Rewritten, names: dict[Field, str], pieces: list[str], at: str
) -> int:
    """Rewrite what stands between two marks, and return where it ends."""
    position = opening.end()
    while token := _token().search(source, position):
        pieces.append(source[position : token.start()])
        position = token.end()
        here = place(source, token.start())
        if token["path"]:
            named = _field(token["path"], at, here)
            name = names.setdefault(named, f"ref_{len(names)}")
            found.references.setdefault(name, Reference(named, here))
            pieces.append(name)
            continue
        if token["ours"] or token["stray"]:
            raise TemplateError(at, f"At {here}: '{token[0]}' is no reference such as event@properties.name.")
        pieces.append(token[0])
        if token["close"] == _CLOSING[opening[0]]:
            return position
    raise TemplateError(at, _left_open(source, opening))


def _field(text: str, at: str, here: str = "") -> Field:
    where = f"At {here}: " if here else ""
    root = text.partition("@")[0].lower()
    if root not in ROOTS:
        near = nearest(root, ROOTS)
        hint = f"Did you mean {near}@?" if near else f"There are {', '.join(f'{known}@' for known in ROOTS)}."
        raise TemplateError(at, f"{where}There is no {root}@ here. {hint}")
    try:
        return parse_field(text)
    except TreeError as error:
        raise TemplateError(at, f"{where}{error.message}") from None


def _left_open(source: str, opening: re.Match[str]) -> str:
    return f"At {place(source, opening.start())}: '{opening[0]}' is never closed by '{_CLOSING[opening[0]]}'."
