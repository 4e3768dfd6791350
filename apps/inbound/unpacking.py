"""Opens bodies that were packed, as far as there is room: a small one may hold a thousand times as much."""

import zlib
from typing import Final

MOST_BYTES: Final = 16_000_000  # of one that is open
WINDOW_BITS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}  # of what zlib reads; deflate has its header


class Packed(Exception):
    """A body that cannot be opened; the message says why."""


def unpacked(body: bytes, encoding: str) -> bytes:
    """Open what was packed by gzip or deflate, and leave alone what was not. Raises Packed."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity", "utf-8", "utf8"):  # some write their character set there
        return body
    if encoding not in WINDOW_BITS:
        raise Packed(f"It is packed by {encoding[:40]}: only gzip and deflate are known.")
    opening = zlib.decompressobj(WINDOW_BITS[encoding])
    try:
        opened = opening.decompress(body, MOST_BYTES)
    except zlib.error:
        raise Packed(f"It should be packed by {encoding}, and is not.") from None
    if opening.unconsumed_tail:
        raise Packed(f"Unpacked it has more than {MOST_BYTES:,} bytes.")
    if not opening.eof:
        raise Packed(f"It is packed by {encoding}, and its end is missing.")
    return opened
