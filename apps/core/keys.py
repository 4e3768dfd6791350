"""Keys of the API: made once, shown once, kept as a hash, replaced without a gap."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.utils.crypto import constant_time_compare

from apps.core.models import ApiKey
from apps.core.registry import Registry

PREFIX_BYTES: Final = 6
SECRET_BYTES: Final = 32
_TEXT: Final = re.compile(r"cdp_(?P<prefix>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})")
# A key in steady use writes its row once in that time, not at each request.
USED_STEP: Final = timedelta(minutes=1)


# What a key may be good for, in words; an app says so in its module `scopes`.
scopes: Final[Registry[str]] = Registry("scope", module="scopes")
# The permissions that people need, by their session, for what a scope is good for; without any it is for keys alone.
permissions: Final[Registry[tuple[str, ...]]] = Registry("permissions for a scope", module="scopes")


def issue(
    name: str, scopes: Iterable[str], *, created_by: str, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key, and return its row and its text; nobody can ever read the text again.

    The text is `cdp_<prefix>_<secret>`. The secret has 256 random bits, so a plain hash of it cannot be guessed.
    """
    prefix, secret = secrets.token_hex(PREFIX_BYTES), secrets.token_urlsafe(SECRET_BYTES)
    row = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        digest=_digest(secret),
        scopes=sorted(scopes),
        created_by=created_by,
        created_at=now,
        expires_at=expires_at,
    )
    return row, f"cdp_{prefix}_{secret}"


def rotate(row: ApiKey, *, grace: timedelta, created_by: str, now: datetime) -> tuple[ApiKey, str]:
    """Make the successor of a key, as `issue` does; the old one goes on to work for the time of grace."""
    end = now + grace
    row.expires_at = min(row.expires_at, end) if row.expires_at else end
    row.save(update_fields=["expires_at"])
    return issue(row.name, row.scopes, created_by=created_by, now=now)


def find(text: str, *, now: datetime) -> ApiKey | None:
    """Find the key that a client sends, and note that it is used; None when it is wrong, switched off or expired."""
    parts = _TEXT.fullmatch(text)
    row = ApiKey.objects.filter(prefix=parts["prefix"]).first() if parts else None
    if not parts or row is None or not row.is_valid(now):
        return None
    if not constant_time_compare(row.digest, _digest(parts["secret"])):
        return None
    if row.last_used_at is None or now - row.last_used_at > USED_STEP:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return row


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
