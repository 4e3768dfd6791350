"""People are found by any part of name, e-mail address, customer number or phone number.

The columns `search_text` and `last_seen_hour` are the database's own (see migration 0002): it computes them from what
is stored, so that nobody who writes profiles has to know of them. The one has a trigram index. The other puts people
into the order of their last events; an index on the time itself would have to be written with every event.
"""

import re
from datetime import datetime
from typing import Final

from django.db.models import BooleanField, DateTimeField, Q
from django.db.models.expressions import RawSQL

from apps.profiles import lookup

N_WORDS: Final = 8  # more tell nobody from anybody else
MAX_LETTERS: Final = 200
N_LETTERS: Final = 3  # so many make a trigram; what is shorter is looked for where words begin
_PHONE: Final = re.compile(r"[+\d][\d\s()./-]{2,}")
_SPECIAL: Final = re.compile(r"([%_\\])")


def naming(text: str) -> Q:
    """Return what selects the profiles that a text means: in part by what is known of them, or as a whole by any id."""
    ids = lookup.named(text)
    return containing(text) | Q(id__in=ids) if ids else containing(text)


def containing(text: str) -> Q:
    """Return what selects the profiles in which all words of a text are, in any case and with or without accents."""
    text = text[:MAX_LETTERS]
    found = Q()
    for word in text.split()[:N_WORDS]:
        escaped = _SPECIAL.sub(r"\\\1", word)
        found &= Q(_has(f"%{escaped}%" if len(word) >= N_LETTERS else f"% {escaped}%"))
    digits = re.sub(r"\D", "", text).lstrip("0")  # numbers are kept without signs, and may begin with a country
    if _PHONE.fullmatch(text.strip()) and digits:
        found |= Q(_has(f"%{digits}%"))
    return found


def last_seen_hour() -> RawSQL:
    """Return the column that puts people into the order of their last events."""
    return RawSQL("last_seen_hour", (), output_field=DateTimeField())


def hour_of(time: datetime) -> datetime:
    """Return the hour in which people were last seen then."""
    return time.replace(minute=0, second=0, microsecond=0)


def _has(pattern: str) -> RawSQL:
    return RawSQL("search_text LIKE profiles_folded(%s)", (pattern,), output_field=BooleanField())
