"""The triggers that read events of one type, and which of them an event may meet: told by its properties alone.

Most conditions ask, among other things, that a property is one value: all that ask it of the same property are told
apart by one look, however many they are. Of what is left, conditions that read nothing but properties are judged here;
only for what may still be met is anything made of the event.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final

from apps.conditions import Context, value, values
from apps.conditions.tree import Field
from apps.flows.triggers.starters import Starter

logger = logging.getLogger(__name__)
_NO_VALUES: Final = (list, dict, type(None))  # none of these is written down in a condition


class Readers:
    """Triggers, those of greater priority first."""

    def __init__(self, starters: Iterable[Starter]) -> None:
        self.all: Sequence[Starter] = tuple(starters)
        self._asking_more: list[int] = []  # places of those of which no look at one property says anything
        tables: dict[Field, dict[object, list[int]]] = {}
        for place, each in enumerate(self.all):
            if each.wants is None:
                self._asking_more.append(place)
                continue
            table = tables.setdefault(each.wants.field, {})
            for wanted in each.wants.values:
                table.setdefault(_key(wanted), []).append(place)
        self._tables = [(value(field), table) for field, table in tables.items()]

    def of(self, properties: dict[str, Any], context: Context) -> list[Starter]:
        """Return those that an event which says this may meet."""
        document = {"event": {"properties": properties}}
        places = self._asking_more
        for read, table in self._tables:
            found = table.get(_key(read(document, context)))
            if found:
                places = sorted({*places, *found}) if places else found
        if not places:  # most often
            return []
        left = [self.all[place] for place in places]
        try:
            return [
                each for each in left if each.of_properties is None or each.of_properties(document, context) is True
            ]
        except Exception:
            logger.exception("A condition of a flow cannot be judged by properties")
            return left  # each is judged once more, by itself


def _key(found: Any) -> object:
    """Return what is the same of equal values."""
    if type(found) is str:
        return found
    return None if type(found) in _NO_VALUES else values.distinct_key(found)
