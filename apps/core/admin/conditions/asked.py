"""The condition by which somebody filters a list: it stands in the address, so that the list can be shared."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from django.http import HttpRequest
from django.utils import timezone

from apps.conditions import Condition, ConditionError, to_sql
from apps.core.admin.conditions.languages import Language
from apps.core.admin.conditions.views import error_as_json
from apps.core.limits import TooSlow, at_most

CONDITION: Final = "condition"  # the parameter of the address
PAGE_SECS: Final = 8.0
COUNT_SECS: Final = 2.0
TOO_SLOW: Final = (
    f"This took longer than {PAGE_SECS:.0f} seconds and was stopped. Ask for more that narrows it, as a type "
    "or a time; or make a segment of it, which is evaluated in the background."
)
Result = TypeVar("Result")


@dataclass(slots=True)
class Asked:
    """What somebody asks of a list, and what is wrong with it."""

    language: Language | None
    text: str = ""
    condition: Condition | None = None
    error: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def by(cls, request: HttpRequest, language: Language | None) -> "Asked":
        """Read the condition of an address."""
        text = request.GET.get(CONDITION, "").strip() if language else ""
        asked = cls(language, text)
        if language and text:
            try:
                asked.condition = language.parse(text, user=request.user)
            except ConditionError as error:
                asked.error = error_as_json(error)
        return asked

    @property
    def error_json(self) -> str:
        """What is wrong, for the script that marks it."""
        return json.dumps(self.error)

    def narrow(self, queryset: Any) -> Any:
        """Leave the rows of which the condition is true; none, if it is wrong."""
        if self.error:
            return queryset.none()
        if not (self.language and self.condition):
            return queryset
        try:
            sql, params = to_sql(self.condition, now=timezone.now(), layout=self.language.layout())
        except ConditionError as error:
            self.error = error_as_json(error)
            return queryset.none()
        # The condition names the table as its layout does; so must the rest of the query.
        named = queryset.all()
        named.query.change_aliases({named.query.get_initial_alias(): self.language.alias})
        return named.extra(where=[sql], params=params)  # noqa: S610 - to_sql writes no value into its text

    def within_time(self, read: Callable[[], Result], *, instead: Result) -> Result:
        """Read rows; what takes too long is stopped, and that is said."""
        try:
            with at_most(PAGE_SECS):
                return read()
        except TooSlow:
            self.error = {"message": TOO_SLOW}
            return instead

    def counted(self, count: Callable[[], int]) -> int | None:
        """Count; None if that takes too long."""
        try:
            with at_most(COUNT_SECS):
                return count()
        except TooSlow:
            return None
