"""Pages of rows that have a condition: it is read without the values that its reader may not ask about."""

from typing import Any

from django.http import HttpRequest

from apps.core.admin.base import ModelAdmin
from apps.core.admin.conditions.languages import LANGUAGES, Language


class HidesCondition(ModelAdmin):
    """A form of a row with a condition; nobody changes one of which they may not see all."""

    condition_language = "people"

    @property
    def asks_in(self) -> Language:
        """The language whose rules say what may be read; what pages ask in registers itself while they load."""
        return LANGUAGES[self.condition_language]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what its reader may not see all of: saving it would store the mask."""
        may: bool = super().has_change_permission(request, obj)
        if not isinstance(obj, self.model):  # for buttons it is but an id
            return may
        return may and not self.asks_in.is_hidden_from(request.user, obj.condition)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Find the row of a page, and hide of its condition what is not to be read."""
        row: Any = super().get_object(request, object_id, from_field)
        if row is not None:
            row.condition = self.asks_in.shown_to(request.user, row.condition)
        return row
