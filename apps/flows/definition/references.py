"""What templates of flows may refer to: checked when a flow is saved, with the name that was probably meant."""

from functools import cached_property
from typing import Final

from apps.conditions import Catalogue, KnownField
from apps.conditions.nearest import Hints, nearest
from apps.conditions.tree import Field
from apps.events import platform_events
from apps.events.models import EventType
from apps.segments import catalogue
from apps.segments.models import Segment

FREE: Final = frozenset({"payload", "memory"})  # what is in them is known when a run is there
# What a run knows of the session in which it was started, and of itself.
SESSION_FIELDS: Final = (
    *("id", "channel", "status", "started_at", "last_seen_at", "visit_count", "event_count", "page_count"),
    *("entry_page", "exit_page", "referrer", "language", "country"),
)
SESSION_OBJECTS: Final = ("device", "os", "app", "utm", "geo", "context", "properties")
FLOW_FIELDS: Final = ("key", "name", "version", "node", "run")
EVENT_FIELDS: Final = ("id",)  # besides what conditions ask of events
OWN: Final = Catalogue(
    {f"session@{name}": KnownField() for name in SESSION_FIELDS}
    | {f"flow@{name}": KnownField() for name in FLOW_FIELDS}
    | {f"event@{name}": KnownField() for name in EVENT_FIELDS},
    open_objects=frozenset(f"session@{name}" for name in SESSION_OBJECTS),
)


class Known:
    """What there is to refer to while one definition is checked: it is read once, however much is referred to."""

    def __init__(self) -> None:
        self._hints = Hints()

    @cached_property
    def names(self) -> Catalogue:
        """What has a name."""
        return catalogue.names()

    @cached_property
    def _seen(self) -> Catalogue:
        return catalogue.people()

    def refusal(self, field: Field) -> str:
        """Say that there is no such field, and which one was probably meant; empty where there is."""
        if field.root in FREE or not field.keys or OWN.knows(field):
            return ""
        if field.root in ("session", "flow"):
            return self._told(field, OWN)
        if self.names.knows(field) and (field.keys[0] != "computed" or _is_computed(field, self.names)):
            return ""
        return self._told(field, self.names)

    def doubt(self, field: Field) -> str:
        """Say that a field below one where any may be was never seen, and which one was; empty where it was."""
        if field.root not in ("profile", "event") or len(field.keys) < 2 or self.refusal(field):
            return ""
        text, seen = str(field), self._seen.fields
        # What is within a list, or an object of a few, was not looked at one by one.
        above = {str(Field(field.root, field.keys[:length])) for length in range(2, len(field.keys) + 1)}
        if above & seen.keys() or any(known.startswith(f"{text}.") for known in seen):
            return ""
        return f"{text} was not seen yet, of nobody." + self._hint(field, self._seen)

    def _told(self, field: Field, known: Catalogue) -> str:
        return f"There is no field {field}." + self._hint(field, known)

    def _hint(self, field: Field, known: Catalogue) -> str:
        near = self._hints.nearest(str(field), known.nearest)
        return f" Did you mean {near}?" if near else ""


def _is_computed(field: Field, names: Catalogue) -> bool:
    return len(field.keys) == 1 or str(Field(field.root, field.keys[:2])) in names.fields


def refusal_of_raised(type: str) -> str:
    """Say why no flow can raise events of a type; empty where it can."""
    if type in platform_events.types():
        return f"{type} is an event that the platform alone tells of."
    made = EventType.objects.filter(is_builtin=False)
    if made.filter(type=type).exists():
        return ""
    if EventType.objects.filter(type=type).exists():
        return f"{type} is an event that people cause, and senders tell of: a flow raises one of a type of your own."
    near = nearest(type, made.values_list("type", flat=True))
    return f"There is no event type {type}: define it first." + (f" Did you mean {near}?" if near else "")


def refusal_of_segment(key: str) -> str:
    """Say why no flow can let people enter or leave a segment; empty where it can."""
    found = Segment.objects.filter(key=key).first()
    if found is None:
        near = nearest(key, Segment.objects.filter(kind=Segment.Kind.FLOW).values_list("key", flat=True))
        return f"There is no segment {key}." + (f" Did you mean {near}?" if near else "")
    if found.kind != Segment.Kind.FLOW:
        return f"The segment {key} goes {found.get_kind_display().lower()}: no flow decides who is in it."
    return ""
