"""Names that come from whoever tracks, and by which something is kept."""

from apps.core import storable
from apps.flows.engine.moves import Failure


def kept_text(text: str, what: str, *, most: int) -> str:
    """Return a name as it is kept; `what` it is called. Raises Failure where it is empty, too long, or not storable."""
    text = text.strip()
    if not text:
        raise Failure(f"The {what} is empty.")
    if len(text) > most:
        raise Failure(f"The {what} is longer than {most} characters.")
    if wrong := storable.problem_of_text(text):
        raise Failure(f"The {what} {wrong}.")
    return text
