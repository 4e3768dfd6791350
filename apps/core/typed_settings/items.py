"""Lists of objects, each of which is a dataclass of settings itself."""

from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import described, documents
from apps.core.typed_settings.problem import wrong
from apps.core.typed_settings.value_kinds import Kind, each


@dataclass(frozen=True)
class Items(Kind):
    """A list of such objects."""

    of: type
    least: int
    most: int
    widget = "items"
    told = "list of objects"
    nothing = ()

    def read(self, given: Any) -> tuple[Any, ...]:
        """Refuse what is no list, and name all that is wrong with each of its objects."""
        if not isinstance(given, list | tuple):
            raise wrong("Expected a list of objects.")
        if not self.least <= len(given) <= self.most:
            raise wrong(f"There are {self.least:,} to {self.most:,} of them, not {len(given):,}.")
        return tuple(each(enumerate(given), lambda item: documents.read(self.of, item)))

    def write(self, value: tuple[Any, ...]) -> list[dict[str, Any]]:
        """Write each."""
        return [documents.write(item) for item in value]

    def schema(self) -> dict[str, Any]:
        """Describe the list by one of its objects."""
        return {
            "type": "array",
            "items": described.schema_of(self.of),
            "minItems": self.least,
            "maxItems": self.most,
        }
