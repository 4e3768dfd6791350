"""Secrets at rest: texts that only whoever holds a key of ENCRYPTION_KEYS can read, newest key first.

A key may be any text of 32 characters or more, as those of SECRET_KEY are. What was encrypted with an older key of the
list stays readable; `manage.py rotate_secrets` encrypts it with the newest.
"""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """No key of ours opens a text; the message never has anything of it."""


def encrypt(text: str) -> str:
    """Encrypt a text with the newest key; the same text gives another one each time."""
    return _opener(settings.ENCRYPTION_KEYS[0]).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the text. Raises Unreadable where no key opens it."""
    try:
        return _opener(*settings.ENCRYPTION_KEYS).decrypt(token.encode()).decode()
    except InvalidToken:
        raise Unreadable("No key of ENCRYPTION_KEYS opens it.") from None


def is_of_newest_key(token: str) -> bool:
    """Tell whether a text is encrypted with the newest key."""
    try:
        _opener(settings.ENCRYPTION_KEYS[0]).decrypt(token.encode())
    except InvalidToken:
        return False
    return True


@lru_cache(maxsize=8)
def _opener(*keys: str) -> MultiFernet:
    """Make what encrypts with the first key, and opens with any; Fernet takes keys of 32 bytes, which hashes are."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys])
