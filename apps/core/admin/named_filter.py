"""A filter of a list by one of some things that have names."""

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter

from apps.core.ids import as_uuid


class NamedFilter(DropdownFilter):
    """The rows that refer to one row of `model`, by its id; all of them are offered, by name."""

    model: ClassVar[type[Model]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer all that there are."""
        rows = self.model._default_manager.order_by("name")
        return [(str(pk), name) for pk, name in rows.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow the list; what is no id narrows nothing."""
        wanted = as_uuid(self.value() or "")
        return queryset.filter(**{f"{self.parameter_name}_id": wanted}) if wanted else queryset
