"""Fields of the profile whose last key is only known when somebody comes: an interest, a counter, a property."""

from typing import Final

from apps.core import paths
from apps.flows.engine import changes
from apps.flows.node import Place
from apps.flows.nodes.kept_text import kept_text

MAX_CHARS: Final = 100


def check_below(place: Place, field: str, path: str, operation: str) -> str:
    """Return a path below which names may be, as fields are written; else it is refused, by its field."""
    path = path.strip().removeprefix("profile@")
    if refusal := changes.refusal(f"{path}.name", operation):
        place.refuse(field, refusal)
    return path


def below(path: str, name: str) -> str:
    """Return the field of a name below a path, whatever characters the name has.

    Raises Failure where the name is empty, too long, or cannot be stored.
    """
    return paths.join((*paths.parse(path), kept_text(name, "name", most=MAX_CHARS)))
