"""What all pages of a flow have in common: who may see it, and what stands above."""

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone

from apps.core.admin.base import ModelAdmin
from apps.core.limits import TooSlow, at_most
from apps.flows.admin.editor_build import is_drawn
from apps.flows.admin.shown import state_of
from apps.flows.describing import figures, goal_rates, passes
from apps.flows.models import Flow, FlowVersion

PUBLISHES = "flows.publish_flow"
STARTS = "flows.start_flow"
COUNT_SECS = 4.0


class FlowPage(ModelAdmin):
    """A page of one flow."""

    def found(self, request: HttpRequest, flow_id: UUID, *permissions: str) -> Flow:
        """Return a flow to whoever may see it, and has the permissions; 404 and 403 otherwise."""
        row = get_object_or_404(Flow.objects.select_related("version"), pk=flow_id)
        if not self.has_view_permission(request, row) or not request.user.has_perms(permissions):
            raise PermissionDenied
        return row

    def show(self, request: HttpRequest, row: Flow, template: str, title: str, **shown: Any) -> HttpResponse:
        """Render a page of a flow."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": row,
            "flow": row,
            "state": state_of(row),
            **_figures_of(row),
            "may_change": self.has_change_permission(request, row),
            "may_publish": request.user.has_perm(PUBLISHES),
            "may_start": request.user.has_perm(STARTS) and _has_manual(row),
            **shown,
        }
        return render(request, template, context)

    def lead_to(self, row: Flow) -> HttpResponse:
        """Lead on to what is to be seen of a flow."""
        return HttpResponseRedirect(reverse("admin:flows_overview", args=[row.pk]))

    def lead_to_editor(self, request: HttpRequest, row: Flow) -> HttpResponse:
        """Lead on to where a new flow is drawn; to its page where it is text."""
        if not is_drawn(request):
            return self.lead_to(row)
        return HttpResponseRedirect(reverse("admin:flows_editor", args=[row.pk]))


def nodes_of(version: FlowVersion) -> dict[str, Any]:
    """Count how people go through the nodes of a version, for as long as a page may take."""
    try:
        with at_most(COUNT_SECS):
            return {"nodes": figures.nodes(version)}
    except TooSlow:
        return {"is_too_slow": True}


def goal_rates_of(row: Flow, version: FlowVersion | None) -> dict[str, Any]:
    """Count who has reached the goal, for as long as a page may take."""
    if version is None:
        return {}
    try:
        with at_most(COUNT_SECS):
            reached = goal_rates.versions(row.pk)
            if not goal_rates.has_goals(version) and not any(each.reached for each in reached):
                return {}
            return {"reached": reached, "splits": goal_rates.splits(version), "n_split": goal_rates.N_SPLIT}
    except TooSlow:
        return {"goal_rates_are_too_slow": True}


def _has_manual(row: Flow) -> bool:
    """Tell whether people may enter by hand."""
    triggers = row.version.definition.get("triggers", ()) if row.version else ()
    return any(each["kind"] == "manual" for each in triggers)


def _figures_of(row: Flow) -> dict[str, Any]:
    """Return how a flow goes: by who is inside, or by how everybody went the last time."""
    if row.kind == Flow.Kind.SEGMENTATION:
        return {"is_over_everybody": True, "last_pass": passes.latest(row)}
    return {"overview": overview_of(row)}


def overview_of(row: Flow) -> figures.Overview | None:
    """Count how a flow goes, for as long as a page may take; null: that takes too long."""
    try:
        with at_most(COUNT_SECS):
            return figures.overviews([row.pk], now=timezone.now()).get(row.pk, figures.Overview())
    except TooSlow:
        return None
