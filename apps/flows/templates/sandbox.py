"""Jinja, without all that a template does not need: no calls, macros, includes, attributes, and nothing unbounded."""

import re
from collections.abc import Callable, Iterator
from operator import add, mod, mul
from typing import Any, Final

from jinja2 import Template, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from apps.conditions.nearest import nearest
from apps.core import storable
from apps.core.templating import TemplateError
from apps.flows.engine.moves import Failure
from apps.flows.templates import work
from apps.flows.templates.channels import plain, text_of
from apps.flows.templates.text_filters import FILTERS, zone_named

MAX_BITS: Final = 1_024  # of a whole number, as of others
# Filters that stand around parts of an expression, unseen: what these go through counts as what filters do.
_ROUNDS: Final = "_rounds"
_WEIGHED: Final = "_weighed"
_PIECE: Final = "_piece"
_RESULT: Final = "result"
_LOOP: Final = frozenset({"index", "index0", "first", "last", "length", "revindex", "revindex0"})
_TESTS: Final = ("none", "number", "string", "boolean", "odd", "even", "mapping", "sequence", "in")
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For),
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.Filter, nodes.Test),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Concat, nodes.Keyword),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos),
)
_WORDS: Final[dict[type[nodes.Node], str]] = {
    nodes.Call: "Nothing can be called.",
    nodes.Slice: "Parts of lists and texts are taken by the filters take and truncate.",
    nodes.Pow: "There are no powers.",
}
_OF_JINJA: Final = frozenset({"self", "caller", "varargs", "kwargs"})
_OURS: Final = re.compile(r"ref_\d+")
_NUMBERS: Final = (int, float)
_OPERATORS: Final = {"+": add, "*": mul, "%": mod}
Values = dict[str, Any]
Told = Callable[[str], str]  # puts references back into a message


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of all templates of one channel."""

    intercepted_binops = frozenset({"+", "*", "%"})

    def __init__(self, finalize: Callable[[Any], Any] | None) -> None:
        super().__init__(finalize=finalize, keep_trailing_newline=True, autoescape=False, cache_size=0)
        self.globals = {}
        self.filters = {**FILTERS, _ROUNDS: _counted, _WEIGHED: _weighed, _PIECE: _piece}
        self.tests = {name: self.tests[name] for name in _TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return what an object has under a name; nothing of Python's."""
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an entry of an object, or an item of a list; null where there is none."""
        if isinstance(obj, dict):
            return obj.get(argument) if isinstance(argument, str) else None
        if isinstance(obj, list | tuple) and type(argument) is int:
            return obj[argument] if -len(obj) <= argument < len(obj) else None
        return None

    def is_safe_callable(self, obj: Any) -> bool:
        """Call nothing."""
        return False

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Reckon with numbers alone, as a text times a number has no end; but texts, and lists, can be joined."""
        if type(left) not in _NUMBERS or type(right) not in _NUMBERS:
            if operator != "+" or not _can_be_joined(left, right):
                raise TypeError
            work.go_through(left)
            work.go_through(right)
        found = _OPERATORS[operator](left, right)
        if type(found) is int and found.bit_length() > MAX_BITS:
            raise OverflowError
        return found


def program(sandbox: Sandbox, source: str, *, at: str, told: Told) -> Callable[[Values], Iterator[str]]:
    """Compile a text. Raises TemplateError with the line of what Jinja cannot read, or we do not allow."""

    def build() -> Template:
        tree = sandbox.parse(source)
        _check(tree)
        return sandbox.from_string(tree)

    template = _built(build, at, told)
    return lambda values: template.root_render_func(template.new_context(values))


def expression(sandbox: Sandbox, source: str, *, at: str, told: Told) -> Callable[[Values], Any]:
    """Compile what stands between {{ and }}: it gives its value, with its type. Raises as `program` does."""

    def build() -> Template:
        parser = Parser(sandbox, source, state="variable")
        value = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError("There is more than one value.", parser.stream.current.lineno)
        tree = nodes.Template([nodes.Output([value], lineno=1)], lineno=1)
        tree.set_environment(sandbox)
        _check(tree)
        tree.body = [nodes.Assign(nodes.Name(_RESULT, "store"), value, lineno=1)]
        tree.set_environment(sandbox)
        return sandbox.from_string(tree)

    template = _built(build, at, told)

    def run(values: Values) -> Any:
        context = template.new_context(values)
        for _ in template.root_render_func(context):
            pass
        return context.vars[_RESULT]

    return run


