"""The transport of a connection: its kind has it, and its settings say where it leads."""

from apps.bridges import connections
from apps.bridges.connections import NoTestSettings
from apps.bridges.models import Connection
from apps.bridges.transport import Transport
from apps.core.encryption import Unreadable
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import SettingsError


class Unusable(Exception):
    """Nothing can be sent by a connection as it is; the message says why, to whoever set it up."""


def open_for(connection: Connection, *, is_test: bool) -> Transport:
    """Open the way to a connection, by its settings, or by those for tests. Raises Unusable."""
    try:
        settings = connections.opened(connection, is_test=is_test)
    except SettingsError as error:
        told = " ".join(problem.message for problem in error.problems)
        raise Unusable(f"Its settings are none any more: {told}") from None
    except DefinitionError as error:
        raise Unusable(error.message) from None
    except (NoTestSettings, Unreadable) as error:
        raise Unusable(str(error)) from None
    transport = connections.kind_of(connection).transport
    if transport is None:
        raise Unusable("Nothing is sent by connections of this kind.")
    return transport(settings, connection.in_flight)
