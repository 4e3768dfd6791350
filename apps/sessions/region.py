"""Which country a name or a code means, and on which continent a time zone lies; both by the Unicode CLDR."""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

from babel import Locale
from babel.core import get_global

# Languages in which clients name countries; English is looked at first.
_LANGUAGES: Final = ("de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da", "nb", "fi", "cs")
_NO_COUNTRIES: Final = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
_AREAS: Final = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)
# Names that are in use, and that the CLDR has in another form.
_OTHER_NAMES: Final = {
    "united states of america": "US",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "russian federation": "RU",
    "czech republic": "CZ",
    "turkey": "TR",
    "holland": "NL",
    "viet nam": "VN",
    "korea": "KR",
    "republic of korea": "KR",
    "korea republic of": "KR",
    "ivory coast": "CI",
    "cote d ivoire": "CI",
    "macedonia": "MK",
    "swaziland": "SZ",
    "burma": "MM",
    "cape verde": "CV",
    "hong kong": "HK",
    "macau": "MO",
    "macao": "MO",
    "taiwan province of china": "TW",
    "iran islamic republic of": "IR",
    "moldova republic of": "MD",
    "republic of moldova": "MD",
    "tanzania united republic of": "TZ",
    "syrian arab republic": "SY",
    "palestine": "PS",
    "vatican": "VA",
    "lao people s democratic republic": "LA",
    "bolivia plurinational state of": "BO",
    "venezuela bolivarian republic of": "VE",
}
_SEPARATORS: Final = re.compile(r"[\W_]+")


@lru_cache(maxsize=4096)
def country_code(text: str) -> str:
    """Return the code of ISO 3166 (two letters) of what a text names: DE for de, DEU, 276, Germany and Deutschland.

    Empty if it names no country that is known.
    """
    code = text.strip().upper()
    if len(code) == 2 and code in _codes():
        return code
    if len(code) > 80:
        return ""
    aliases = get_global("territory_aliases").get(code)
    if aliases and len(aliases) == 1 and aliases[0] in _codes():
        return str(aliases[0])
    name = _plain(text)
    found = _OTHER_NAMES.get(name) or next(
        (found for language in ("en", *_LANGUAGES) if (found := _names(language).get(name))), None
    )
    return found or ""


@lru_cache(maxsize=1024)
def continent_of(zone: str) -> str:
    """Return the area of a time zone by its name in the IANA database: America of US/Pacific; empty of mere offsets."""
    name = get_global("zone_aliases").get(zone, zone)
    area, slash, _ = str(name).partition("/")
    return area if slash and area in _AREAS else ""


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code in map(str, Locale("en").territories) if len(code) == 2) - _NO_COUNTRIES


@cache
def _names(language: str) -> dict[str, str]:
    territories = Locale(language).territories.items()
    return {_plain(str(name)): str(code) for code, name in territories if code in _codes()}


def _plain(name: str) -> str:
    """Write a name without accents, case, punctuation and article."""
    letters = unicodedata.normalize("NFKD", name.replace("&", " and ")).casefold()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _SEPARATORS.sub(" ", plain).strip().removeprefix("the ")
