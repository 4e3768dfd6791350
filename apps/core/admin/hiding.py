"""Pages of rows that have a condition: it is read without the values that its reader may not ask about."""

from typing import Any

from django.http import HttpRequest

from apps.conditions.text import MASK
from apps.core.admin.base import ModelAdmin
from apps.core.admin.conditions.languages import LANGUAGES


class HidesCondition(ModelAdmin):
    """A form of a row with a condition; nobody changes one of which they may not see all."""

    condition_language = "people"  # whose rules say what may be read

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what its reader may not see all of: saving it would store the mask."""
        may: bool = super().has_change_permission(request, obj)
        if not isinstance(obj, self.model):  # for buttons it is but an id
            return may
        return may and not self._is_hidden(request, obj.condition)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Find the row of a page, and hide of its condition what is not to be read."""
        row: Any = super().get_object(request, object_id, from_field)
        if row is not None and self._is_hidden(request, row.condition):
            language = LANGUAGES.get(self.condition_language)
            row.condition = language.shown_to(request.user, row.condition) if language else MASK
        return row

    def _is_hidden(self, request: HttpRequest, condition: str) -> bool:
        """Tell whether a condition may tell what somebody may not read: anything, where no app has the language."""
        language = LANGUAGES.get(self.condition_language)
        return language.is_hidden_from(request.user, condition) if language else bool(condition)
