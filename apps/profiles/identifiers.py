"""Names that other systems have for people: made comparable, hashed, and told apart from those that name nobody."""

import re
from collections.abc import Callable
from fnmatch import translate
from functools import lru_cache
from typing import Final
from uuid import UUID

import idna
import phonenumbers
from django.conf import settings

from apps.conditions.spelling import fold
from apps.core.ids import digest
from apps.core.snapshot import Snapshot
from apps.profiles.models import BlockedIdentifier, Identifier
from apps.profiles.names import BLOCKED, names_nobody, words_of

Kind = Identifier.Kind
MAX_LENGTH: Final = 512
Patterns = tuple[tuple[str, Callable[[str], object]], ...]  # (kind or "" for all, matches)

_NO_PERSON: Final = frozenset(map(words_of, BLOCKED["roles"] + BLOCKED["pretended"]))
_NO_HOST: Final = frozenset(BLOCKED["hosts"])
_SAMPLE_HOSTS: Final = frozenset(BLOCKED["sample_hosts"])
_SAMPLE_NAMES: Final = frozenset(BLOCKED["sample_names"])


def normalise(kind: str, value: str) -> str | None:
    """Return the value as all who mean the same write it; None when it is no such identifier, or names nobody.

    E-mail addresses in lower case, phone numbers in E.164 (national ones are those of DEFAULT_REGION), and all of them
    in one spelling of Unicode.
    """
    folded = fold(value)
    found = _NORMALISERS[kind](folded) if kind in _NORMALISERS else folded
    return found if found and len(found) <= MAX_LENGTH and not names_nobody(found) else None


def usable(kind: str, value: str) -> str | None:
    """Return the normalised value; None when it is no such identifier, or one that is blocked."""
    return _usable(kind, value, blocked.get())


@lru_cache(maxsize=16_384)  # each claim of a batch is looked at several times
def _usable(kind: str, value: str, patterns: Patterns) -> str | None:
    found = normalise(kind, value)
    if found is None or (kind == Kind.EMAIL and _is_role(found)):
        return None
    is_blocked = any(matches(found) for scope, matches in patterns if scope in ("", kind))
    return None if is_blocked else found


@lru_cache(maxsize=16_384)
def identifier_id(kind: str, value: str) -> UUID:
    """Hash a normalised identifier, keyed by IDENTITY_KEY: the value itself is not kept here."""
    return digest(kind, value, key=settings.IDENTITY_KEY.encode()[:64])


def _is_role(address: str) -> bool:
    name, _, host = address.partition("@")
    name = name.partition("+")[0]
    words = words_of(name)
    if words in _NO_PERSON or names_nobody(name) or (host in _SAMPLE_HOSTS and words in _SAMPLE_NAMES):
        return True
    return host.partition(".")[0] in _NO_HOST or host.endswith(".invalid")


def _email(value: str) -> str | None:
    name, _, host = fold(value.lower()).rpartition("@")
    host = _ascii_host(host)
    is_address = name and "." in host.strip(".") and not re.search(r"[\s,;<>]", f"{name}{host}")
    return f"{name}@{host}" if is_address else None


def _ascii_host(host: str) -> str:
    """Write a host's name as mail servers ask for it: browsers send the one form, other programs the other."""
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        return host


@lru_cache(maxsize=4_096)
def _phone(value: str) -> str | None:
    # In most countries two zeros lead out of it; where they do not, a number of that country is looked for first.
    for written in (value, _ZEROS.sub("+", value)):
        try:
            number = phonenumbers.parse(written, settings.DEFAULT_REGION or None)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


_ZEROS: Final = re.compile(r"^[^\w+]*00")
_NORMALISERS: Final[dict[str, Callable[[str], str | None]]] = {Kind.EMAIL: _email, Kind.PHONE: _phone}


def _read() -> Patterns:
    found = []
    for kind, pattern in BlockedIdentifier.objects.values_list("kind", "pattern"):
        # Written as the values are that it is held against.
        name, at, host = fold(pattern).rpartition("@")
        spelled = f"{name}@{_ascii_host(host)}" if at else host
        found.append((kind, re.compile(translate(spelled), re.IGNORECASE).match))
    return tuple(found)


blocked = Snapshot(_read, of=(BlockedIdentifier,), refresh_secs=5)
