"""What was published, and publishing: what changes, who is inside, and what is to become of them."""

from collections.abc import Iterable
from functools import partial
from itertools import zip_longest
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils import timezone

from apps.core.audit import actor_of
from apps.flows.admin.flow_page import PUBLISHES, FlowPage, goal_rates_of, nodes_of
from apps.flows.admin.shown import document_for, place_of, sees_people
from apps.flows.changing import portable, publishing, switching
from apps.flows.changing.publishing import Changed, NotNow, People, Tries
from apps.flows.definition import Problem, Problems
from apps.flows.describing import difference, publication
from apps.flows.models import Flow, FlowVersion
from apps.flows.trying.cases import CasesFail, Verdict

GOES: Final[dict[str, str]] = {
    Flow.Kind.COLLECTION: "people enter",
    Flow.Kind.SEGMENTATION: "everybody goes through it",
}


class PublishForm(forms.Form):
    """What becomes of those who are inside, and what has changed, in the words of who publishes."""

    people = forms.ChoiceField(choices=[(each.value, each.value) for each in People], initial=People.FINISH.value)
    note = forms.CharField(
        label="What has changed",
        required=False,
        max_length=publishing.MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 2, "class": "cdp-input"}),
        help_text="For your colleagues: it stands in the list of versions.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)
    ignores_cases = forms.BooleanField(label="Publish it though cases fail", required=False)
    switches_on = forms.BooleanField(label="Switch the flow on", required=False, initial=True)


class PublishPages(FlowPage):
    """Publishing, and what was published before."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages."""
        view = self.admin_site.admin_view
        one = "<uuid:flow_id>/versions/<int:number>/"
        own = [
            path("<uuid:flow_id>/publish/", view(self.publish), name="flows_publish"),
            path("<uuid:flow_id>/versions/", view(self.version_list), name="flows_versions"),
            path(one, view(self.version), name="flows_version"),
            path(f"{one}publish/", view(self.roll_back), name="flows_roll_back"),
        ]
        return [*own, *super().get_urls()]

    def publish(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Show what would change, and for whom; publish the draft once somebody has said yes."""
        row = self.found(request, flow_id, PUBLISHES)
        title = f"Publish {row}" if row.version else f"Publish {row} for the first time"
        return self._ask(request, row, row.draft, title=title, old=None)

    def roll_back(self, request: HttpRequest, flow_id: UUID, number: int) -> HttpResponse:
        """Show what would change, and for whom; publish an old version anew once somebody has said yes."""
        row = self.found(request, flow_id, PUBLISHES)
        old = get_object_or_404(FlowVersion, flow=row, number=number)
        return self._ask(request, row, old.definition, title=f"Publish version {number} of {row} again", old=old)

    def version_list(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """List what was published, each with what it changed."""
        row = self.found(request, flow_id)
        found = list(row.versions.order_by("-number"))
        inside = publishing.counts_inside(row)
        told = [
            {
                "version": each,
                "inside": inside.get(each.number, 0),
                "changes": self._told_changes(request, before.definition, each.definition) if before else [],
            }
            for each, before in zip_longest(found, found[1:])
        ]
        return self.show(request, row, "flows/versions.html", f"Versions of {row}", versions=told)

    def version(self, request: HttpRequest, flow_id: UUID, number: int) -> HttpResponse:
        """Show what a version says, and how it differs from what people enter now."""
        row = self.found(request, flow_id)
        one = get_object_or_404(FlowVersion, flow=row, number=number)
        current = row.version
        changes = (
            [] if current is None or current == one else self._told_changes(request, one.definition, current.definition)
        )
        said = document_for(request.user, one.definition)
        shown = {
            "version": one,
            "current": current,
            "changes": changes,
            "text": portable.written(said),
            **publication.in_words(row, said),
            **({} if row.kind == Flow.Kind.SEGMENTATION else nodes_of(one)),
            **goal_rates_of(row, one),
        }
        return self.show(request, row, "flows/version.html", f"Version {number} of {row}", **shown)

    def _ask(
        self, request: HttpRequest, row: Flow, document: Any, *, title: str, old: FlowVersion | None
    ) -> HttpResponse:
        form, failing = PublishForm(request.POST or None, initial={"revision": row.draft_revision}), list[Verdict]()
        if form.is_valid():
            try:
                return self._publish(request, row, old, form.cleaned_data)
            except (Changed, NotNow) as error:
                form.add_error(None, str(error))
            except CasesFail as error:
                failing = list(error.failing)
            except Problems:
                pass  # they are shown below, whether or not somebody has said yes
        read = partial(document_for, request.user)
        told = publication.before(row, document, read=read)
        told |= {"form": form, "old": old, "failing": failing, **_placed(told["problems"], document)}
        return self.show(request, row, "flows/publish.html", title, **told, **publication.in_words(row, read(document)))

    def _publish(self, request: HttpRequest, row: Flow, old: FlowVersion | None, found: dict[str, Any]) -> HttpResponse:
        actor, now, people = actor_of(request), timezone.now(), People(found["people"])
        said: dict[str, Any] = {"people": people, "note": found["note"], "actor": actor, "now": now}
        said["tries"] = Tries.of(ignores_cases=found["ignores_cases"], sees_people=sees_people(request.user))
        if old:
            version = publishing.roll_back(old.pk, **said)
        else:
            version = publishing.publish(row.pk, revision=found["revision"], **said)
        self.message_user(request, f"Version {version.number} is published.", messages.SUCCESS)
        if found["switches_on"] and row.state == Flow.State.OFF:
            switching.switch_on(row.pk, actor=actor, now=now)
            self.message_user(request, f"{row} is on: {GOES[row.kind]} from now on.", messages.SUCCESS)
        elif row.state == Flow.State.OFF:
            self.message_user(request, "It is off: nothing happens until you switch it on.", messages.WARNING)
        return self.lead_to(row)

    def _told_changes(self, request: HttpRequest, before: Any, after: Any) -> list[str]:
        """Say what has changed to somebody, who may not read every condition."""
        return difference.in_words(document_for(request.user, before), document_for(request.user, after))


def _placed(problems: Iterable[Problem], document: Any) -> dict[str, list[tuple[str, str]]]:
    return {
        name: [(place_of(each, document), each.message) for each in problems if each.is_warning is is_warning]
        for name, is_warning in (("mistakes", False), ("warnings", True))
    }
