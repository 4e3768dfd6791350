"""Connections that flows name: found when a flow is saved or compiled, and told by whom they are used."""

from typing import Final
from uuid import UUID

from apps.bridges import connections
from apps.bridges.models import Connection
from apps.conditions.nearest import nearest
from apps.core import egress
from apps.core.egress import Forbidden
from apps.core.ids import NIL, as_uuid

NOBODY: Final = NIL  # of a connection that was refused, or is not made yet


class NoConnection(ValueError):
    """There is no such connection; the message says so in a sentence."""


def named(name: str, *, kind: str) -> UUID:
    """Find a connection of a kind by its name, or its id. Raises NoConnection."""
    id = as_uuid(name)
    found = Connection.objects.filter(name=name).first() or (id and Connection.objects.filter(pk=id).first())
    if not found:
        near = nearest(name, Connection.objects.filter(kind=kind).values_list("name", flat=True))
        hint = f"Did you mean {near}?" if near else "Add it under Connections."
        raise NoConnection(f"There is no connection {name}. {hint}")
    if found.kind != kind:
        raise NoConnection(f"The connection {found.name} is of the kind {found.kind}, and not {kind}.")
    return found.pk


def of_host(origin: str, *, makes: bool) -> UUID:
    """Find the connection of a host, https://api.example.com, or make it. Raises NoConnection where nothing may go."""
    try:
        egress.target_of(origin)
        return connections.for_address(origin).pk if makes else NOBODY
    except Forbidden as error:
        raise NoConnection(str(error)) from None
