"""Look somebody else up."""

from dataclasses import dataclass
from typing import Final

from apps.conditions.parse import parse_field
from apps.core import paths, storable
from apps.core.typed_settings import text, texts
from apps.flows.engine.moves import Ask, Fail, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.results import into, placed
from apps.segments import language

_PROFILE: Final = "profile@"
MAX_CHARS: Final = 300


@register
class FindPerson(Node):
    """A person is found by a customer number, an e-mail address, an id, or any other identifier of theirs.

    The payload gets their id, and the fields that are named: payload@person.traits.plan. It is for whoever recommended
    somebody, or the head of a household; nothing of them changes. Who names nobody leaves by not_found, who names
    several people by error. It may be the person of the run as well.
    """

    key, group, title, icon, order = "find-person", "profile", "Find a person", "person_search", 100
    ports = ("found", "not_found")
    has_error_port = True
    example = {"named": "event@properties.recommended_by", "fields": ["traits.plan"], "into": "person"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Whom, and what is wanted of them."""

        named: str = text("By", max_length=MAX_CHARS, help="A reference, such as event@properties.recommended_by.")
        fields: tuple[str, ...] = texts(
            "Fields", max_items=20, default=(), help="Such as traits.plan or data.pii.firstname."
        )
        into: str = into("person")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._into = settings.into
        self._named = place.text("named", settings.named)
        self._fields = [field.strip().removeprefix(_PROFILE) for field in settings.fields]
        for nth, field in enumerate(self._fields):
            if not _is_field(field):
                place.refuse(f"fields.{nth}", f"{field} is no field of a person, as traits.plan is.")

    def run(self, step: Step) -> Move:
        """Look them up."""
        if step.answer is not None:
            return self._found(step)
        named = self._named(step.scope).strip()
        if not named or len(named) > MAX_CHARS or storable.problem_of_text(named):
            return Go("not_found")
        return Ask("people", {"named": named, "fields": self._fields})

    def _found(self, step: Step) -> Move:
        if not step.answer:
            return Go("not_found")
        if len(step.answer) > 1:
            return Fail("That names several people.")
        return Go("found", payload=placed(step.payload, self._into, step.answer[0]))


def _is_field(text: str) -> bool:
    try:
        field = parse_field(f"{_PROFILE}{text}")
        return field.keys == paths.parse(text) and language.is_part(field)
    except ValueError:
        return False
