"""Configuration pages whose changes are recorded: who changed which fields of what, and from where."""

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.core import audit


class Audited:
    """Mixed into a ModelAdmin before it: additions, changes and deletions go into the audit log."""

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Record what was added."""
        self._record("added", request, obj)
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        """Record the names of the fields that were changed."""
        self._record("changed", request, obj, fields=_changed_fields(message))
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Record what is about to be deleted."""
        for obj in queryset:
            self._record("deleted", request, obj)
        return super().log_deletions(request, queryset)  # type: ignore[misc]

    def _record(self, action: str, request: HttpRequest, obj: Model, **details: Any) -> None:
        audit.record(action, actor=audit.actor_of(request), at=timezone.now(), object=obj, name=str(obj), **details)


def _changed_fields(message: Any) -> list[str]:
    """Read the names from the message that Django's admin makes of a form."""
    if not isinstance(message, list):
        return []
    return [name for part in message for name in part.get("changed", {}).get("fields", [])]
