"""Lines of files, one after the other, whatever the size of either: packed, with a BOM, without an end."""

import codecs
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

MOST_BYTES: Final = 4_000_000  # of a line that becomes a message
HEAD_BYTES: Final = 64_000  # of a longer one that are kept
OPENED_BYTES: Final = 1_000_000  # of a packed file that are open at once
GZIP: Final = b"\x1f\x8b"
TOO_LONG: Final = f"It is longer than {MOST_BYTES:,} bytes: these are the first {HEAD_BYTES:,} of them."


class Damaged(Exception):
    """A packed file ends too early, or is none from somewhere on; the message says so."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, without what ends it."""

    data: bytes
    number: int
    end: int  # where the next one begins, in bytes of what was read
    problem: str = ""


def opened(chunks: Iterable[bytes]) -> tuple[bool, Iterator[bytes]]:
    """Open a file that is packed by gzip, and tell whether it was. Its bytes say so, not its name."""
    given = iter(chunks)
    first = b""
    for piece in given:
        first += piece
        if len(first) >= len(GZIP):
            break
    is_packed = first.startswith(GZIP)
    whole = chain([first] if first else [], given)
    return is_packed, _unpacked(whole) if is_packed else whole


def _unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack members of gzip, of which there may be several. Raises Damaged."""
    opening: Any = None
    try:
        for chunk in chunks:
            data = chunk
            while data:
                opening = opening or zlib.decompressobj(31)
                yield opening.decompress(data, OPENED_BYTES)
                data = opening.unused_data.lstrip(b"\0") if opening.eof else opening.unconsumed_tail
                opening = None if opening.eof else opening
        if opening:
            yield opening.flush()
    except zlib.error:
        raise Damaged("The file is damaged from here on: it cannot be unpacked.") from None
    if opening and not opening.eof:
        raise Damaged("The file is packed by gzip, and its end is missing: what came before was read.")


def as_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Write an encoding whose lines do not end in one byte as UTF-8; what is none of it becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def lines(chunks: Iterable[bytes], *, number: int = 0, offset: int = 0) -> Iterator[Line]:
    """Part what is read into lines, numbered from `number` on; of one that is too long the beginning is kept."""
    end, kept, size = offset, bytearray(), 0
    problem = ""
    try:
        for chunk in chunks:
            first, *others = chunk.split(b"\n")
            size += len(first)
            _keep(kept, first, size)
            for piece in others:
                number, end = number + 1, end + size + 1
                yield _line(kept, size, number, end)
                kept, size = bytearray(piece), len(piece)
    except Damaged as damage:
        problem = str(damage)
    if size or problem:
        line = _line(kept, size, number + 1, end + size)
        yield Line(line.data, line.number, line.end, problem or line.problem)


def _keep(kept: bytearray, piece: bytes, size: int) -> None:
    if size <= MOST_BYTES:
        kept += piece
    elif len(kept) <= HEAD_BYTES:
        kept += piece[:HEAD_BYTES]
    else:
        del kept[HEAD_BYTES:]


def _line(kept: bytearray, size: int, number: int, end: int) -> Line:
    if size > MOST_BYTES:
        return Line(bytes(kept[:HEAD_BYTES]), number, end, TOO_LONG)
    data = bytes(kept[:-1] if kept.endswith(b"\r") else kept)
    return Line(data.removeprefix(codecs.BOM_UTF8) if number == 1 else data, number, end)
