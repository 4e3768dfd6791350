"""What has to be known of a database that speaks SQL, whichever it is."""

from typing import Protocol

from apps.bridges.tls import IsAnswering


class Database(IsAnswering, Protocol):
    """A database on a server, and who signs in there; an answer is what a statement has brought."""

    @property
    def host(self) -> str:
        """The name of its server."""

    @property
    def port(self) -> int:
        """Where that listens."""

    @property
    def database(self) -> str:
        """Its name there."""

    @property
    def user(self) -> str:
        """Who signs in."""

    @property
    def password(self) -> str:
        """Their password."""
