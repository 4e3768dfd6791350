"""Which flows send by a connection: in their draft, as they are published, and in versions that people are still in."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from apps.bridges import connections
from apps.bridges.models import Connection
from apps.bridges.users import User, users
from apps.core.egress import Forbidden
from apps.core.typed_settings import Setting, settings_of
from apps.core.typed_settings.value_kinds import Reference
from apps.flows.models import Flow, FlowVersion, Run
from apps.flows.node import kinds

CONNECTION: Final = "connection"
ADDRESS: Final = "url"  # by this name settings have an address to which something goes
_ORIGIN: Final = re.compile(r"https?://[^/?#{}\s]+", re.IGNORECASE)


def find(ids: Iterable[UUID]) -> dict[UUID, list[User]]:
    """Find the flows of each of some connections."""
    rows = list(Connection.objects.filter(pk__in=ids).values_list("pk", "name"))
    known = {said: pk for pk, name in rows for said in (str(pk), name)}
    flows = {flow.pk: flow for flow in Flow.objects.order_by("name")}
    uses = {(pk, flow.pk) for flow in flows.values() for pk in _named(flow.draft, known)}
    uses |= set(_of_versions(known, published={flow.version_id for flow in flows.values()}))
    return {pk: [_user(flow) for flow in flows.values() if (pk, flow.pk) in uses] for pk, _ in rows}


def _of_versions(known: Mapping[str, UUID], *, published: set[UUID | None]) -> Iterator[tuple[UUID, UUID]]:
    """Yield (connection, flow) of all versions that count."""
    versions = {
        (id, flow_id): set(_named(definition, known))
        for id, flow_id, definition in FlowVersion.objects.values_list("pk", "flow_id", "definition")
    }
    lived_in = _lived_in(id for (id, _), named in versions.items() if named and id not in published)
    for (id, flow_id), named in versions.items():
        if id in published or id in lived_in:
            yield from ((pk, flow_id) for pk in named)


def _named(definition: Any, known: Mapping[str, UUID]) -> Iterator[UUID]:
    """Yield the connections that a definition names, or what may become one: by name, by id, or by their address."""
    nodes = definition.get("nodes") if isinstance(definition, dict) else None
    for node in nodes if isinstance(nodes, list) else []:
        if not isinstance(node, dict) or not isinstance(node.get("settings"), dict) or node.get("is_disabled"):
            continue
        kind = kinds.get(str(node.get("kind")))
        for setting in settings_of(kind.Settings) if kind else ():
            found = _meant(setting, str(node["settings"].get(setting.name, "")), known)
            if found is not None and found in known.values():
                yield found


def _meant(setting: Setting, said: str, known: Mapping[str, UUID]) -> UUID | None:
    """Return the connection that a setting means, if it means any."""
    if isinstance(setting.kind, Reference) and setting.kind.to == CONNECTION:
        return known.get(said)
    origin = _ORIGIN.match(said.strip()) if setting.name == ADDRESS else None
    if origin:
        with suppress(Forbidden):
            return connections.key_of_address(origin.group())[0]
    return None


def _lived_in(versions: Iterable[UUID]) -> set[UUID]:
    """Narrow versions that are no longer published to those that somebody is still in."""
    candidates = list(versions)
    if not candidates:
        return set()
    living = Run.objects.filter(version_id__in=candidates, status=Run.Status.LIVE)
    return set(living.order_by().values_list("version_id", flat=True).distinct())


def _user(flow: Flow) -> User:
    return User(f"Flow {flow.name}", reverse("admin:flows_flow_change", args=[flow.pk]))


users.register("flows", find)
