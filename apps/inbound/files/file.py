"""A file that is to be read, and the place where files are, whether a folder or a bucket."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class File:
    """A file, as it is at one time: one that is put in its place has the same path, and another version."""

    path: str
    version: str
    size: int
    modified_at: datetime
    handle: Any = None  # by which its store finds it


class Gone(Exception):
    """The file is not there any more, or is another one by now."""


class Store(Protocol):
    """Where files are. Each method may raise Failure."""

    def files(self) -> Iterable[File]:
        """List the files that match, which nobody still writes."""

    def chunks(self, file: File, *, offset: int) -> Iterator[bytes]:
        """Read a file from there on, as it was listed, in pieces of some megabytes at most. Raises Gone."""

    def finish(self, file: File) -> None:
        """Do with a file that was read what the settings say; one that is gone or another one by now stays."""

    def close(self) -> None:
        """Leave; raise nothing."""
