"""Templates: JSON in which texts such as `event@properties.price` stand for a value; compiled once, filled often.

- `root@path` is the value at the path, null when there is none; `root@` alone is all of it.
- `{{root@path}}` within a text puts the value into the text, nothing when there is none.
- `"key?": ...` leaves the key out when its value is nothing: null, blank, or without items. 0 and false are something.
- Everything else stands for itself.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from apps.core import paths
from apps.core.paths import MISSING, Path, PathError

Scope = Mapping[str, Any]
Template = Callable[[Scope], Any]
Leaf = Callable[[str, str], Template]  # compiles a text, at a place
# The roots that some template or condition of the platform knows; a text that begins with one of them is no literal.
ROOTS: Final = ("event", "flow", "memory", "message", "payload", "profile", "session", "source")
MAX_DEPTH: Final = 40
_REFERENCE: Final = re.compile(rf"({'|'.join(ROOTS)})@(.*)", re.DOTALL)
_PLACE: Final = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)


class TemplateError(ValueError):
    """A template is wrong; `path` names the place in it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


def compile(template: object, *, roots: Collection[str], at: str = "", leaf: Leaf | None = None) -> Template:
    """Turn a template into a function of what its roots hold; `at` is the path of the template for error messages.

    `leaf` compiles texts for whoever has a language of their own for them. Raises TemplateError when the template
    refers to something that there is not. Filling it raises nothing, but for what such a language does.
    """
    if at.count(".") > MAX_DEPTH:
        raise TemplateError(at, f"The template is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(template, Mapping):
        return _object(template, roots, at, leaf)
    if isinstance(template, list):
        items = [compile(item, roots=roots, at=_below(at, index), leaf=leaf) for index, item in enumerate(template)]
        return lambda scope: [item(scope) for item in items]
    if isinstance(template, str):
        return leaf(template, at) if leaf else _text(template, roots, at)
    return lambda _scope: template


def references(template: object, *, at: str = "") -> Iterator[tuple[str, str, Path]]:
    """Yield what a template that compiles refers to: the place in it, the root, and the path below the root."""
    if isinstance(template, Mapping):
        for key, value in template.items():
            yield from references(value, at=_below(at, key.removesuffix("?")))
    elif isinstance(template, list):
        for index, item in enumerate(template):
            yield from references(item, at=_below(at, index))
    elif isinstance(template, str):
        whole = _REFERENCE.fullmatch(template.strip())
        texts = [template.strip()] if whole else _PLACE.split(template)[1::2]
        for named in filter(None, map(_REFERENCE.fullmatch, texts)):
            root, dotted = named.groups()
            yield at, root, paths.parse(dotted) if dotted else ()


def is_nothing(value: object) -> bool:
    """Tell whether an optional key with this value is left out."""
    return value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip())


def _object(template: Mapping[str, Any], roots: Collection[str], at: str, leaf: Leaf | None) -> Template:
    parts: dict[str, tuple[Template, bool]] = {}
    for key, value in template.items():
        name = key.removesuffix("?")
        if not name or name in parts:
            raise TemplateError(_below(at, key), "The key is empty." if not name else "The key is there twice.")
        parts[name] = (compile(value, roots=roots, at=_below(at, name), leaf=leaf), name != key)

    def fill(scope: Scope) -> dict[str, Any]:
        filled = {}
        for name, (part, is_optional) in parts.items():
            value = part(scope)
            if not (is_optional and is_nothing(value)):
                filled[name] = value
        return filled

    return fill


def _text(text: str, roots: Collection[str], at: str) -> Template:
    found = _REFERENCE.fullmatch(text.strip())
    if found:
        return _value(*found.groups(), roots=roots, at=at)
    if "{{" not in text:
        return lambda _scope: text
    pieces = _PLACE.split(text)  # literal, reference, literal, ...
    values = []
    for reference in pieces[1::2]:
        named = _REFERENCE.fullmatch(reference)
        if named is None:
            raise TemplateError(at, f"'{reference}' is no reference such as event@properties.name.")
        values.append(_value(*named.groups(), roots=roots, at=at))
    literals = pieces[0::2]

    def fill(scope: Scope) -> str:
        filled = [literals[0]]
        for value, literal in zip(values, literals[1:], strict=True):
            found = value(scope)
            if found is not None:
                filled.append(found if isinstance(found, str) else json.dumps(found, ensure_ascii=False))
            filled.append(literal)
        return "".join(filled)

    return fill


def _value(root: str, dotted: str, *, roots: Collection[str], at: str) -> Template:
    if root not in roots:
        raise TemplateError(at, f"{root}@ is not known here; known are {', '.join(f'{name}@' for name in roots)}.")
    try:
        path: Path = paths.parse(dotted) if dotted else ()
    except PathError as error:
        raise TemplateError(at, str(error)) from None

    def value(scope: Scope) -> Any:
        found = paths.get(scope[root], path)
        return None if found is MISSING else found

    return value


def _below(at: str, key: object) -> str:
    return f"{at}.{key}" if at else str(key)
