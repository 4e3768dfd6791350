"""Write something down of the person."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, items, template, text
from apps.events.event_types.operations import OPERATIONS
from apps.flows.engine import changes
from apps.flows.engine.moves import Change, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register

# Of what can be done to fields: that for which something is said here.
_NAMES: Final = (
    *("equals", "equals_if_not_exists", "append", "append_unique", "remove"),
    *("add", "subtract", "min", "max", "delete"),
)
_OPERATIONS: Final = {name: OPERATIONS[name].label for name in _NAMES}
_DELETE: Final = "delete"
_PROFILE: Final = "profile@"


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What one field becomes."""

    field: str = text("Field", format="path", help="Such as traits.plan, interests.shoes or data.pii.firstname.")
    operation: str = choice("What happens", _OPERATIONS, default="equals")
    value: Any = template(
        "Value",
        default=None,
        help="A text, a number, or a reference: event@properties.plan. Nothing is changed where it leads to nothing.",
    )


@register
class SetFields(Node):
    """Fields of the profile are set, filled, added to or emptied: all of them, or none where one does not fit.

    The profile shows which step of which flow set a field, and when. Parallel flows lose nothing of each other's sums
    and lists: each says what it does to a field, and not what the field was before. Where a reference leads to nothing
    the field stays as it is: only what is to be deleted is emptied.
    """

    key, group, title, icon, order = "set-fields", "profile", "Set fields", "edit", 10
    effects = Effects.PROFILE
    has_error_port = True
    needs_person = True
    example = {
        "fields": [
            {"field": "traits.plan", "value": "event@properties.plan"},
            {"field": "traits.plans", "operation": "append_unique", "value": "event@properties.plan"},
            {"field": "traits.trial_ends", "operation": "delete"},
        ]
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What becomes of which fields."""

        fields: tuple[Assignment, ...] = items("Fields", Assignment, least=1, most=50)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._fields = []
        for number, said in enumerate(settings.fields):
            path = said.field.strip().removeprefix(_PROFILE)
            if refusal := changes.refusal(path, said.operation):
                place.refuse(f"fields.{number}.field", refusal)
            self._fields.append((said.operation, path, place.value(f"fields.{number}.value", said.value)))

    def run(self, step: Step) -> Move:
        """Say what becomes of each field."""
        changes, missing = [], []
        for operation, path, read in self._fields:
            value = read(step.scope)
            if value is None and operation != _DELETE:
                missing.append(path)
            else:
                changes.append(Change(operation, path, value))
        if missing and step.told is not None:
            step.told["missing"] = missing
        return Go(changes=tuple(changes))
