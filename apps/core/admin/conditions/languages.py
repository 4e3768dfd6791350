"""What conditions may be asked about in the admin: of people, of events; and what those may ask who see no names."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from apps import conditions
from apps.conditions import Catalogue, Condition, ConditionError, Layout, masked
from apps.conditions.parse import parse_field
from apps.conditions.text import MASK
from apps.conditions.tree import Field, Node
from apps.core.registry import Registry


class MaySee(Protocol):
    """A user, as far as it matters here."""

    def has_perm(self, permission: str) -> bool:
        """Tell whether they may do something."""


@dataclass(frozen=True, slots=True)
class Language:
    """What can be asked of one kind of thing.

    `tells_of_nobody` names the fields that all may ask about, `telling_part` what of a condition only those may ask,
    and read, who see personal data: whoever may not read an address could otherwise guess it, and see whether the list
    is empty.
    """

    name: str
    permission: str  # to look at these things at all
    sees_all: str  # the permission to see personal data
    catalogue: Callable[[], Catalogue]
    tells_of_nobody: Callable[[Field], bool]
    telling_part: Callable[[Node], Node | None]
    check: Callable[..., None]  # (condition, text=...) refuses what cannot be asked here
    layout: Callable[[], Layout]
    alias: str  # of the table, in the layout
    placeholder: str
    roots: tuple[str, ...] = ("profile",)  # of the fields that are asked about, but for those of past events
    has_past: bool = True  # whether past events may be asked about

    def parse(self, text: str, *, user: MaySee, is_stored: bool = False) -> Condition:
        """Read a condition that somebody asks, or that was stored. Raises ConditionError."""
        condition = conditions.parse(text, catalogue=None if is_stored else self.catalogue(), is_stored=is_stored)
        self.check(condition, text=text)
        if not user.has_perm(self.sees_all):
            self._check_telling(condition, text)
        return condition

    def known_to(self, user: MaySee) -> Catalogue:
        """Return the catalogue of what somebody may ask about."""
        catalogue = self.catalogue()
        if user.has_perm(self.sees_all):
            return catalogue
        fields = {text: known for text, known in catalogue.fields.items() if self.tells_of_nobody(parse_field(text))}
        return replace(catalogue, fields=fields, open_objects=frozenset(), consents=None)

    def is_hidden_from(self, user: MaySee, text: str) -> bool:
        """Tell whether a stored condition asks about what somebody may not ask about."""
        if not text or user.has_perm(self.sees_all):
            return False
        condition = _stored(text)
        return condition is None or self.telling_part(condition) is not None

    def shown_to(self, user: MaySee, text: str) -> str:
        """Return a stored condition as somebody may read it: without the values of what they may not ask about."""
        if not self.is_hidden_from(user, text):
            return text
        condition = _stored(text)
        return MASK if condition is None else masked(condition, keeps=lambda part: self.telling_part(part) is None)

    def _check_telling(self, condition: Condition, text: str) -> None:
        node = self.telling_part(condition)
        if node is None:
            return
        offset = text.find(str(node))
        where: dict[str, Any] = {"offset": offset, "length": len(str(node)), "text": text} if offset >= 0 else {}
        message = f"{node} may hold personal data, which you may not see, and so not ask about either."
        raise ConditionError(message, **where)


def _stored(text: str) -> Condition | None:
    try:
        return conditions.parse(text, is_stored=True)
    except ConditionError:
        return None


LANGUAGES: Final[Registry[Language]] = Registry("condition language", module="admin.languages")  # by name
