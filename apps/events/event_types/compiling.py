"""From the definition of an event type to its rules: parsed and checked once.

A definition is a JSON object; docs/event-types.md describes its keys.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from apps.conditions import ConditionError, Matcher
from apps.core import paths
from apps.core.mistakes import DefinitionError
from apps.core.paths import MISSING, Path, PathError
from apps.core.templating import TemplateError
from apps.events.event_types.operations import OPERATIONS, Input, Operation
from apps.events.event_types.reshaping import ROOTS, Reshape, compile_reshape
from apps.events.event_types.rules import (
    CONTACT,
    PROPERTIES,
    EventRules,
    FieldRule,
    NamedRule,
    Percentage,
    TraitRule,
    Value,
)
from apps.events.event_types.validation import Check, Policy, compile_condition, compile_schema
from apps.profiles import consents, schema
from apps.profiles.schema import Field, Kind

KEYS: Final = frozenset(
    {"id", "name", "group", "journey", "tags", "properties", "traits", "defaults", "redact", "profile", "compute"}
    | {"schema", "condition", "policy", "reshape"}
)
WHEN_ROOTS: Final = ("event", "profile")  # what the condition of a rule may look at
REDACTIONS: Final = ("last4", "drop")


def compile(definition: Mapping[str, Any]) -> EventRules:
    """Parse the definition of an event type. Raises DefinitionError, which names the key, when it is wrong."""
    _check_keys(definition)
    type_ = definition.get("id")
    if not isinstance(type_, str) or not type_:
        raise DefinitionError("id", "An event type needs an id.")
    traits = _traits(definition)
    compute = _object(definition, "compute")
    percentages = {path: spec for path, spec in compute.items() if isinstance(spec, Mapping) and "percentage" in spec}
    fields = _fields(_object(definition, "profile"), traits)
    return EventRules(
        type=type_,
        journey=_journey(definition.get("journey")),
        tags=_tags(definition.get("tags") or []),
        traits=tuple(traits.values()),
        redactions=tuple(_redaction(path, how) for path, how in _object(definition, "redact").items()),
        fields=tuple(fields),
        named=tuple(_named_rule(root, spec) for root, spec in compute.items() if root not in percentages),
        percentages=tuple(_percentage(path, spec) for path, spec in percentages.items()),
        is_about_contact=any(rule.field.path.startswith(CONTACT) for rule in fields),
        check=_check(definition),
        reshape=_reshape(definition),
        numbers=tuple(_numbers(_object(definition, "properties"))),
    )


def as_list(spec: Any) -> list[Any]:
    """Return what a definition says once, or several times in a list."""
    return spec if isinstance(spec, list) else [spec]


def _check_keys(definition: Mapping[str, Any]) -> None:
    for key in definition:
        if key not in KEYS:
            raise DefinitionError(str(key), f"Unknown key; known are {', '.join(sorted(KEYS))}.")


def _fields(definition: Mapping[str, Any], traits: Mapping[Path, TraitRule]) -> list[FieldRule]:
    rules = [_field_rule(target, spec, traits) for target, specs in definition.items() for spec in as_list(specs)]
    if any(rule.when for rule in rules):  # which may ask for what an earlier one has written
        return rules
    return sorted(rules, key=lambda rule: rule.parents)  # neighbours share the way to their place


def _numbers(declared: Mapping[str, Any], path: Path = ()) -> Iterator[Path]:
    """Yield where numbers are declared; those in lists are left out."""
    for name, kind in declared.items():
        if kind == Kind.NUMBER.value:
            yield (*path, name)
        elif isinstance(kind, Mapping):
            yield from _numbers(kind, (*path, name))


def _object(definition: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = definition.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise DefinitionError(key, "Expected an object.")
    return value


def _path(key: str, text: object) -> Path:
    if not isinstance(text, str):
        raise DefinitionError(key, "Expected a dotted path.")
    try:
        return paths.parse(text)
    except PathError as error:
        raise DefinitionError(key, str(error)) from None


def _journey(spec: object) -> Callable[[int | None], str | None]:
    """Return the state by the visit count of the profile, None being an event without a profile."""
    if spec is None or isinstance(spec, str):
        return lambda _visit_count: spec
    if not isinstance(spec, Mapping) or set(spec) != {"first_visit", "later_visits"}:
        raise DefinitionError("journey", "Expected a state, or an object with first_visit and later_visits.")
    first, later = spec["first_visit"], spec["later_visits"]
    if not isinstance(first, str) or not isinstance(later, str):
        raise DefinitionError("journey", "A state is a text.")

    def state(visit_count: int | None) -> str | None:
        if visit_count is None:
            return None
        return first if visit_count <= 1 else later

    return state


def _tags(tags: object) -> tuple[str, ...]:
    if not isinstance(tags, Sequence) or isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise DefinitionError("tags", "Expected a list of texts.")
    return tuple(dict.fromkeys(tags))


def _traits(definition: Mapping[str, Any]) -> dict[Path, TraitRule]:
    """Parse the traits, in their order; a default belongs to each trait that is copied from its property."""
    defaults = {_path(f"defaults.{name}", name): value for name, value in _object(definition, "defaults").items()}
    rules: dict[Path, TraitRule] = {}
    for target, spec in _object(definition, "traits").items():
        key = f"traits.{target}"
        path = _path(key, target)
        if any(_lies_within(path, other) or _lies_within(other, path) for other in rules):
            raise DefinitionError(key, "Another trait lies within this one, or holds it.")
        sources = tuple(_path(key, source) for source in as_list(spec))
        default = next((defaults[source] for source in sources if source in defaults), MISSING)
        rules[path] = TraitRule(path[:-1], path[-1], sources, default, _holders(sources))
    unused = defaults.keys() - {source for rule in rules.values() for source in rule.sources}
    if unused:
        raise DefinitionError(f"defaults.{paths.join(min(unused))}", "No trait is copied from this property.")
    return rules


def _holders(sources: tuple[Path, ...]) -> frozenset[Path]:
    """Return the sources that others lie within."""
    return frozenset(
        source for source in sources if any(other != source and _lies_within(other, source) for other in sources)
    )


def _lies_within(path: Path, other: Path) -> bool:
    """Tell whether a path leads to what another leads to, or into it."""
    return path[: len(other)] == other


def _check(definition: Mapping[str, Any]) -> Check | None:
    policy = definition.get("policy") or Policy.FLAG
    if policy not in list(Policy):
        raise DefinitionError("policy", f"Unknown policy; known are {', '.join(Policy)}.")
    schema = _object(definition, "schema")
    condition = _condition("condition", definition.get("condition"), roots=ROOTS)
    if not schema and condition is None:
        return None
    return Check(Policy(policy), compile_schema(schema) if schema else None, condition)


def _condition(key: str, text: object, *, roots: Sequence[str]) -> Matcher | None:
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise DefinitionError(key, "Expected the text of a condition.")
    try:
        return compile_condition(text, roots=roots)
    except ConditionError as error:
        raise DefinitionError(key, str(error)) from None


def _reshape(definition: Mapping[str, Any]) -> Reshape | None:
    template = _object(definition, "reshape")
    try:
        return compile_reshape(template) if template else None
    except TemplateError as error:
        raise DefinitionError(f"reshape.{error.path}", error.message) from None


def _redaction(path: str, how: object) -> tuple[Path, str]:
    key = f"redact.{path}"
    if how not in REDACTIONS:
        raise DefinitionError(key, f"Unknown redaction; known are {', '.join(REDACTIONS)}.")
    return _path(key, path), str(how)


def _target(key: str, text: object) -> tuple[Path, Field]:
    path = _path(key, text)
    if path[0] == "consents":
        types = " and ".join(sorted(consents.EVENT_TYPES))
        raise DefinitionError(key, f"Only events of the types {types} decide about consents.")
    field = schema.find(path)
    if field is None:
        raise DefinitionError(key, "A profile has no such field.")
    return path, field


def _operation(key: str, name: object, kind: Kind) -> Operation:
    operation = OPERATIONS.get(name) if isinstance(name, str) else None
    if operation is None:
        raise DefinitionError(key, f"Unknown operation; known are {', '.join(OPERATIONS)}.")
    if kind not in operation.kinds:
        raise DefinitionError(key, f"A field that holds {kind.value} has no operation {operation.name}.")
    return operation


def _field_rule(target: str, spec: object, traits: Mapping[Path, TraitRule]) -> FieldRule:
    """Parse `{operation: source, when: condition}`, or an operation alone, which takes the trait of the same path."""
    key = f"profile.{target}"
    path, field = _target(key, target)
    when = None
    if isinstance(spec, Mapping):
        when = _condition(f"{key}.when", spec.get("when"), roots=WHEN_ROOTS)
        spec = {name: source for name, source in spec.items() if name != "when"}
    if isinstance(spec, Mapping) and len(spec) == 1:
        name, source = next(iter(spec.items()))
    elif isinstance(spec, str):
        name, source = spec, target
    else:
        raise DefinitionError(key, "Expected one operation, as in {equals: properties.name}.")
    operation = _operation(key, name, field.kind)
    value = _value(key, source, operation, traits)
    return FieldRule(field, path, operation, value, when, _said(source, operation, traits))


def _said(source: object, operation: Operation, traits: Mapping[Path, TraitRule]) -> str:
    """Name the property from which a value comes, be it by a trait."""
    if operation.input is not Input.EVENT or not isinstance(source, str):
        return ""
    if source.startswith(PROPERTIES):
        return source
    path = paths.parse(source)
    found = next((trait for target, trait in traits.items() if path[: len(target)] == target), None)
    return PROPERTIES + paths.join(found.sources[0]) if found else ""


def _value(key: str, source: object, operation: Operation, traits: Mapping[Path, TraitRule]) -> Value:
    """Return the function that finds what an event brings; made once, since it is called for each event."""
    match operation.input:
        case Input.LITERAL:
            number = _literal(key, source)
            return lambda _properties, _traits, _at: number
        case Input.NOTHING:
            return lambda _properties, _traits, _at: None
        case Input.TIME:
            return lambda _properties, _traits, at: at
        case Input.EVENT:
            in_properties = str(source).startswith(PROPERTIES)
            path = _path(key, source.removeprefix(PROPERTIES) if isinstance(source, str) else source)
            if in_properties and len(path) == 1:
                name = path[0]
                return lambda properties, _traits, _at: properties.get(name, MISSING)
            if in_properties:
                return lambda properties, _traits, _at: paths.get(properties, path)
            if not any(path[: len(trait)] == trait for trait in traits):
                raise DefinitionError(key, f"The event has no trait {source}.")
            return lambda _properties, traits, _at: paths.get(traits, path)


def _literal(key: str, value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise DefinitionError(key, "Expected a number.")
    return value


def _percentage(target: str, spec: Mapping[str, Any]) -> Percentage:
    key = f"compute.{target}"
    path, field = _target(key, target)
    operands = spec["percentage"]
    if len(spec) != 1 or field.kind is not Kind.NUMBER or not isinstance(operands, list) or len(operands) != 2:
        raise DefinitionError(key, "Expected {percentage: [part, whole]} for a field that holds a number.")
    part, whole = (_target(key, operand)[0] for operand in operands)
    return Percentage(field, path, part, whole)


def _named_rule(root: str, spec: object) -> NamedRule:
    """Parse `{operation: value, name: property with the name, default: value if none is sent}`."""
    key = f"compute.{root}"
    if root not in schema.FREE_ROOTS:
        raise DefinitionError(key, f"Only fields of {', '.join(sorted(schema.FREE_ROOTS))} are named by a property.")
    operations = [name for name in spec if name not in ("name", "default")] if isinstance(spec, Mapping) else []
    if not isinstance(spec, Mapping) or len(operations) != 1 or "name" not in spec:
        raise DefinitionError(key, "Expected an operation and a name.")
    return NamedRule(
        root=root,
        operation=_operation(key, operations[0], Kind.NUMBER),
        name=_property(key, spec["name"]),
        value=_property(key, spec[operations[0]]),
        default=spec.get("default", MISSING),
    )


def _property(key: str, text: object) -> Path:
    if not isinstance(text, str) or not text.startswith(PROPERTIES):
        raise DefinitionError(key, f"Expected a path that begins with {PROPERTIES}")
    return _path(key, text.removeprefix(PROPERTIES))
