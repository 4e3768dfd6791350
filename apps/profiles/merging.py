"""Two profiles become one: field by field, by rules, and in any order.

An *image* is the row of a profile as a dict. `merge_images` is a pure function, associative and commutative as long as
its strategies are (see STRATEGIES): however many profiles turn out to be one person, the order in which that is found
does not matter. What it merges are *units*: parts of the profile's trees that have a value of their own, each with who
set it and when. Which parts these are never depends on what they hold, or the order would matter again.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from apps.core import paths
from apps.core.paths import Path
from apps.profiles import aggregates, room
from apps.profiles.merge_rules import Held, MergeRules
from apps.profiles.models import Profile, summary_of
from apps.profiles.provenance import Entry, Provenance, complete
from apps.profiles.schema import FIELDS, Kind

Image = dict[str, Any]

TREES: Final = ("data", "traits", "interests", "consents", "stats", "aux")
COUNTRY: Final = ("country",)  # the one column that has a setter of its own
# A place is one thing: the city of one and the country of another would be nowhere.
_WHOLE: Final = frozenset({("data", "devices", "last", "geo")})
_FACTS: Final = {paths.parse(path): field for path, field in FIELDS.items() if path.startswith("data.")}
_MAPS: Final = frozenset(path for path, field in _FACTS.items() if field.kind is Kind.MAP)
_UNITS: Final = (_FACTS.keys() - _MAPS) | _WHOLE
_FLAT: Final = frozenset({"traits", "interests", "consents", "stats"})  # each name below them is a unit
_DERIVED: Final = "data.anonymous"  # from what else is known: nobody said so
# A field that is the percentage of one sum in another.
_PERCENTAGE: Final = tuple(paths.parse(f"data.metrics.{name}") for name in ("ltcop", "ltcocc", "ltcosc"))


class Merged(NamedTuple):
    """A unit of two profiles, and what it becomes; for people who decide whether they are one person."""

    path: str
    one: Any
    other: Any
    result: Any
    strategy: str


def image_of(profile: Profile) -> Image:
    """Return the row as a dict; it shares its trees with the profile."""
    return {field.attname: profile.__dict__[field.attname] for field in Profile._meta.concrete_fields}


def profile_of(image: Mapping[str, Any]) -> Profile:
    """Return the row of an image, be it one that was kept as JSON."""
    image = {"last_active_at": image.get("last_seen_at"), **image}  # those of old merges do not say it
    fields = [field for field in Profile._meta.concrete_fields if field.attname in image]
    return Profile(**{field.attname: field.to_python(image[field.attname]) for field in fields})


def precedence(profile: Profile | Mapping[str, Any]) -> tuple[bool, Any]:
    """Order profiles by who survives a merge: a customer before somebody unknown, then the older id."""
    read = profile.get if isinstance(profile, Mapping) else profile.__dict__.get
    return not read("primary_id"), read("id")


def merge_images(one: Image, other: Image, rules: MergeRules) -> Image:
    """Return the image of the one person that both are; neither is changed. The same profile twice is that profile."""
    if one["id"] == other["id"]:
        return one
    kept, gone = sorted((one, other), key=precedence)
    merged: Image = {name: combine(kept[name], gone[name]) for name, combine in COLUMNS.items()}
    merged |= _times(kept, gone)
    merged.update({root: {} for root in TREES}, country="", provenance=_above(kept, gone))
    if "primary_id" in kept["provenance"]:
        merged["provenance"]["primary_id"] = complete(kept["provenance"]["primary_id"])
    for unit, held in _merged_units(kept, gone, rules):
        merged["provenance"].update(held.entries)
        _put(merged, unit, held.value)
    if _DERIVED not in kept["provenance"].keys() | gone["provenance"].keys():
        merged["provenance"].pop(_DERIVED, None)
    _compute_percentage(merged)
    room.cut(merged)
    return merged | summary_of(merged["data"], merged["primary_id"])


def let_stand(merged: Image, image: Image, consent_id: str) -> None:
    """Let what one of two profiles decided about a consent stand in what they became, if it has decided at all."""
    path = paths.join(("consents", consent_id))
    if consent_id in image["consents"]:
        merged["consents"][consent_id] = image["consents"][consent_id]
        if path in image["provenance"]:
            merged["provenance"][path] = image["provenance"][path]


def compare(one: Image, other: Image, rules: MergeRules) -> list[Merged]:
    """List what each unit of two profiles becomes when they are merged; counts and times are not among them."""
    result = merge_images(one, other, rules)
    found = []
    for unit in dict.fromkeys([*_units(one), *_units(other)]):
        before, beside, after = (_get(image, unit) for image in (one, other, result))
        found.append(Merged(paths.join(unit), before, beside, after, rules.of(unit).label))
    return sorted(found, key=lambda merged: merged.path)


def _merged_units(kept: Image, gone: Image, rules: MergeRules) -> Iterator[tuple[Path, Held]]:
    held_by_kept, held_by_gone = _holdings(kept), _holdings(gone)
    for unit in held_by_kept.keys() | held_by_gone.keys():
        first, second = held_by_kept.get(unit), held_by_gone.get(unit)
        if first is None or second is None:
            held = first or second
            assert held is not None
        else:
            held = rules.of(unit).combine(first, second, paths.join(unit))
        yield unit, held


def _units(image: Image) -> Iterator[Path]:
    for root in TREES:
        yield from _below((root,), image[root] or {})
    if image["country"]:
        yield COUNTRY


def _below(path: Path, node: Any) -> Iterator[Path]:
    if path in _UNITS or not isinstance(node, dict):
        if path in _UNITS or path[0] == "aux":
            yield path
        return
    is_named = path in _MAPS or path[0] in _FLAT
    for key, child in node.items():
        below = (*path, key)
        if is_named:
            yield below
        else:
            yield from _below(below, child)


def _unit_of(path: Path) -> Path | None:
    """Return the unit that holds the field at the path; None when the field holds units."""
    if path[0] in _FLAT:
        return path[:2] if len(path) > 1 else None
    for length in range(1, len(path) + 1):
        if path[:length] in _UNITS or path[: length - 1] in _MAPS:
            return path[:length]
    return path if path[0] in ("aux", *COUNTRY) else None


def _holdings(image: Image) -> dict[Path, Held]:
    """Return what the profile holds at each unit, with who set it and when: a field without that has been for long."""
    entries: dict[Path, Provenance] = {}
    for name, found in image["provenance"].items():
        unit = _unit_of(paths.parse(name))
        if unit is not None:
            entries.setdefault(unit, {})[name] = complete(found)
    unknown: Entry = [image["last_seen_at"].isoformat(), "", ""]
    created = image["created_at"].isoformat()
    holdings = {}
    for unit in _units(image):
        own = entries.get(unit) or {paths.join(unit): _said_above(image, unit) or unknown}
        holdings[unit] = Held(_get(image, unit), tuple(max(own.values())), own, created)
    return holdings


def _said_above(image: Image, unit: Path) -> Entry | None:
    """Find who set the object that the unit lies in, such as all messengers at once."""
    for length in range(len(unit) - 1, 0, -1):
        found = image["provenance"].get(paths.join(unit[:length]))
        if found:
            return complete(found)
    return None


def _above(kept: Image, gone: Image) -> Provenance:
    """Keep who set objects that hold units: what is said of an earlier time must go on to be late."""
    found: Provenance = {}
    for image in (kept, gone):
        for name, said in image["provenance"].items():
            if name != "primary_id" and _unit_of(paths.parse(name)) is None:
                found[name] = max(found.get(name, []), complete(said))
    return found


def _get(image: Image, unit: Path) -> Any:
    found = paths.get(image, unit)
    return None if found is paths.MISSING else found


def _put(image: Image, unit: Path, value: Any) -> None:
    node: Any = image
    for key in unit[:-1]:
        node = node.setdefault(key, {})
    node[unit[-1]] = value


def _times(kept: Image, gone: Image) -> dict[str, datetime | None]:
    """Say when the one person was seen first and last, and was active, and when their last two visits began."""
    both = (kept, gone)
    seen = [image for image in both if image["event_count"]] or both  # until its first event it is as old as its row
    visits = {image[name] for image in both for name in ("visit_started_at", "previous_visit_at")} - {None}
    previous, latest = [None, None, *sorted(visits)][-2:]
    return {
        "first_seen_at": min(image["first_seen_at"] for image in seen),
        "last_seen_at": max(image["last_seen_at"] for image in seen),
        "last_active_at": max(image["last_active_at"] for image in seen),
        "previous_visit_at": previous,
        "visit_started_at": latest,
    }


def _compute_percentage(merged: Image) -> None:
    """Compute anew what follows from two merged sums: of percentages themselves nothing can be made."""
    target, part, whole = (_get(merged, path) for path in _PERCENTAGE)
    if whole and target is not None:
        _put(merged, _PERCENTAGE[0], round(100 * (part or 0) / whole, 2))


def _kept(kept: Any, _gone: Any) -> Any:
    return kept


def _sum(kept: int, gone: int) -> int:
    return kept + gone


def _earlier(kept: date | None, gone: date | None) -> date | None:
    return min((day for day in (kept, gone) if day), default=None)


def _made_anew(_kept: Any, _gone: Any) -> Any:
    return {}  # from the states: see computed.refresh


# How each column that is no fact becomes one; the trees and the country are merged by unit.
COLUMNS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "id": _kept,
    "primary_id": _kept,
    "created_at": min,
    "updated_at": max,
    "visit_count": _sum,
    "event_count": _sum,
    "identifier_count": _sum,
    "computed_states": aggregates.merge,
    "computed": _made_anew,
    "computed_version": min,
    "computed_until": _earlier,
}
