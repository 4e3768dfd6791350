"""Bridges that read files, as the core reads by them."""

import json
from typing import Any
from uuid import uuid4

from apps.core.typed_settings import read
from apps.inbound.bridge_kind import Context, Seek, To, kinds
from apps.inbound.files.reader import FileReader
from apps.inbound.received import FORGOTTEN, Received


class FileBridge:
    """Reads; what it has returned is stored, with its position."""

    def __init__(self, kind: str, connection: Any, **document: Any) -> None:
        self.kind, self.connection = kinds[kind], connection
        self.settings = read(self.kind.settings, document)
        self.positions: dict[str, Any] = {}
        self._reader: FileReader | None = None

    @property
    def context(self) -> Context:
        return Context(uuid4(), "here-1", lambda: json.loads(json.dumps(self.positions)))

    @property
    def reader(self) -> FileReader:
        if self._reader is None:
            reader = self.kind.open(self.connection, self.settings, self.context)
            assert isinstance(reader, FileReader)
            self._reader = reader
        return self._reader

    def some(self, limit: int, *, is_settled: bool = True) -> list[Received]:
        """Read the next ones, and store them; what only says how far it is, is left out."""
        self.reader._due = 0.0  # as if it were time to look again
        batch = self.reader.read(limit, secs=0.0)
        for each in batch:
            if each.position is FORGOTTEN:
                self.positions.pop(each.place, None)
            else:
                self.positions[each.place] = json.loads(json.dumps(each.position))
        if is_settled:
            self.reader.settle(batch)
        return [each for each in batch if not each.skipped]

    def all(self) -> list[Received]:
        """Read all that there is, in two rounds: the second one sees what became of the files of the first."""
        found: list[Received] = []
        n_empty = 0
        while n_empty < 2:
            batch = self.some(500)
            found += batch
            n_empty = 0 if batch else n_empty + 1
        return found

    def bodies(self) -> list[Any]:
        """Read all, and return the messages; of dead letters, why they are some."""
        return [each.problem or json.loads(each.body) for each in self.all()]

    def seek(self, to: To, **wish: Any) -> None:
        """Go elsewhere."""
        self.close()
        assert self.kind.seek
        seek = Seek(to, wish.get("at"), wish.get("place", ""), wish.get("position", ""))
        self.positions.update(self.kind.seek(self.connection, self.settings, seek, self.context))

    def close(self) -> None:
        """Leave; the next one begins where what is stored ends."""
        if self._reader:
            self._reader.close()
        self._reader = None
