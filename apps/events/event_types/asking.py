"""What event types may ask about in conditions and templates: a field that there is not would be nothing, ever."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from apps import conditions
from apps.conditions import Catalogue, ConditionError, KnownField
from apps.conditions.tree import Field
from apps.core import templating
from apps.core.mistakes import DefinitionError
from apps.events.event_types.compiling import as_list
from apps.profiles import schema


def _catalogue(closed: str, opened: str, fields: Mapping[str, KnownField] | None = None) -> Catalogue:
    known = {name: KnownField() for name in closed.split()}
    return Catalogue({**known, **(fields or {})}, open_objects=frozenset(opened.split()))


# What `Payload.scope_of` has of an event before anybody knows whose it is.
OF_EVENT: Final = _catalogue(
    "event@id event@type event@time session@id payload@source.id payload@source.name payload@source.channel",
    "event@properties event@context session@context payload@context payload@properties",
)
# What a rule sees of an event and of the person whose it is.
OF_PERSON: Final = _catalogue(
    "event@type event@time profile@primary_id",
    " ".join(
        [
            *("event@properties", "event@traits", "profile@computed"),
            *(f"profile@{name}" for name in sorted(schema.FREE_ROOTS)),
            *(f"profile@{path}" for path, field in schema.FIELDS.items() if field.kind is schema.Kind.MAP),
        ]
    ),
    {f"profile@{path}": KnownField(field.label, field.kind.value) for path, field in schema.FIELDS.items()},
)


def check(definition: Mapping[str, Any]) -> None:
    """Refuse a definition that compiles, and asks about what there is not. Raises DefinitionError.

    Only who writes it is asked: what is stored goes on as it is.
    """
    for key, text, catalogue in _conditions(definition):
        try:
            conditions.parse(text, catalogue=catalogue)
        except ConditionError as error:
            raise DefinitionError(key, str(error)) from None
    for place, root, path in templating.references(definition.get("reshape") or {}, at="reshape"):
        field = Field(root, path)
        if not OF_EVENT.knows(field):
            meant = OF_EVENT.nearest(str(field))
            raise DefinitionError(place, f"There is no field {field}.{f' Did you mean {meant}?' if meant else ''}")


def _conditions(definition: Mapping[str, Any]) -> Iterator[tuple[str, str, Catalogue]]:
    """Yield the conditions of an event type, each with its key and what it may ask about."""
    if definition.get("condition"):
        yield "condition", definition["condition"], OF_EVENT
    for target, specs in (definition.get("profile") or {}).items():
        for spec in as_list(specs):
            if isinstance(spec, Mapping) and spec.get("when"):
                yield f"profile.{target}.when", spec["when"], OF_PERSON
