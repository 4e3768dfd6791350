"""Who uses a connection, and would send nothing without it: apps say so in a module `connection_users`."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple
from uuid import UUID

from apps.bridges.models import Connection
from apps.core.registry import Registry


class User(NamedTuple):
    """Something of an app that sends by a connection."""

    title: str  # what it is and its name: Flow Abandoned cart
    address: str = ""  # of its page in the admin


# A function finds those that use any of some connections, in one statement: {id of a connection: its users}.
FindUsers = Callable[[Iterable[UUID]], dict[UUID, list[User]]]
users: Final[Registry[FindUsers]] = Registry("user of connections", module="connection_users")


def users_of(row: Connection) -> list[User]:
    """List what uses a connection."""
    return [user for find in users.values() for user in find([row.pk]).get(row.pk, [])]
