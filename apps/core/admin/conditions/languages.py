"""What conditions may be asked about in the admin: of people, of events; and what those may ask who see no names."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from apps import conditions
from apps.conditions import Catalogue, Condition, ConditionError, Layout
from apps.conditions.parse import parse_field
from apps.conditions.tree import Consent, Field, walk


class MaySee(Protocol):
    """A user, as far as this is about him."""

    def has_perm(self, permission: str) -> bool:
        """Tell whether he may do something."""


@dataclass(frozen=True, slots=True)
class Language:
    """What can be asked of one kind of thing.

    `is_harmless` names the fields that tell of nobody. Others may be asked about only by those who see them: whoever
    may not read an address could otherwise guess it, and see whether the list is empty.
    """

    name: str
    permission: str  # to look at these things at all
    sees_all: str  # the permission to see personal data
    catalogue: Callable[[], Catalogue]
    is_harmless: Callable[[Field], bool]
    check: Callable[..., None]  # (condition, text=...) refuses what cannot be asked here
    layout: Callable[[], Layout]
    alias: str  # of the table, in the layout
    placeholder: str

    def parse(self, text: str, *, user: MaySee, is_stored: bool = False) -> Condition:
        """Read a condition that somebody asks, or that was stored. Raises ConditionError."""
        condition = conditions.parse(text, catalogue=None if is_stored else self.catalogue(), is_stored=is_stored)
        self.check(condition, text=text)
        if not user.has_perm(self.sees_all):
            self._check_harmless(condition, text)
        return condition

    def known_to(self, user: MaySee) -> Catalogue:
        """Return the catalogue of what somebody may ask about."""
        catalogue = self.catalogue()
        if user.has_perm(self.sees_all):
            return catalogue
        fields = {text: known for text, known in catalogue.fields.items() if self.is_harmless(parse_field(text))}
        return replace(catalogue, fields=fields, open_objects=frozenset(), consents=None)

    def _check_harmless(self, condition: Condition, text: str) -> None:
        for node in (node for node in walk(condition) if isinstance(node, Field | Consent)):
            if all(map(self.is_harmless, node.free_fields())):
                continue
            offset = text.find(str(node))
            where: dict[str, Any] = {"offset": offset, "length": len(str(node)), "text": text} if offset >= 0 else {}
            message = f"{node} may hold personal data, which you may not see, and so not ask about either."
            raise ConditionError(message, **where)


LANGUAGES: Final[dict[str, Language]] = {}


def register(language: Language) -> Language:
    """Let pages ask in a language, by its name."""
    LANGUAGES[language.name] = language
    return language
