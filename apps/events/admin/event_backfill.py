"""From the list of events to a back-fill of all that its filter finds."""

from typing import Any, Final

from django import forms
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from apps.conditions import ConditionError
from apps.conditions.type_names import event_type
from apps.core import audit
from apps.core.admin.browser import AFTER, BEFORE, Browser
from apps.core.admin.conditions.asked import CONDITION
from apps.core.ids import as_uuid
from apps.events.admin.backfill import KINDS, backfill
from apps.events.admin.event_filters import ReceivedFilter, SourceFilter, TypeFilter, ValidFilter
from apps.events.backfill.selection import PROFILES, Selection
from apps.events.backfill.wording import told
from apps.events.models import EventType

KIND, SEARCH = "kind", "q"
KNOWN: Final = frozenset(
    [each.parameter_name for each in (TypeFilter, SourceFilter, ReceivedFilter, ValidFilter)]
    + [KIND, SEARCH, CONDITION]
)


class WhatForm(forms.Form):
    """What is done with the events, and by the mapping of which type."""

    kind = forms.ChoiceField(
        label="What to do", choices=tuple(KINDS.items()), initial=PROFILES, widget=forms.RadioSelect
    )
    type = forms.ChoiceField(label="Event type", widget=forms.Select(attrs={"class": "cdp-input"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer the types that there are."""
        super().__init__(*args, **kwargs)
        types: Any = self.fields["type"]
        found = EventType.objects.order_by("type").values_list("type", flat=True)
        types.choices = [("", "Choose an event type"), *((type, type) for type in found)]


class BackfillsEvents(Browser):
    """The button above the list, and the page behind it."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.backfill_view)
        return [path("backfill/", view, name="events_event_backfill"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Tell the list whether it may offer the button."""
        return super().changelist_view(request, {"may_backfill": _may_backfill(request), **(extra_context or {})})

    def backfill_view(self, request: HttpRequest) -> HttpResponse:
        """Ask what to do with the events that the filter in the address finds, and go the way of all back-fills."""
        if not _may_backfill(request):
            raise PermissionDenied
        selection = self._asked(request)
        back = f"{reverse('admin:events_event_changelist')}?{_without_kind(request)}"
        if selection.kind in KINDS and selection.type:
            return backfill(request, self, selection, actor=audit.actor_of(request), back=back)
        shown = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Apply mappings to these events"}
        kept = [(name, value) for name, value in request.GET.items() if name not in (KIND, "type")]
        asked = {"type": selection.type, KIND: selection.kind or PROFILES}
        form = WhatForm(asked if KIND in request.GET else None, initial=asked)
        return render(
            request,
            "events/backfill_what.html",
            {**shown, "form": form, "kept": kept, "back": back, "narrowed": told(selection)},
        )

    def _asked(self, request: HttpRequest) -> Selection:
        """Read what the list is filtered by. Raises BadRequest for what could not be taken along."""
        found = request.GET
        unknown = sorted(set(found) - KNOWN - {BEFORE, AFTER})
        if unknown:
            raise BadRequest(f"There is no filter {', '.join(unknown)}.")
        search = found.get(SEARCH, "").strip()
        about = as_uuid(search)
        condition = found.get(CONDITION, "").strip()
        language = self.asks_in
        if condition and language:
            try:
                language.parse(condition, user=request.user)
            except ConditionError as error:
                raise BadRequest(str(error)) from None
        period = ReceivedFilter.periods.get(found.get(ReceivedFilter.parameter_name, ""))
        return Selection(
            found.get(KIND, ""),
            event_type(found.get(TypeFilter.parameter_name) or ("" if about else search)),
            received_since=timezone.now() - period if period else None,
            source=as_uuid(found.get(SourceFilter.parameter_name, "")),
            about=about,
            only_flagged=found.get(ValidFilter.parameter_name) == "invalid",
            condition=condition,
        )


def _may_backfill(request: HttpRequest) -> bool:
    return request.user.has_perms(["events.change_eventtype", "events.view_event"])


def _without_kind(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop(KIND, None)
    return kept.urlencode()
