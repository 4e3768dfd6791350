"""Trying a draft out: what it would do for somebody, step by step, and nothing is done."""

from typing import Any, Final
from uuid import UUID

from django import forms
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from apps.core.ids import as_uuid
from apps.core.mistakes import DefinitionError
from apps.flows.admin.flow_page import FlowPage
from apps.flows.admin.shown import sees_people
from apps.flows.changing.publishing import names_of
from apps.flows.definition import Problems
from apps.flows.models import Flow
from apps.flows.trying import beginnings, step_lines, trial_walk, trials
from apps.flows.trying.told import Tried
from apps.profiles import ledger, lookup

CHANGES: Final = "flows.change_flow"
BUSY: Final = "Workers hold what its nodes ask for just now: try it again."
_LISTS: Final = ("consents", "segments")
# What each part of somebody who is made up is in JSON; all others are texts.
_KINDS: Final[dict[str, type]] = {
    **dict.fromkeys(("data", "traits", "interests", "stats", "computed"), dict),
    **dict.fromkeys(_LISTS, list),
}


class _JsonField(forms.JSONField):
    """JSON, or nothing."""

    def prepare_value(self, value: Any) -> Any:
        """Show nothing where there is nothing."""
        return "" if value is None else super().prepare_value(value)


class TryForm(forms.Form):
    """On whom, with which event."""

    person = forms.CharField(
        label="A person",
        required=False,
        widget=forms.TextInput(attrs={"class": "cdp-input"}),
        help_text="An id, e-mail address, phone or customer number: the whole of it.",
    )
    profile = _JsonField(
        label="Or somebody who is made up",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "cdp-input"}),
        help_text='JSON: {"name": "Anna", "traits": {"plan": "pro"}, "consents": ["marketing-email"]}.',
    )
    event_type = forms.CharField(
        label="Type of the event that starts it",
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"class": "cdp-input"}),
    )
    properties = _JsonField(
        label="Its properties",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "class": "cdp-input"}),
        help_text='JSON: {"value": 30}.',
    )
    stops = forms.BooleanField(
        label="Stop at the first wait", required=False, help_text="Else time passes, and what is sent arrives."
    )

    def __init__(self, *args: Any, sees_people: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sees_people:
            del self.fields["person"]

    def clean_person(self) -> UUID | None:
        """Find whom somebody means."""
        typed = self.cleaned_data["person"]
        if not typed:
            return None
        named = as_uuid(typed)
        people = {ledger.living_id(id) for id in ([named] if named else lookup.named(typed))}
        if len(people) != 1:
            raise forms.ValidationError("Several people go by this." if people else "Nobody goes by this.")
        return people.pop()

    def clean_profile(self) -> dict[str, Any] | None:
        """Refuse what nobody can be."""
        found = self.cleaned_data["profile"]
        if found is None:
            return None
        known = (*beginnings.MADE, *_LISTS)
        if not isinstance(found, dict) or found.keys() - {*known}:
            raise forms.ValidationError(f"An object, with {', '.join(known)}.")
        for name, value in found.items():
            if not isinstance(value, _KINDS.get(name, str)):
                raise forms.ValidationError(f"{name}: this is of another kind.")
        return found

    def clean_properties(self) -> dict[str, Any]:
        """Refuse what no event has."""
        found = self.cleaned_data["properties"] or {}
        if not isinstance(found, dict):
            raise forms.ValidationError("An object.")
        return found

    def document(self) -> dict[str, Any]:
        """Return what is asked, as JSON has it."""
        found = self.cleaned_data
        event = {"type": found["event_type"], "properties": found["properties"]} if found["event_type"] else None
        waits = trials.STOP if found["stops"] else trials.PASS
        person = found.get("person")
        return {"profile_id": person and str(person), "profile": found["profile"], "event": event, "waits": waits}


class TryPages(FlowPage):
    """What a draft would do."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view
        return [path("<uuid:flow_id>/try/", view(self.try_out), name="flows_try"), *super().get_urls()]

    def try_out(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Ask on whom, and tell each step; whoever may not see people tries it on somebody who is made up."""
        row = self.found(request, flow_id, CHANGES)
        may_see = sees_people(request.user)
        form = TryForm(request.POST if request.method == "POST" else None, sees_people=may_see)
        shown: dict[str, Any] = {"form": form}
        if form.is_valid():
            try:
                trial = trials.read(form.document())
                found = trial_walk.try_out(row, trial, now=timezone.now(), sees_people=may_see)
                shown |= {"found": found, "lines": _lines(row, found)}
            except (DefinitionError, Problems) as error:
                form.add_error(None, str(error))
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") != trial_walk.LOCKED:
                    raise
                form.add_error(None, BUSY)
        return self.show(request, row, "flows/try.html", f"Try {row} out", **shown)


def _lines(row: Flow, found: Tried) -> list[dict[str, Any]]:
    names = names_of(row.draft)
    return [
        {"step": each, "name": names.get(each.node, each.node), "said": list(step_lines.said(each))}
        for each in found.steps
    ]
