"""What an event must be to be taken at its word: a JSON Schema and a condition, and what becomes of the others.

Both are compiled once; jsonschema-rs checks an event in microseconds.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind

from apps import conditions
from apps.conditions import ConditionError, Matcher
from apps.conditions.reads import reads
from apps.core.mistakes import DefinitionError
from apps.events.models import EventType

MAX_PROBLEMS: Final = 20  # of one event; the rest would say no more
_TYPES: Final = "array, boolean, integer, null, number, object, string"


Policy = EventType.Policy


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of an event; never the value itself."""

    field: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """Shape the problem as events keep it."""
        return {"field": self.field, "message": self.message}


@dataclass(frozen=True, slots=True)
class Check:
    """The compiled schema and condition of an event type."""

    policy: Policy
    validator: Draft202012Validator | None = None
    condition: Matcher | None = None

    def problems(
        self, properties: Mapping[str, Any], scope: Callable[[], Mapping[str, Any]], *, now: datetime
    ) -> list[Problem]:
        """Return what is wrong with an event, nothing for almost all of them; only a condition asks for the scope."""
        found: list[Problem] = []
        if self.validator and not self.validator.is_valid(properties):
            for error in islice(self.validator.iter_errors(properties), MAX_PROBLEMS):
                found += _problems(error)
        if self.condition and not self.condition(scope(), now=now):
            found.append(Problem("condition", "The condition of the type is not met."))
        return found


def compile_schema(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Compile a JSON Schema of draft 2020-12. Raises DefinitionError that names the place of the mistake.

    References to other documents are not followed, and patterns are matched in linear time: a schema is text that
    somebody typed, and every event runs through it.
    """
    try:
        return Draft202012Validator(
            dict(schema), validate_formats=True, mask="The value", pattern_options=RegexOptions(), offline=True
        )
    except ValidationError as error:
        place = ".".join(map(str, ("schema", *error.instance_path)))
        message = f"Expected one of {_TYPES}." if place.endswith("type") else error.message
        raise DefinitionError(place, message) from None
    except ValueError as error:  # a draft or a reference that there is not
        raise DefinitionError("schema", str(error)) from None


def compile_condition(text: str, *, roots: Collection[str]) -> Matcher:
    """Compile a condition that looks at these roots alone. Raises ConditionError with the place of the mistake."""
    condition = conditions.parse(text)
    found = reads(condition)
    if found.has_history:
        raise ConditionError("Past events are not at hand here.")
    for root in sorted({field.root for field in found.fields}):
        if root not in roots:
            raise ConditionError(f"{root}@ is not known here; known are {', '.join(f'{name}@' for name in roots)}.")
    return conditions.compile(condition)


def _problems(error: ValidationError) -> Iterator[Problem]:
    path = ["properties", *map(str, error.instance_path)]
    match error.kind:
        case ValidationErrorKind.Required():
            yield Problem(".".join([*path, error.kind.property]), "It is required.")
        case ValidationErrorKind.AdditionalProperties():
            for name in error.kind.unexpected[:MAX_PROBLEMS]:
                yield Problem(".".join([*path, name]), "No such field is expected.")
        case _:
            yield Problem(".".join(path), error.message)
