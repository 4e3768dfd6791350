"""What definitions refer to by name: event types, segments, consents, connections, and other flows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from apps.bridges.models import Connection
from apps.conditions.nearest import Hints, nearest
from apps.conditions.type_names import event_type
from apps.core import typed_settings
from apps.core.typed_settings import Setting, SettingsError, settings_of
from apps.core.typed_settings.items import Items
from apps.core.typed_settings.value_kinds import Reference, Texts
from apps.flows.definition.making import Kinds
from apps.flows.models import Flow
from apps.segments import catalogue
from apps.segments.models import Segment

FLOW: Final = "flow"
EVENT_TYPE: Final = "event_type"
_WORDS: Final = {EVENT_TYPE: "event type", "consent": "consent type"}
_WHERE: Final = {"consent": "Consent types", "segment": "Segments", "connection": "Connections"}  # pages of the admin
_SEEN: Final = frozenset((EVENT_TYPE,))  # of these one may come that nobody has named yet


@dataclass(frozen=True, slots=True)
class Named:
    """A reference, and where it stands."""

    field: str
    to: str
    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """What there is, by what it is; of flows that were published, the flows that they call, and what they raise."""

    known: Mapping[str, frozenset[str]]
    calls: Mapping[str, frozenset[str]]
    raises: Mapping[str, Callable[[], frozenset[str]]]
    hints: Hints = field(default_factory=Hints)

    def problem_of(self, named: Named) -> tuple[str, bool] | None:
        """Say what is wrong with a reference, and whether it is a doubt alone; None where it names something."""
        if named.to == EVENT_TYPE and (written := event_type(named.name)) != named.name:
            return f"Write it as {written}: that is how events of it are stored.", False
        known = self.known.get(named.to)
        if known is None or named.name in known:
            return None
        word = _WORDS.get(named.to, named.to)
        lately = ", and no event of it came lately" if named.to in _SEEN else ""
        meant = self.hints.nearest(named.name, lambda name: nearest(name, sorted(known)))
        where = f" Add it under {_WHERE[named.to]}." if named.to in _WHERE else ""
        hint = f" Did you mean {meant}?" if meant else where
        return f"There is no {word} {named.name}{lately}.{hint}", named.to in _SEEN

    def circle(self, flow: str, called: str) -> list[str] | None:
        """Return the way by which a flow that calls another one comes back to itself; None where it does not."""
        ways = [[called]]
        seen = {called}
        while ways:
            way = ways.pop(0)
            if way[-1] == flow:
                return [flow, *way]
            for each in sorted(self.calls.get(way[-1], frozenset()) - seen):
                seen.add(each)
                ways.append([*way, each])
        return None

    def raised_below(self, called: str) -> dict[str, str]:
        """Return {event type: flow that raises it} of a flow that is called, and of those that it calls in turn."""
        found: dict[str, str] = {}
        ways, seen = [called], {called}
        for key in ways:  # it grows meanwhile
            found = {**dict.fromkeys(sorted(self.raises[key]() if key in self.raises else ()), key), **found}
            more = sorted(self.calls.get(key, frozenset()) - seen)
            ways += more
            seen.update(more)
        return found


def read(kinds: Kinds) -> Names:
    """Read what there is; a handful of statements."""
    found = catalogue.configured.latest()
    flows = list(Flow.objects.select_related("version"))
    published = {flow.key: flow.version.definition for flow in flows if flow.version}
    connections = Connection.objects.values_list("pk", "name")
    return Names(
        known={
            EVENT_TYPE: frozenset(found.event_types),
            "consent": frozenset(found.consent_types),
            "segment": frozenset(Segment.objects.values_list("key", flat=True)),
            "connection": frozenset(each for id, name in connections for each in (str(id), name)),
            FLOW: frozenset(flow.key for flow in flows),
        },
        calls={key: _calls(document, kinds) for key, document in published.items()},
        raises={key: partial(_raises, document, kinds) for key, document in published.items()},
    )


def _calls(document: Any, kinds: Kinds) -> frozenset[str]:
    """Name the flows that a published definition calls."""
    found = set[str]()
    for node in _working(document):
        kind = kinds.get(node.get("kind"))
        for setting in settings_of(kind.Settings) if kind else ():
            if isinstance(setting.kind, Reference) and setting.kind.to == FLOW:
                found.add(str(node.get("settings", {}).get(setting.name, "")))
    return frozenset(found - {""})


def _raises(document: Any, kinds: Kinds) -> frozenset[str]:
    """Name the types of events that a published definition raises."""
    found = set[str]()
    for node in _working(document):
        kind = kinds.get(node.get("kind"))
        with suppress(SettingsError):  # of a release before: whoever checks that flow is told
            found.update(kind.raised_by(typed_settings.read(kind.Settings, node.get("settings", {}))) if kind else ())
    return frozenset(found)


def _working(document: Any) -> list[Any]:
    return [node for node in document.get("nodes", []) if not node.get("is_disabled")]


def named_in(settings: Any, path: str = "") -> Iterator[Named]:
    """Yield the references in settings, those of lists and of objects in lists included."""
    for setting in settings_of(type(settings)):
        field = f"{path}.{setting.name}" if path else setting.name
        yield from _named(setting, getattr(settings, setting.attribute), field)


def _named(setting: Setting, value: Any, field: str) -> Iterable[Named]:
    kind = setting.kind
    if isinstance(kind, Reference):
        return [Named(field, kind.to, value)] if value else []
    if isinstance(kind, Texts) and isinstance(kind.item, Reference):
        return [Named(f"{field}.{at}", kind.item.to, each) for at, each in enumerate(value)]
    if isinstance(kind, Items):
        return [named for at, each in enumerate(value) for named in named_in(each, f"{field}.{at}")]
    return []
