"""What definitions refer to by name, for whoever picks one."""

from typing import Any

from apps.bridges.models import Connection
from apps.events.models import EventType, Source
from apps.flows.models import Flow
from apps.profiles.models import ConsentType
from apps.segments import catalogue
from apps.segments.models import Segment


def named() -> dict[str, list[Any]]:
    """Return all that has a name, by what it is; types of events also where they only came."""
    types = dict(EventType.objects.values_list("type", "name"))
    seen = [type for type in catalogue.configured.latest().event_types if type not in types]
    consents = ConsentType.objects.order_by("name").values_list("id", "name")
    return {
        "event_types": [{"key": type, "name": types.get(type, type)} for type in sorted([*types, *seen])],
        "segments": list(Segment.objects.order_by("name").values("key", "name", "kind", "is_enabled")),
        "connections": list(Connection.objects.order_by("name").values("name", "kind", "is_enabled")),
        "consents": [{"key": id, "name": name} for id, name in consents],
        "sources": list(Source.objects.order_by("name").values("id", "name", "kind")),
        "flows": list(Flow.objects.order_by("name").values("key", "name", "kind", "state")),
    }
