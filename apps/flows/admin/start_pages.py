"""Letting people enter by hand: one person, or all of a segment; whom that would reach is told first."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from apps.core.admin.shown import page_address
from apps.core.audit import actor_of
from apps.core.ids import as_uuid
from apps.core.limits import TooSlow, at_most
from apps.flows import jobs
from apps.flows.admin.flow_page import COUNT_SECS, STARTS, FlowPage
from apps.flows.describing import words
from apps.flows.models import Flow
from apps.flows.triggers import starting
from apps.flows.triggers.starting import CannotStart
from apps.profiles import ledger, lookup
from apps.segments.models import Segment

TOO_SLOW = "Counting them takes too long just now. They enter page by page, and you can pause the task, or cancel it."


class StartForm(forms.Form):
    """Who is to enter."""

    person = forms.CharField(
        label="One person",
        required=False,
        widget=forms.TextInput(attrs={"class": "cdp-input"}),
        help_text="An id, e-mail address, phone or customer number: the whole of it.",
    )
    segment = forms.ModelChoiceField(
        Segment.objects.order_by("name"),
        label="Or everybody in a segment",
        required=False,
        empty_label="no segment",
        to_field_name="key",
        widget=forms.Select(attrs={"class": "cdp-input"}),
    )

    def clean(self) -> dict[str, Any]:
        """Ask for one of both, and find the person."""
        found: dict[str, Any] = super().clean() or {}
        typed, segment = found.get("person", ""), found.get("segment")
        if bool(typed) == bool(segment):
            raise forms.ValidationError("Name a person, or choose a segment: one of both.")
        if typed:
            found["profile_id"] = self._found(typed)
        return found

    def _found(self, typed: str) -> UUID | None:
        named = as_uuid(typed)
        people = {ledger.living_id(named)} if named else {ledger.living_id(id) for id in lookup.named(typed)}
        if len(people) == 1:
            return people.pop()
        self.add_error("person", "Several people go by this." if people else "Nobody goes by this.")
        return None


class StartPages(FlowPage):
    """Who enters by hand."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view
        return [path("<uuid:flow_id>/start/", view(self.start), name="flows_start"), *super().get_urls()]

    def start(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Ask who is to enter, say whom that would reach, and let them."""
        row = self.found(request, flow_id, STARTS)
        form = StartForm(request.POST or None)
        shown: dict[str, Any] = {"form": form}
        try:
            starting.manual_of(row)
            if form.is_valid() and ("is_sure" in request.POST or form.cleaned_data.get("profile_id")):
                return self._start(request, row, form.cleaned_data)
            if form.is_bound and form.is_valid():
                shown |= self._estimate(row, form.cleaned_data["segment"])
        except CannotStart as error:
            shown["refused"] = error.message
        return self.show(request, row, "flows/start.html", f"Let people enter {row} by hand", **shown)

    def _estimate(self, row: Flow, segment: Segment) -> dict[str, Any]:
        try:
            with at_most(COUNT_SECS):
                return {"segment": segment, "estimate": starting.estimate(row, segment.key)}
        except TooSlow:
            return {"segment": segment, "too_slow": TOO_SLOW}

    def _start(self, request: HttpRequest, row: Flow, found: dict[str, Any]) -> HttpResponse:
        by, segment = request.user.get_username(), found["segment"]
        with transaction.atomic():
            if segment:
                starting.note(row, actor=actor_of(request), segment=segment.key)
                task = starting.start_segment(row, segment.key, by=by)
                self.message_user(request, f"Everybody in {segment} enters, page by page.", messages.SUCCESS)
                return HttpResponseRedirect(page_address("core_task", task.pk))
            entered = starting.start_one(row, found["profile_id"], by=by)
            starting.note(row, actor=actor_of(request), person=found["profile_id"], n_entered=len(entered.runs))
        jobs.wake()
        if not entered.runs:
            reasons = ", ".join(map(words.why_not, entered.refused))
            self.message_user(request, f"They did not enter: {reasons}.", messages.WARNING)
            return self.lead_to(row)
        self.message_user(request, "They have entered. This page tells what becomes of them.", messages.SUCCESS)
        return HttpResponseRedirect(page_address("flows_run", next(iter(entered.runs))))
