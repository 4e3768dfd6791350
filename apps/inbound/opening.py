"""A bridge as it is read by: its kind, and its settings, its connection's and its mapping, all read and checked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apps.bridges import connections
from apps.bridges.connection_kind import Part
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import read
from apps.events import sources
from apps.events.sources import SourcePolicy
from apps.inbound.bridge_kind import BridgeKind, kinds
from apps.inbound.mapping import Mapper, mapper_of
from apps.inbound.models import Bridge
from apps.inbound.received import Failure


@dataclass(slots=True)
class Opened:
    """What is known of a bridge before anything is read."""

    bridge: Bridge
    kind: BridgeKind
    connection: Any  # the settings of the connection, as its kind has them; None where none is needed
    settings: Any
    source: SourcePolicy | None = None  # where it is not stored yet
    _mapper: Mapper | None = None

    def mapper(self) -> Mapper:
        """Return the mapping, for the source as it is now. Raises Failure where it takes nothing."""
        source = self.source or source_of(self.bridge)
        if self._mapper is None or self._mapper.source is not source:
            self._mapper = mapper_of(self.bridge.mapping, source)
        return self._mapper

    def decode(self) -> Callable[[bytes], tuple[bytes, str]] | None:
        """Return what decodes a body that could not be, where its kind may be able to by now. Raises Failure."""
        return self.kind.decode(self.connection, self.settings) if self.kind.decode else None


def kind_of(bridge: Bridge) -> BridgeKind:
    """Return the kind of a bridge. Raises DefinitionError for one that this version does not know."""
    try:
        return kinds[bridge.kind]
    except KeyError:
        raise DefinitionError(
            "kind", f"There is no kind of bridge {bridge.kind}. There are {', '.join(kinds)}."
        ) from None


def opened(bridge: Bridge, *, source: SourcePolicy | None = None) -> Opened:
    """Read all settings of a bridge, and compile its mapping; a source that is not stored yet is handed in.

    Raises what `unmapped` does, SettingsError of the mapping, and Failure where its source is switched off.
    """
    found = unmapped(bridge, source=source)
    found.mapper()
    return found


def unmapped(bridge: Bridge, *, source: SourcePolicy | None = None) -> Opened:
    """Read what it takes to read messages, whatever is to be made of them.

    Raises DefinitionError, SettingsError, Unreadable where no key opens the secrets, and Failure where its connection
    is switched off.
    """
    kind = kind_of(bridge)
    connection = None
    if kind.connection_kind:
        if bridge.connection is None:
            raise DefinitionError("connection", "It needs a connection.")
        if not bridge.connection.is_enabled:
            raise Failure(Part.SIGN_IN, f"The connection {bridge.connection} is switched off.")
        connection = connections.opened(bridge.connection)
    return Opened(bridge, kind, connection, read(kind.settings, bridge.settings), source)


def source_of(bridge: Bridge) -> SourcePolicy:
    """Find the source of a bridge. Raises Failure where it is switched off."""
    source = sources.find(str(bridge.source_id))
    if source is None or not source.is_enabled:
        raise Failure(Part.RIGHT, f"The source {bridge.source} is switched off.")
    return source
