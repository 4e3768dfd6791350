"""What ready flows need, and an installation has: read once, and asked of each need."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from apps.bridges.models import Connection
from apps.conditions.type_names import event_types
from apps.events.models import Event
from apps.flows.definition.named import EVENT_TYPE
from apps.flows.ready.ready_flows import CONNECTION, FIELD, Need, ReadyFlow
from apps.profiles.models import ConsentType
from apps.segments import catalogue
from apps.segments.models import Segment

# What it is, in words; and where it is made, where it is not there.
WORDS: Final[Mapping[str, str]] = {
    EVENT_TYPE: "Event",
    "segment": "Segment",
    "consent": "Consent",
    CONNECTION: "Connection",
    FIELD: "Field",
    "page": "Page",
}
WHERE: Final[Mapping[str, str]] = {
    EVENT_TYPE: "No event of it came yet. Let your site send it: Sources shows how.",
    "segment": "Add it under Segments.",
    "consent": "Add it under Consent types.",
    CONNECTION: "Add one under Connections.",
    FIELD: "Nobody has it yet. Events of your site tell it, or people are edited.",
    "page": "See that your site has it.",
}
_MADE: Final = ("segment", "consent", CONNECTION)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What there is: names by what it is, and the names of connections by their kinds."""

    names: Mapping[str, frozenset[str]]
    connections: Mapping[str, tuple[str, ...]]

    def has(self, need: Need) -> bool | None:
        """Tell whether it is there; of pages nobody knows."""
        if need.what == CONNECTION:
            return bool(self.connections.get(need.kind))
        return need.name in self.names[need.what] if need.what in self.names else None

    def lacking(self, ready: ReadyFlow) -> list[Need]:
        """Return what has to be made here before a ready flow can be published; events come by themselves."""
        return [need for need in ready.needs if need.what in _MADE and not self.has(need)]

    def stand_ins(self, ready: ReadyFlow) -> dict[str, str]:
        """Return what stands in for the connections that the file names: that of the name, or the first of the kind."""
        found = {name: self.connections.get(kind, ()) for name, kind in ready.connections.items()}
        return {name: name if name in there else there[0] for name, there in found.items() if there}


def taken(flows: Iterable[ReadyFlow]) -> Inventory:
    """Look for what some ready flows need."""
    needed = {need.name for ready in flows for need in ready.needs if need.what == EVENT_TYPE}
    kinds: dict[str, list[str]] = {}
    for kind, name in Connection.objects.order_by("name").values_list("kind", "name"):
        kinds.setdefault(kind, []).append(name)
    return Inventory(
        names={
            EVENT_TYPE: frozenset(name for name in needed if _came(name)),
            "segment": frozenset(Segment.objects.values_list("key", flat=True)),
            "consent": frozenset(ConsentType.objects.values_list("id", flat=True)),
            FIELD: frozenset(catalogue.sampled.get()),
        },
        connections={kind: tuple(names) for kind, names in kinds.items()},
    )


def _came(name: str) -> bool:
    """Tell whether an event of a type, or of another name for it, is stored; by the index on types."""
    return any(Event.objects.filter(type=type).exists() for type in event_types([name]))
