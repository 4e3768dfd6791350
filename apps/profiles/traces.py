"""The values that name a person where nobody has declared them: in properties, facts and free texts."""

from collections.abc import Iterable, Iterator
from typing import Any

from apps.core import paths
from apps.core.paths import Path
from apps.profiles.identifiers import usable
from apps.profiles.models import Identifier, Profile

Kind = Identifier.Kind


def addresses_in(tree: Any, path: Path = ()) -> list[tuple[Path, str]]:
    """List (path, normalised address) of each e-mail address in a JSON tree; texts that hold more are none."""
    if isinstance(tree, str):
        address = usable(Kind.EMAIL, tree) if "@" in tree else None
        return [(path, address)] if address else []
    items: Iterable[tuple[object, Any]] = ()
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    found = []
    for key, item in items:
        if "@" in item if isinstance(item, str) else isinstance(item, (dict, list)):  # most values are done here
            found += addresses_in(item, (*path, str(key)))
    return found


def values_of(profile: Profile) -> Iterator[tuple[str, str]]:
    """Yield (kind, normalised value) of what a profile's facts name its person by."""
    if profile.primary_id and usable(Kind.USER, profile.primary_id):
        yield Kind.USER, profile.primary_id.strip()
    for _, address in addresses_in([profile.data, profile.traits, profile.primary_id]):
        yield Kind.EMAIL, address
    for tree, path in ((profile.data, "contact.phone"), (profile.traits, "phone")):
        found = paths.get(tree, path)
        for value in found.values() if isinstance(found, dict) else [found]:
            number = usable(Kind.PHONE, value) if isinstance(value, str) else None
            if number:
                yield Kind.PHONE, number
