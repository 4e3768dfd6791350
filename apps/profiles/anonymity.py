"""What is left when nobody may be recognised: of people made anonymous, and for those who may not see personal data.

Default deny: texts stay only under names that are known to be harmless, numbers unless their name points at somebody.
"""

import re
from typing import Any, Final

from django.conf import settings

from apps.core import paths
from apps.core.paths import MISSING
from apps.profiles.models import Profile
from apps.profiles.schema import FIELDS, Kind, is_empty

# Names of properties whose texts tell of nobody; HARMLESS_PROPERTIES adds an installation's own.
_HARMLESS: Final = frozenset(
    [
        "action",
        "brand",
        "category",
        "channel",
        "color",
        "currency",
        "device_type",
        "format",
        "interest",
        "language",
        "medium",
        "method",
        "payment",
        "plan",
        "rating",
        "size",
        "sku",
        "status",
        "type",
        "unit",
        "variant",
    ]
)
# Amounts, as the built-in event types have them.
_FIGURES: Final = frozenset(
    ["discount", "points", "price", "quantity", "revenue", "shipping", "subtotal", "tax", "total", "value"]
)
# Numbers that name, place or describe somebody.
_TELLING: Final = re.compile(
    r"(^|[_-])(id|ids|pk|number|no|nr|code|token|card|phone|mobile|fax|zip|postal|postcode|birthday|birth|age|height"
    r"|weight|salary|lat|lon|lng|latitude|longitude|location|ip|iban|cvv|badge|passport)$|[a-z0-9]I[dD]$",
)
# Names that are themselves what they should only name: an address, a number.
_SPEAKING: Final = re.compile(r"@|\d{6}")
_KEPT_FACTS: Final = tuple(
    field
    for path, field in FIELDS.items()
    if path.startswith("data.") and not field.is_pii and field.kind is not Kind.MAP
)


def is_harmless(name: str) -> bool:
    """Tell whether texts of this name tell of nobody."""
    return name.lower() in _HARMLESS or name in settings.HARMLESS_PROPERTIES


def is_figure(name: str) -> bool:
    """Tell whether numbers of this name are amounts."""
    return name in _FIGURES


def is_telling(name: str) -> bool:
    """Tell whether a name is one of what names, places or describes somebody, or is itself such a thing."""
    return bool(_SPEAKING.search(name) or _TELLING.search(name))


def harmless(tree: Any, *, name: str = "") -> Any:
    """Return what of a JSON tree tells of nobody; MISSING when nothing does."""
    if isinstance(tree, dict):
        return harmless_object(tree) or MISSING
    if isinstance(tree, list):
        return [left for item in tree if (left := harmless(item, name=name)) is not MISSING] or MISSING
    if isinstance(tree, bool):
        return tree
    if isinstance(tree, str):
        return tree if is_harmless(name) else MISSING
    return MISSING if tree is None or _TELLING.search(name) else tree


def harmless_object(tree: dict[str, Any]) -> dict[str, Any]:
    """Return what of an object tells of nobody."""
    kept = {key: harmless(item, name=key) for key, item in tree.items() if not _SPEAKING.search(key)}
    return {key: left for key, left in kept.items() if left is not MISSING}


def is_kept_fact(path: str) -> bool:
    """Tell whether a field of a profile tells of nobody, whatever it holds."""
    return any(field.path == path for field in _KEPT_FACTS)


def columns_of(profile: Profile) -> dict[str, Any]:
    """Return the columns of a profile as they are when nobody may be recognised; counts, times and country stay."""
    data: dict[str, Any] = {}
    for field in _KEPT_FACTS:
        value = paths.get(profile.data, field.path.removeprefix("data."))
        if not is_empty(value):
            paths.put(data, field.path.removeprefix("data."), value)
    left = {path: said for path, said in profile.provenance.items() if paths.get({"data": data}, path) is not MISSING}
    return {
        "primary_id": None,
        "email": None,
        "name": "",
        "is_anonymous": True,
        "data": data,
        "traits": {},
        "interests": _numbers(profile.interests),
        "stats": _numbers(profile.stats),
        "computed_states": {},  # which remember values of events
        "computed": _numbers(profile.computed),
        "consents": {},
        "aux": {},
        "provenance": {path: [said[0], "", ""] for path, said in left.items()},  # when, and not by which event
    }


def masked_columns_of(profile: Profile) -> dict[str, Any]:
    """Return the columns of a profile for those who may not see personal data: whoever is known stays known."""
    return {**columns_of(profile), "is_anonymous": profile.is_anonymous}


def _numbers(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: left for name, left in harmless_object(tree).items() if isinstance(left, int | float)}
