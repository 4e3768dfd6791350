"""What a caller knows of documents: their fields, and the types of events. It checks and completes conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from apps.conditions.tree import Field, Scalar


@dataclass(frozen=True, slots=True)
class KnownField:
    """What is known of a field: its name for people, what it holds, and some of the values seen in it."""

    label: str = ""
    kind: str = ""
    values: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Fields by their text (profile@traits.plan), objects below which any field may be, types of events, consents."""

    fields: Mapping[str, KnownField]
    open_objects: frozenset[str] = frozenset()
    event_types: tuple[str, ...] = field(default=())
    planned_types: frozenset[str] = frozenset()  # those of them that somebody has defined; others only came
    consents: Mapping[str, str] | None = None  # their names by id; None where nobody may ask about them

    def knows(self, wanted: Field) -> bool:
        """Tell whether there is such a field; objects that hold fields count, and so do items of lists."""
        text = str(wanted)
        whole = f"{wanted.root}@" if not wanted.keys else f"{text}."
        if wanted.root == "item" or text in self.fields or any(known.startswith(whole) for known in self.fields):
            return True
        above = [str(Field(wanted.root, wanted.keys[:length])) for length in range(len(wanted.keys))]
        if self.open_objects.intersection([*above, text]):
            return True
        return any(
            known in self.fields and wanted.keys[length].isdecimal() for length, known in enumerate(above) if length
        )

    def nearest(self, text: str) -> str:
        """Return the field that was probably meant, or nothing; a last key alone is enough to find it."""
        found = get_close_matches(text, [*self.fields, *self.open_objects], n=1)
        if not found and "@" not in text:
            by_last_key = {known.rpartition("@")[2].rpartition(".")[2]: known for known in self.fields}
            found = [by_last_key[key] for key in get_close_matches(text.rpartition(".")[2], by_last_key, n=1)]
        return found[0] if found else ""
