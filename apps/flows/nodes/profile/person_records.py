"""What nodes have in common that save, load and delete records of a person."""

from typing import Any, Final

from apps.core.typed_settings import text
from apps.flows.engine.moves import Failure
from apps.flows.nodes.kept_text import kept_text

MAX_KIND: Final = 60
MAX_NAME: Final = 200


def kind() -> Any:
    """Declare the kind of a record."""
    return text("Kind", max_length=MAX_KIND, help="What records of this kind are: subscription, pet, crm-contact.")


def name(**common: Any) -> Any:
    """Declare the name of a record."""
    return text(
        "Name",
        max_length=1_000,
        **{"help": "Which one of its kind: {{ event@properties.subscription_id }}.", **common},
    )


def checked(name: str) -> str:
    """Return a name as it is kept. Raises Failure where it is none."""
    if not name.strip():
        raise Failure("The record has no name.")
    return kept_text(name, "name of the record", most=MAX_NAME)
