"""What an event must be to be taken at its word: a JSON Schema of its properties, and what becomes of the others.

The schema is compiled once; events are checked by jsonschema-rs, which takes microseconds.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, ValidationErrorKind

MAX_PROBLEMS: Final = 20  # of one event; the rest would say no more
_TYPES: Final = "array, boolean, integer, null, number, object, string"


class Policy(StrEnum):
    """What becomes of an event that is not valid."""

    FLAG = "flag"
    QUARANTINE = "quarantine"
    DROP = "drop"


class SchemaError(ValueError):
    """A schema is wrong; `path` names the place in it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message


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
    """The compiled schema of an event type."""

    validator: Draft202012Validator
    policy: Policy

    def problems(self, properties: Mapping[str, Any]) -> list[Problem]:
        """Return what is wrong with the properties, nothing for almost all of them."""
        if self.validator.is_valid(properties):
            return []
        return [
            problem
            for error in islice(self.validator.iter_errors(properties), MAX_PROBLEMS)
            for problem in _problems(error)
        ]


def compile_schema(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Compile a JSON Schema of draft 2020-12. Raises SchemaError that names the place of the mistake.

    References to other documents are not followed, and patterns are matched in linear time: a schema is text that
    somebody typed, and every event runs through it.
    """
    try:
        return Draft202012Validator(
            dict(schema), validate_formats=True, mask="The value", pattern_options=RegexOptions(), offline=True
        )
    except ValidationError as error:
        path = ".".join(map(str, error.instance_path))
        raise SchemaError(path, f"Expected one of {_TYPES}." if path.endswith("type") else error.message) from None
    except ValueError as error:  # a draft or a reference that there is not
        raise SchemaError("", str(error)) from None


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
