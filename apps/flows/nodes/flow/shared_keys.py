"""What limiters and throttles count by: a key of their own, or one that several share, of each person or of all."""

from collections.abc import Callable
from typing import Any, Final

from apps.core.typed_settings import choice, text
from apps.flows.engine.step import Step
from apps.flows.node import Place

PERSON, ALL = "person", "all"
_COUNTS: Final = {PERSON: "Each person by themselves", ALL: "Everybody together"}


def shared_key() -> Any:
    """Declare the key."""
    return text(
        "Key",
        default="",
        max_length=500,
        help="Nodes of one key count together, in all flows: offers, or {{ event@properties.sku }}. Empty: this alone.",
    )


def counts(default: str) -> Any:
    """Declare who counts together."""
    return choice("Who counts", _COUNTS, default=default)


def compiled(place: Place, settings: Any) -> Callable[[Step], str]:
    """Compile the key by which a visit is counted."""
    said, is_of_person = place.text("key", settings.key), settings.counts == PERSON

    def key_of(step: Step) -> str:
        found = said(step.scope).strip()
        # What is filled in never looks like the key of one person: only that needs no lock in order.
        key = f"key:{found};" if found else f"node:{step.flow}:{step.node}"
        return f"{key}:{step.subject.profile_id}" if is_of_person else key

    return key_of
