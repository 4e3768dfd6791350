"""What of a definition may not be what somebody meant, though it can be asked."""

from typing import Final

from apps import conditions
from apps.conditions import bare_consents
from apps.conditions.text import quote
from apps.core.mistakes import DefinitionError
from apps.segments import catalogue, definitions
from apps.segments.models import Segment

_WITHDRAWN: Final = "people who have withdrawn may be among the members"


def warnings_of(row: Segment) -> list[str]:
    """Say what of a definition may not be what somebody meant: words that name nothing, fields of consents."""
    if row.kind != Segment.Kind.CONDITION:
        return []
    try:
        condition = definitions.compile(row).condition
    except DefinitionError as error:
        return [error.message]
    found = [str(doubt) for doubt in conditions.doubts(condition, catalogue.names())]
    for field in sorted(bare_consents.fields_of(condition), key=str):
        name = field.keys[1] if len(field.keys) > 1 else "…"
        found.append(f"{field} is there whatever was decided: {_WITHDRAWN}. Ask CONSENTED({quote(name)}).")
    return found
