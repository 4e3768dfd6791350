"""Keep something of which a person may have several."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, template
from apps.flows.engine.effects import check_size
from apps.flows.engine.moves import Ask, Fail, Failure, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.json_checks import check_object
from apps.flows.nodes.profile import person_records

REPLACE, COMPLETE = "replace", "complete"
MAX_BYTES: Final = 8_000
_THERE: Final = {REPLACE: "It is replaced", COMPLETE: "What is not said anew stays"}


@register
class SaveRecord(Node):
    """Something of the person is kept under a kind and a name: a subscription, a pet, an id in another system.

    It is for what a person may have several of; of what there is one, a field of theirs is simpler, and conditions read
    it. Flows load it by its name, or all of a kind. A person has up to 200 records, each of up to 8,000 bytes as JSON.
    They are exported and erased with the person. When people are found to be one, records of both are theirs; of two
    with the same kind and name the one that was saved last is. When that is undone each has their own again.
    """

    key, group, title, icon, order = "save-record", "profile", "Save a record", "note_add", 110
    effects = Effects.KEEPS
    has_error_port = True
    needs_person = True
    example = {
        "kind": "subscription",
        "name": "{{ event@properties.order_id }}",
        "data": {"plan": "event@properties.plan", "since": "event@time"},
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What is kept."""

        kind: str = person_records.kind()
        name: str = person_records.name()
        data: Any = template("Data", check=check_object, help='An object: {"plan": "event@properties.plan"}.')
        there: str = choice("If it is there", _THERE, default=REPLACE)

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._name = place.text("name", settings.name)
        self._data = place.value("data", settings.data)

    def run(self, step: Step) -> Move:
        """Have it kept."""
        if step.answer is None:
            data = self._data(step.scope)
            if not isinstance(data, dict):
                raise Failure("The data of a record are an object.")
            check_size(data, MAX_BYTES, "record")
            about = {"do": self._settings.there, "kind": self._settings.kind, "data": data}
            return Ask("record", {**about, "name": person_records.checked(self._name(step.scope))})
        return Fail(step.answer["refused"]) if "refused" in step.answer else Go()
