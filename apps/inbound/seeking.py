"""Lets a bridge read on from elsewhere: a wish is stored with the bridge, and the next consumer carries it out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from apps.bridges.connection_kind import Failure, Part
from apps.core.typed_settings import read
from apps.inbound import storing
from apps.inbound.bridge_kind import Context, Seek, To
from apps.inbound.models import Bridge
from apps.inbound.opening import Opened, kind_of

REFUSED: Final = (Part.PLACE, Part.RIGHT)
STAYS: Final = "It was not sent elsewhere, and reads on where it was."


def wish(bridge: Bridge, seek: Seek) -> None:
    """Let a bridge read on from elsewhere. What was read and is not yet stored is read again, from there."""
    document: dict[str, Any] = {"to": seek.to.value, "place": seek.place, "position": seek.position}
    if seek.at:
        document["at"] = seek.at.isoformat()
    Bridge.objects.filter(pk=bridge.pk).update(seek=document, revision=F("revision") + 1)


def give_up(bridge: Bridge) -> None:
    """Let it read on where it is: what was wished is not done, unless it is already."""
    Bridge.objects.filter(pk=bridge.pk).update(seek=None, revision=F("revision") + 1)


def wished(bridge: Bridge) -> Seek | None:
    """Return what was wished and is not done yet."""
    return _read(bridge.seek) if bridge.seek else None


def offered(bridge: Bridge) -> Sequence[To]:
    """List where a bridge can be sent, as it is set. Raises SettingsError, and DefinitionError."""
    kind = kind_of(bridge)
    return kind.seeks(read(kind.settings, bridge.settings)) if kind.seek else ()


def carry_out(bridge_id: UUID, opened: Opened, context: Context) -> None:
    """Do what was wished, once, whoever else is about to. Raises Failure where the broker cannot.

    A wish that can never be fulfilled, as there is no such place, is dropped: reading goes on where it was.
    """
    with transaction.atomic():
        bridge = Bridge.objects.select_for_update(no_key=True).get(pk=bridge_id)
        if not bridge.seek:
            return
        refused = None
        try:
            storing.write_positions(bridge_id, _positions(bridge, opened, context))
        except Failure as failure:
            if failure.part not in REFUSED:
                raise
            refused = Failure(failure.part, f"{failure.told} {STAYS}")
        Bridge.objects.filter(pk=bridge_id).update(seek=None, revision=F("revision") + 1)
    if refused:
        raise refused


def _positions(bridge: Bridge, opened: Opened, context: Context) -> Mapping[str, Any]:
    seek = _read(bridge.seek)
    if opened.kind.seek is None or seek.to not in opened.kind.seeks(opened.settings):
        raise Failure(Part.PLACE, "It cannot be sent elsewhere: as it is set, it reads on where it was.")
    return opened.kind.seek(opened.connection, opened.settings, seek, context)


def _read(document: dict[str, Any]) -> Seek:
    at = document.get("at")
    return Seek(To(document["to"]), datetime.fromisoformat(at) if at else None, document["place"], document["position"])
