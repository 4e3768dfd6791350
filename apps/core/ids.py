"""Ids: time-ordered ones that we make, and stable ones that stand for what a client calls something."""

from datetime import datetime
from hashlib import blake2b
from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["NIL", "as_uuid", "digest", "fingerprint", "first_id", "new_id"]

NIL = UUID(int=0)


def new_id() -> UUID:
    """Make a UUIDv7: rows made together lie together in an index."""
    return uuid7()


def first_id(at: datetime) -> UUID:
    """Return the id before which all are that were made before a time: rows by their age need no other index."""
    return UUID(int=int(at.timestamp() * 1_000) << 80)


def as_uuid(text: str) -> UUID | None:
    """Read a UUID in the canonical form of 36 characters; anything else, and the nil UUID, is None."""
    if len(text) != 36:
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return None if found == NIL else found


def digest(*parts: str, key: bytes = b"") -> UUID:
    """Hash texts to a UUID (BLAKE2b, 16 bytes, keyed when `key` is given); equal parts give equal ids.

    Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") differ.
    """
    return UUID(fingerprint(*parts, key=key))


def fingerprint(*parts: str, key: bytes = b"") -> str:
    """Return the 32 hex digits of a `digest`: a text is hashed and compared at a fraction of what a UUID costs."""
    state = blake2b(digest_size=16, key=key)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(encoded))
        state.update(encoded)
    return state.hexdigest()
