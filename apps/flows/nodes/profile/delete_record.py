"""Forget something that was kept of a person."""

from dataclasses import dataclass

from apps.flows.engine.moves import Ask, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Effects, Node, Place, register
from apps.flows.nodes.profile import person_records


@register
class DeleteRecord(Node):
    """A record of the person is deleted. Whoever has none of that name goes on just the same."""

    key, group, title, icon, order = "delete-record", "profile", "Delete a record", "delete", 112
    effects = Effects.KEEPS
    has_error_port = True
    needs_person = True
    example = {"kind": "subscription", "name": "{{ event@properties.order_id }}"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """Which record."""

        kind: str = person_records.kind()
        name: str = person_records.name()

    def __init__(self, settings: Settings, place: Place) -> None:
        self._kind, self._name = settings.kind, place.text("name", settings.name)

    def run(self, step: Step) -> Move:
        """Have it deleted."""
        if step.answer is None:
            return Ask(
                "record", {"do": "delete", "kind": self._kind, "name": person_records.checked(self._name(step.scope))}
            )
        return Go()
