"""Secrets at rest: only a key of ours opens them, and the newest encrypts."""

import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import encryption
from apps.core.encryption import Unreadable


@given(st.text(st.characters(codec="utf-8")))
def test_what_was_encrypted_is_read_again_and_looks_different_each_time(text: str) -> None:
    token = encryption.encrypt(text)

    assert encryption.decrypt(token) == text
    assert encryption.encrypt(text) != token


def test_older_keys_read_and_the_newest_encrypts(settings: Any) -> None:
    old, new = secrets.token_urlsafe(50), secrets.token_urlsafe(50)
    settings.ENCRYPTION_KEYS = [old]
    token = encryption.encrypt("open sesame")

    settings.ENCRYPTION_KEYS = [new, old]
    assert encryption.decrypt(token) == "open sesame"
    assert not encryption.is_of_newest_key(token)
    assert encryption.is_of_newest_key(encryption.encrypt("open sesame"))


def test_another_key_reads_nothing_and_the_error_tells_nothing(settings: Any) -> None:
    token = encryption.encrypt("open sesame")
    settings.ENCRYPTION_KEYS = [secrets.token_urlsafe(50)]

    for unreadable in (token, "", "no token"):
        with pytest.raises(Unreadable, match=r"^No key of ENCRYPTION_KEYS opens it\.$"):
            encryption.decrypt(unreadable)
