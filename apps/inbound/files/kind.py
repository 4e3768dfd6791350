"""What is the same of every kind of bridge that reads files: all of it, but for where they are."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from apps.bridges.connection_kind import Part, Report
from apps.inbound.bridge_kind import BridgeKind, Context, Seek, To, anywhere
from apps.inbound.files.file import File, Gone, Store
from apps.inbound.files.reader import FileReader, Reached, through
from apps.inbound.files.settings import LineSettings
from apps.inbound.received import Failure, Received

KNOWN: Final = {
    "path": "Where the file is.",
    "file": "Its name.",
    "line": "The number of the line, from 1 on.",
    "size": "How many bytes the file has.",
    "modified": "When it was written, in UTC.",
}


@dataclass(frozen=True, slots=True)
class Words:
    """How a kind presents itself."""

    title: str
    icon: str
    order: int
    connection_kind: str = ""


OpenStore = Callable[[Any, Any], Store]  # of the settings of the connection and of the bridge
Look = Callable[[Store, Any, Report], None]  # looks for what else one may need


def bridge_kind(
    store_of: OpenStore,
    settings: type[LineSettings],
    *,
    reads: Callable[[Any], str],
    places: Callable[[Any], Sequence[str]],
    look: Look,
    words: Words,
) -> BridgeKind:
    """Make the kind of bridge of a place where files are."""

    def open(connection: Any, settings: LineSettings, context: Context) -> FileReader:
        return FileReader(store_of(connection, settings), settings, context.positions())

    def peek(connection: Any, settings: LineSettings, n: int) -> Sequence[Received]:
        with closing(store_of(connection, settings)) as store:
            return _first(store, settings, n)

    def looked(connection: Any, settings: LineSettings, report: Report) -> None:
        try:
            with closing(store_of(connection, settings)) as store:
                found = list(store.files())
                report.well(Part.RIGHT, "It lets us see what is there.")
                _read_one(store, found, report)
                look(store, settings, report)
        except Failure as failure:
            report.failed(failure.part, failure.told)

    def seek(connection: Any, settings: LineSettings, wish: Seek, context: Context) -> Mapping[str, Any]:
        with closing(store_of(connection, settings)) as store:
            return _sought(list(store.files()), wish, context)

    return BridgeKind(
        title=words.title,
        about="JSON lines or CSV, also packed, each file once.",
        icon=words.icon,
        order=words.order,
        connection_kind=words.connection_kind,
        settings=settings,
        reads=reads,
        open=open,
        peek=peek,
        places=places,
        look=looked,
        is_shared=lambda _settings: False,
        place="file",
        known=KNOWN,
        seeks=anywhere,
        seek=seek,
        position_hint="of a file, the number of the last line that is not to be read, 1000",
        position_pattern=r"\d+",
    )


def _first(store: Store, settings: LineSettings, n: int) -> list[Received]:
    found: list[Received] = []
    for file in sorted(store.files(), key=lambda file: file.path):
        try:
            lines = (it for it in through(store, settings, file, Reached(file.version)) if not it.skipped)
            found += islice(lines, n - len(found))
        except Gone:
            continue
        if len(found) >= n:
            break
    return found


def _read_one(store: Store, files: Sequence[File], report: Report) -> None:
    if not files:
        report.doubt(Part.PLACE, "No file matches yet, so whether it may be read is seen with the first one.")
        return
    first = min(files, key=lambda file: file.path)
    try:
        next(iter(store.chunks(first, offset=0)), b"")
    except Gone:
        report.doubt(Part.PLACE, f"{first.path} was there, and is gone again.")
        return
    report.well(Part.PLACE, f"{len(files):,} files match, the first is {first.path}, and it lets us read it.")


def _sought(files: Sequence[File], wish: Seek, context: Context) -> dict[str, Any]:
    """Say of each file how far it is to be read: null is nothing of it."""
    ended = {file.path: Reached(file.version, is_done=True).write() for file in files}
    match wish.to:
        case To.BEGINNING:
            return dict.fromkeys(context.positions())
        case To.END:
            return ended
        case To.TIME if wish.at:
            at = wish.at
            return {file.path: None if file.modified_at >= at else ended[file.path] for file in files}
        case _:
            return _at_line(files, wish)


def _at_line(files: Sequence[File], wish: Seek) -> dict[str, Any]:
    versions = {file.path: file.version for file in files}
    if wish.place not in versions:
        raise Failure(Part.PLACE, f"There is no file {wish.place}: name one by its whole path.")
    if not wish.position.strip().isdecimal():
        raise Failure(Part.PLACE, "A position is the number of the last line that is not to be read.")
    return {wish.place: Reached(versions[wish.place], int(wish.position)).write()}
