"""Which languages a client asks for: the `Accept-Language` header (RFC 9110, section 12.5.4)."""

from functools import lru_cache

MAX_LANGUAGES = 10


@lru_cache(maxsize=4096)
def languages_of(accept_language: str) -> tuple[str, ...]:
    """List the primary language codes (`de`, `en`), the most wanted first, each once."""
    weighted = []
    for place, item in enumerate(accept_language[:500].split(",")):
        tag, _, parameter = item.strip().partition(";")
        code = tag.split("-")[0].lower()
        if code.isalpha() and 2 <= len(code) <= 3:
            weighted.append((-_weight(parameter), place, code))
    return tuple(dict.fromkeys(code for _, _, code in sorted(weighted)))[:MAX_LANGUAGES]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0
