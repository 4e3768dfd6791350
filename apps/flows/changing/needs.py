"""What a definition needs to be there: segments, consents, event types, connections and other flows, by their names."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from apps.conditions import ConditionError, parse
from apps.core import typed_settings
from apps.core.typed_settings import SettingsError, settings_of
from apps.core.typed_settings.items import Items
from apps.core.typed_settings.value_kinds import ConditionText
from apps.flows.definition.named import named_in
from apps.flows.definition.shape import collect
from apps.flows.models import Flow
from apps.flows.node import kinds
from apps.segments.definitions import segments_of

SEGMENT: Final = "segment"


def needs(document: Any) -> dict[str, list[str]]:
    """Return {what it is: names} of all that a definition names, whatever mistakes it has; disabled nodes aside."""
    found: dict[str, set[str]] = defaultdict(set)
    for settings in _settings(document):
        for each in named_in(settings):
            found[each.to].add(each.name)
        for text in _conditions(settings):
            found[SEGMENT] |= _asked_about(text)
    return {what: sorted(names) for what, names in sorted(found.items()) if names}


def flows_that_need(what: str, name: str) -> list[str]:
    """Name the flows whose published version needs something."""
    found = Flow.objects.exclude(version=None).select_related("version").order_by("name")
    return [row.name for row in found if row.version and name in needs(row.version.definition).get(what, ())]


def flows_that_decide(segment: str) -> list[Flow]:
    """Return the flows whose published version lets people enter a segment, or leave it, by their names."""
    found = Flow.objects.exclude(version=None).select_related("version").order_by("name")
    return [row for row in found if row.version and segment in segments_decided(row.version.definition)]


def segments_decided(document: Any) -> set[str]:
    """Return the keys of the segments that a definition lets people enter, or leave."""
    definition, _ = collect(document)
    found = set()
    for node in (node for node in definition.nodes if not node.is_disabled):
        kind = kinds.get(node.kind)
        with suppress(SettingsError):  # told by the checks
            moves = kind.segments_of(typed_settings.read(kind.Settings, node.settings)) if kind else ()
            found |= {segment for segment, _ in moves}
    return found


def _settings(document: Any) -> Iterator[Any]:
    definition, _ = collect(document)
    yield definition.options
    yield from definition.triggers
    for node in (node for node in definition.nodes if not node.is_disabled):
        kind = kinds.get(node.kind)
        if kind is None:
            continue
        try:
            yield typed_settings.read(kind.Settings, node.settings)
        except SettingsError:  # told by the checks
            continue


def _conditions(settings: Any) -> Iterator[str]:
    """Yield the conditions in settings, those of objects in lists included."""
    for setting in settings_of(type(settings)):
        value = getattr(settings, setting.attribute)
        if isinstance(setting.kind, ConditionText):
            yield value or ""
        elif isinstance(setting.kind, Items):
            for each in value:
                yield from _conditions(each)


def _asked_about(text: str) -> set[str]:
    """Return the segments that a condition asks about; none where it cannot be read."""
    try:
        return set(segments_of(parse(text, is_stored=True))) if text.strip() else set()
    except ConditionError:
        return set()
