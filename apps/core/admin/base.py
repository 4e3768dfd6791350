"""What all pages obey: a list is asked only by what it offers, for so long, and each change is recorded."""

import inspect
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.views.main import ChangeList as DjangoChangeList
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.views import ChangeList as UnfoldChangeList

from apps.core import audit
from apps.core.admin.conditions import asked
from apps.core.limits import TooSlow, at_most


class ChangeList(UnfoldChangeList):
    """A list that knows no parameters but those of its filters: Django's would compare any column in any way."""

    queryset: Any

    def get_filters(self, request: HttpRequest) -> Any:
        """Refuse what no filter has taken."""
        found = super().get_filters(request)
        if found[2]:
            raise DisallowedModelAdminLookup(f"There is no filter {', '.join(found[2])}.")
        return found

    def get_results(self, request: HttpRequest) -> None:
        """Read the rows; what takes too long is stopped, and that is said."""
        try:
            with at_most(asked.PAGE_SECS):
                super().get_results(request)
                len(self.result_list)  # read now: the template would do so without a limit
        except TooSlow:
            messages.error(request, asked.TOO_SLOW)
            self.queryset = self.root_queryset = self.queryset.none()
            super().get_results(request)


class ModelAdmin(UnfoldModelAdmin):
    """The base of all pages; additions, changes and deletions go into the audit log.

    Of configuration it notes what was there before and after. Pages of rows that hold personal data set
    `audits_values` to False: then it notes the names of fields, for the log outlives an erasure.
    """

    audits_values: ClassVar[bool] = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DjangoChangeList]:
        """Let lists be asked only by what they offer."""
        return ChangeList

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        """Look at what is stored before it is changed."""
        before = audit.values_of(form.instance) if change else {}
        obj = super().save_form(request, form, change)
        obj.values_before = before
        return obj

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """Run an action of the list in one transaction with its record, as Django does with forms."""
        with transaction.atomic():
            return super().response_action(request, queryset)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record what was added."""
        self.record("added", request, obj, **self._changes({}, audit.values_of(obj)))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record what was changed."""
        before = getattr(obj, "values_before", None)
        details = self._changes(before, audit.values_of(obj)) if before else {}
        if not details:
            # The names are in the message that Django's admin makes of a form.
            parts = message if isinstance(message, list) else []
            details = {"fields": [name for part in parts for name in part.get("changed", {}).get("fields", [])]}
        self.record("changed", request, obj, **details)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Record what is about to be deleted."""
        for obj in queryset:
            self.record("deleted", request, obj, **self._changes(audit.values_of(obj), {}))
        return super().log_deletions(request, queryset)

    def record(self, action: str, request: HttpRequest, obj: Model, **details: Any) -> None:
        """Note what is done to a row, in the transaction that does it; the action is a verb in the past."""
        name = {"name": str(obj)} if self.audits_values else {}
        audit.record(action, actor=audit.actor_of(request), at=timezone.now(), object=obj, **name, **details)

    def record_action(self, action: str, request: HttpRequest, **details: Any) -> None:
        """Note what was done to no row, or to more than one wants to name."""
        audit.record(action, actor=audit.actor_of(request), at=timezone.now(), **details)

    def record_all(self, action: str, request: HttpRequest, rows: Iterable[Model]) -> None:
        """Note what was done to many rows."""
        audit.record_all(action, rows, actor=audit.actor_of(request), at=timezone.now())

    def _changes(self, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
        return audit.changes_of(self.model, before, after) if self.audits_values else {}


def check(site: AdminSite) -> None:
    """Raise ImproperlyConfigured, naming the file, for a page that does not inherit from ours."""
    for model, page in site._registry.items():
        if not isinstance(page, ModelAdmin):
            kind, base = type(page), f"{ModelAdmin.__module__}.{ModelAdmin.__name__}"
            message = f"the page {kind.__name__} of {model._meta.label} does not inherit from {base}."
            raise ImproperlyConfigured(f"{inspect.getfile(kind)}: {message}")
