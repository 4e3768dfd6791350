"""Reads files one after the other, in the order of their paths, each once."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, Self

import orjson

from apps.inbound.files import lines
from apps.inbound.files.file import File, Gone, Store
from apps.inbound.files.settings import CSV, LEAVE, LineSettings
from apps.inbound.files.split_lines import records
from apps.inbound.received import FORGOTTEN, Lag, Received

BATCH_BYTES: Final = 8_000_000  # of messages that are handed over at once
ENDED: Final = "Here the file ends."
FORGET: Final = "The file is gone."


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a file is read."""

    version: str
    line: int = 0
    offset: int | None = None  # in bytes; None: the lines before are read once more
    names: tuple[str, ...] = ()  # of columns, as the header said them
    is_done: bool = False

    @classmethod
    def read(cls, document: Any) -> Self | None:
        """Read what is stored; None where that is nothing."""
        if not isinstance(document, dict):
            return None
        offset = document.get("offset")
        return cls(
            str(document.get("version", "")),
            int(document.get("line", 0)),
            None if offset is None else int(offset),
            tuple(document.get("names", ())),
            bool(document.get("done")),
        )

    def write(self) -> dict[str, Any]:
        """Return it as JSON."""
        said = {"line": self.line, "offset": self.offset, "names": list(self.names), "done": self.is_done}
        return {"version": self.version} | {name: value for name, value in said.items() if value}


class FileReader:
    """The lines of all files that match, those included that come."""

    def __init__(self, store: Store, settings: LineSettings, positions: Mapping[str, Any]) -> None:
        self._store, self._settings = store, settings
        found = {path: Reached.read(position) for path, position in positions.items()}
        self._reached = {path: reached for path, reached in found.items() if reached}
        self._unknown = {path for path, reached in found.items() if not reached}  # sent to their beginning
        self._round: Iterator[Received] | None = None
        self._files: list[File] = []  # of the round, that are not done
        self._due = 0.0

    def read(self, limit: int, *, secs: float) -> Sequence[Received]:
        """Return the next lines; while there are none, look for files as often as the settings say."""
        if not limit:
            time.sleep(secs)
            return []
        until = time.monotonic() + secs
        while True:
            if self._round is None and time.monotonic() >= self._due:
                self._due = time.monotonic() + self._settings.poll.total_seconds()
                self._round = self._through_files()
            batch = self._taken(limit) if self._round else []
            if batch or time.monotonic() >= until:
                return batch
            time.sleep(max(min(self._due, until) - time.monotonic(), 0))

    def settle(self, messages: Sequence[Received]) -> None:
        """Move or delete files of which everything is stored."""
        for message in messages:
            if isinstance(message.handle, File):
                self._store.finish(message.handle)

    def lag(self) -> Lag:
        """Count the files that wait, as the last look found them."""
        waiting = [file for file in self._files if not self._is_done(file)]
        return Lag(len(waiting), min((file.modified_at for file in waiting), default=None))

    def close(self) -> None:
        """Leave."""
        self._round = None
        self._store.close()

    def _taken(self, limit: int) -> list[Received]:
        batch: list[Received] = []
        n_bytes = 0
        assert self._round is not None
        for received in islice(self._round, limit):
            batch.append(received)
            n_bytes += len(received.body)
            if n_bytes >= BATCH_BYTES:
                return batch
        if len(batch) < limit:
            self._round = None
        return batch

    def _is_done(self, file: File) -> bool:
        reached = self._reached.get(file.path)
        return reached is not None and reached.is_done and reached.version == file.version

    def _through_files(self) -> Iterator[Received]:
        """Read what is new of all files that there are now."""
        found = sorted(self._store.files(), key=lambda file: file.path)
        self._files = [file for file in found if not self._is_done(file)]
        yield from self._forgotten({file.path for file in found})
        for file in found:
            if not self._is_done(file):
                yield from self._file(file)
            elif self._settings.afterwards != LEAVE:  # we were ended before that was done
                self._store.finish(file)

    def _forgotten(self, there: set[str]) -> Iterator[Received]:
        for path in sorted((self._reached.keys() | self._unknown) - there):
            self._reached.pop(path, None)
            self._unknown.discard(path)
            yield Received(b"", key=_key(path, "gone"), place=path, position=FORGOTTEN, skipped=FORGET)

    def _file(self, file: File) -> Iterator[Received]:
        """Read a file from where one was, or from its beginning if it is another one."""
        known = self._reached.get(file.path)
        reached = known if known and known.version == file.version else Reached(file.version)
        self._reached[file.path] = reached
        try:
            for received in through(self._store, self._settings, file, reached):
                if received.handle is file:
                    self._reached[file.path] = Reached(file.version, is_done=True)
                yield received
        except Gone:
            return


def through(store: Store, settings: LineSettings, file: File, reached: Reached) -> Iterator[Received]:
    """Read a file on from there, and say at last that it is done. Raises Gone."""
    names = list(reached.names)
    is_plain, found = _lines(store, settings, file, reached)
    about = {"path": file.path, "file": file.path.rpartition("/")[2], "size": file.size}
    about["modified"] = file.modified_at.isoformat()
    line = reached.line
    for record in records(found, settings, names):
        if record.last.number <= reached.line:
            continue
        line = record.last.number
        now = Reached(file.version, line, record.last.end if is_plain else None, tuple(names))
        yield Received(
            record.body,
            key=_key(file.path, file.version, record.number),
            place=file.path,
            position=now.write(),
            about={**about, "line": record.number},
            at=file.modified_at,
            problem=record.problem,
        )
    end = Reached(file.version, line, is_done=True)
    key = _key(file.path, file.version, "end")
    yield Received(b"", key=key, place=file.path, position=end.write(), skipped=ENDED, handle=file)


def _lines(store: Store, settings: LineSettings, file: File, reached: Reached) -> tuple[bool, Iterator[lines.Line]]:
    """Open a file where one was; tell whether a position in bytes leads there again."""
    if reached.offset:
        chunks = store.chunks(file, offset=reached.offset)
        return True, lines.lines(chunks, number=reached.line, offset=reached.offset)
    is_packed, chunks = lines.opened(store.chunks(file, offset=0))
    if settings.encoding == "utf-16":
        chunks = lines.as_utf8(chunks, settings.encoding)
    # Who was sent to a line does not know yet how columns are named.
    skipped = reached.line if reached.names or settings.format != CSV else 0
    found = (line for line in lines.lines(chunks) if line.number > skipped)
    return not is_packed and settings.encoding != "utf-16", found


def _key(*parts: str | int) -> str:
    return orjson.dumps(parts).decode()
