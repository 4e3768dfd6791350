"""Read what was kept of a person."""

from dataclasses import dataclass

from apps.flows.engine.moves import Ask, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.profile import person_records
from apps.flows.nodes.results import into, placed


@register
class LoadRecord(Node):
    """A record of the person goes into the payload: payload@record.data, with its name, and
    when it was saved (saved_at).

    Without a name it is the list of all records of the kind, the one that was saved last first. Who has none leaves by
    not_found.
    """

    key, group, title, icon, order = "load-record", "profile", "Load a record", "description", 111
    ports = ("found", "not_found")
    has_error_port = True
    needs_person = True
    example = {"kind": "subscription", "name": "{{ event@properties.order_id }}", "into": "subscription"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which record."""

        kind: str = person_records.kind()
        name: str = person_records.name(default="", help="Which one of its kind. Empty: a list of all of them.")
        into: str = into("record")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings
        self._name = place.text("name", settings.name)

    def run(self, step: Step) -> Move:
        """Ask for it."""
        is_one = bool(self._settings.name)
        if step.answer is None:
            name = person_records.checked(self._name(step.scope)) if is_one else None
            return Ask("records", {"kind": self._settings.kind, "name": name})
        if not step.answer:
            return Go("not_found")
        found = step.answer[0] if is_one else step.answer
        return Go("found", payload=placed(step.payload, self._settings.into, found))