def _built(build: Callable[[], Template], at: str, told: Told) -> Template:
    try:
        return work.bounded(build)  # what is constant is worked out at once
    except TemplateSyntaxError as error:
        raise TemplateError(at, f"Line {error.lineno}: {told(_plain(error.message))}") from None
    except Failure as failure:
        raise TemplateError(at, str(failure)) from None
    except ValueError:  # of a number with more digits than Python reads
        raise TemplateError(at, "A number in it is too long.") from None
    except (RecursionError, MemoryError):
        raise TemplateError(at, "It is nested too deeply.") from None


def _plain(message: str | None) -> str:
    """Say what is wrong without the name of what reads it."""
    said = message or "this cannot be read."
    return said.replace("Jinja was looking for the following tags:", "Expected one of:").replace("Jinja", "A template")


def _check(tree: nodes.Template) -> None:
    """Refuse what we do not allow, and what refers to nothing; let all work count. Raises TemplateSyntaxError."""
    all_nodes = _walk(tree)
    for node in all_nodes:
        if not isinstance(node, _ALLOWED):
            message = _WORDS.get(type(node), f"'{type(node).__name__.lower()}' is not allowed.")
            raise TemplateSyntaxError(message, node.lineno)
        if isinstance(node, nodes.For) and node.recursive:
            raise TemplateSyntaxError("Loops do not call themselves.", node.lineno)
        if isinstance(node, nodes.Filter):
            _check_filter(node)
        if isinstance(node, nodes.Const):
            _check_constant(node)
    unknown = find_undeclared_variables(tree) | _OF_JINJA
    for name in tree.find_all(nodes.Name):
        if name.name in unknown and not _OURS.fullmatch(name.name):
            hint = f'write profile@traits.{name.name}, or "{name.name}" for a text.'
            raise TemplateSyntaxError(f"'{name.name}' is no reference; {hint}", name.lineno)
    for node in all_nodes:
        _meter(node)


def _meter(node: nodes.Node) -> None:
    """Let what a node goes through count; of filters, `+` and `*` that is seen to elsewhere."""
    match node:
        case nodes.For():
            node.iter = _passed(node.iter, _ROUNDS)
        case nodes.Concat():
            node.nodes = [_passed(each, _PIECE) for each in node.nodes]
        case nodes.Compare() | nodes.Operand():
            node.expr = _passed(node.expr, _WEIGHED)
        case nodes.Test():
            node.args = [_passed(each, _WEIGHED) for each in node.args]


def _passed(value: nodes.Node, name: str) -> nodes.Filter:
    return nodes.Filter(value, name, [], [], None, None, lineno=value.lineno, environment=value.environment)


def _check_constant(node: nodes.Const) -> None:
    """Refuse texts that cannot be stored, as escapes in quotes may make some."""
    problem = storable.problem_of_text(node.value) if isinstance(node.value, str) else ""
    if problem:
        raise TemplateSyntaxError(f"A text {problem}.", node.lineno)


def _check_filter(node: nodes.Filter) -> None:
    if node.name not in FILTERS:
        near = nearest(node.name, FILTERS)
        hint = f"Did you mean {near}?" if near else f"There are {', '.join(sorted(FILTERS))}."
        raise TemplateSyntaxError(f"There is no filter {node.name}. {hint}", node.lineno)
    zones = [*node.args[1:2], *(each.value for each in node.kwargs if each.key == "zone")]
    if node.name == "date" and zones and isinstance(zones[0], nodes.Const):
        try:
            zone_named(str(zones[0].value))
        except Failure as failure:
            raise TemplateSyntaxError(str(failure), node.lineno) from None


def _walk(node: nodes.Node) -> list[nodes.Node]:
    found, waiting = [], [node]
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting.extend(each.iter_child_nodes())
    return found


def _can_be_joined(left: Any, right: Any) -> bool:
    return any(isinstance(left, kind) and isinstance(right, kind) for kind in (str, list))


def _counted(value: Any) -> Iterator[Any]:
    """Yield what a loop goes through, as long as all loops together have rounds left."""
    if value is not None and not isinstance(value, list | tuple):
        raise Failure("A loop goes through what is no list.")
    for item in value or ():
        work.go_round()
        yield item


def _weighed(value: Any) -> Any:
    """Return what is compared; a list, or an object, may be gone through to its end."""
    if isinstance(value, list | tuple | dict):
        plain(value)
    elif isinstance(value, str):
        work.go_through(value)
    return value


def _piece(value: Any) -> str:
    """Return a part of a text."""
    text = text_of(value)
    work.go_through(text)
    return text
