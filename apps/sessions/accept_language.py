"""Which languages a client asks for: the `Accept-Language` header (RFC 9110, section 12.5.4), or a phone's locale."""

import re
from functools import lru_cache
from typing import Final

MAX_LANGUAGES = 10
MAX_TAG = 35  # characters of a language tag, by RFC 5646
_BEHIND: Final = re.compile(r"[.@].*", re.DOTALL)  # de_DE.UTF-8, en_US@currency=USD


@lru_cache(maxsize=4096)
def languages_of(accept_language: str) -> tuple[str, ...]:
    """List the primary language codes (`de`, `en`), the most wanted first, each once."""
    weighted = []
    for place, item in enumerate(accept_language[:500].split(",")):
        tag, _, parameter = item.strip().partition(";")
        code = tag_of(tag).split("-")[0].lower()
        if code:
            weighted.append((-_weight(parameter), place, code))
    return tuple(dict.fromkeys(code for _, _, code in sorted(weighted)))[:MAX_LANGUAGES]


def tag_of(locale: str) -> str:
    """Write a locale as a language tag: de-DE for de_DE and de_DE.UTF-8; empty if it names no language."""
    tag = _BEHIND.sub("", locale.strip()).replace("_", "-")[:MAX_TAG]
    code = tag.partition("-")[0]
    return tag if code.isascii() and code.isalpha() and 2 <= len(code) <= 3 else ""


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
