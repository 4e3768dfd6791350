"""Templates compiled: once for each version of a flow, and filled for each person."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from apps.conditions.tree import Field
from apps.core import paths, templating
from apps.core.paths import MISSING
from apps.core.templating import TemplateError
from apps.flows.engine.moves import Failure
from apps.flows.templates import sandbox, work
from apps.flows.templates.channels import CHANNELS, plain
from apps.flows.templates.rewriting import ROOTS, Reference, Rewritten, rewrite, whole
from apps.flows.templates.sandbox import Sandbox
from apps.flows.templates.text_filters import MAX_CHARS

Scope = Mapping[str, Any]
MAX_SOURCE: Final = 200_000  # characters of a template
_SANDBOXES: Final = {name: Sandbox(finalize) for name, finalize in CHANNELS.items()}
_TYPED: Final = Sandbox(None)
_MARKS: Final = re.compile(r"\{\{|\{%|\{#")
_ALONE: Final = re.compile(r"\s*\{\{-?((?:[^{}\"']|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')*?)-?\}\}\s*", re.DOTALL)
_NOT_A_NUMBER: Final = "It reckons with, or compares, what is no number."


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is filled in. Raises Failure where what is known of the person makes it impossible."""

    fill: Callable[[Scope], str]
    references: tuple[Reference, ...] = ()

    def __call__(self, scope: Scope) -> str:
        """Fill it."""
        return self.fill(scope)


@dataclass(frozen=True, slots=True)
class Value:
    """JSON that is filled in. Raises Failure where what is known of the person makes it impossible."""

    fill: Callable[[Scope], Any]
    references: tuple[Reference, ...] = field(default=())

    def __call__(self, scope: Scope) -> Any:
        """Fill it."""
        return self.fill(scope)


def compile_text(source: str, *, channel: str = "text", at: str = "") -> Text:
    """Compile a text; what is filled in is escaped as the channel needs it. `at` names it in messages.

    A text that is one reference, without marks, is the value of that. Raises TemplateError.
    """
    found = _text(source, channel, at)
    return Text(_begun(found.fill), found.references)


def _text(source: str, channel: str, at: str) -> Text:
    escape = CHANNELS[channel]
    if reference := whole(source, at=at):
        read = _reader(reference.field)
        return Text(lambda scope: str(escape(read(scope))), (reference,))
    if not _MARKS.search(source):
        return Text(lambda _scope: source)
    rewritten = _rewritten(source, at)
    root = sandbox.program(_SANDBOXES[channel], rewritten.source, at=at, told=rewritten.told)
    values = _values(rewritten)
    return Text(_guarded(lambda scope: _joined(root(values(scope)))), tuple(rewritten.references.values()))


def compile_value(template: object, *, at: str = "") -> Value:
    """Compile JSON: texts that are one reference, or one {{ }}, keep the type of their value; other texts are texts.

    Keys that end in ? are left out where their value is nothing. Raises TemplateError that names the place in it.
    """
    references: list[Reference] = []
    filled: list[str] = []  # texts in which something is worked out

    def leaf(source: str, at: str) -> templating.Template:
        found = _typed(source, at)
        references.extend(found.references)
        if found.references or _MARKS.search(source):
            filled.append(source)
        return found.fill

    fill = templating.compile(template, roots=ROOTS, at=at, leaf=leaf)
    return Value(_begun(fill) if filled else fill, tuple(references))  # what is constant is no work


def _typed(source: str, at: str) -> Value:
    """Compile a text within JSON."""
    if reference := whole(source, at=at):
        read = _reader(reference.field)
        return Value(lambda scope: plain(read(scope)), (reference,))
    alone = _ALONE.fullmatch(source)
    if alone is None:
        text = _text(source, "text", at)
        return Value(text.fill, text.references)
    rewritten = _rewritten(source, at)
    run = sandbox.expression(_TYPED, _ALONE.sub(r"\1", rewritten.source), at=at, told=rewritten.told)
    values = _values(rewritten)
    return Value(_guarded(lambda scope: plain(run(values(scope)))), tuple(rewritten.references.values()))


def _rewritten(source: str, at: str) -> Rewritten:
    if len(source) > MAX_SOURCE:
        raise TemplateError(at, f"A template has at most {MAX_SOURCE} characters.")
    return rewrite(source, at=at)


def _reader(wanted: Field) -> Callable[[Scope], Any]:
    """Make a function that reads a field; null where there is none."""
    root, keys = wanted.root, wanted.keys

    def read(scope: Scope) -> Any:
        found = paths.get(scope.get(root), keys)
        return None if found is MISSING else found

    return read


def _values(rewritten: Rewritten) -> Callable[[Scope], dict[str, Any]]:
    readers = [(name, _reader(reference.field)) for name, reference in rewritten.references.items()]
    return lambda scope: {name: read(scope) for name, read in readers}


def _joined(pieces: Any) -> str:
    """Join what comes, until it is too much."""
    joined: list[str] = []
    left = MAX_CHARS
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise Failure(f"A text is longer than {MAX_CHARS} characters.")
        joined.append(piece)
    work.spend(MAX_CHARS - left)
    return "".join(joined)


def _begun(fill: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
    """Let all that is filled in for one answer share what work that may be."""
    return lambda scope: work.bounded(fill, scope)


def _guarded(fill: Callable[[Scope], Any]) -> Callable[[Scope], Any]:
    """Say in words what Python's operators say of values that they cannot work on."""

    def guarded(scope: Scope) -> Any:
        try:
            return fill(scope)
        except (TypeError, ValueError):
            raise Failure(_NOT_A_NUMBER) from None
        except ArithmeticError:  # also of decimals, whose digits are limited
            raise Failure("It divides by zero, or reckons with numbers that are too large.") from None
        except RecursionError:
            raise Failure("A value is nested too deeply.") from None

    return guarded
