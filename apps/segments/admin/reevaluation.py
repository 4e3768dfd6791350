"""Re-evaluation runs: for which segments, how far they are, what came of them, and a button to do it now."""

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.core import audit
from apps.core.admin.shown import NOTHING, badge, moment, rows
from apps.core.admin.watched import Watched
from apps.segments import jobs
from apps.segments.models import Reevaluation
from apps.segments.runs import due


def progress_of(run: Reevaluation) -> SafeString:
    """Show whether a run is over, and how far it is."""
    if run.finished_at:
        shown = badge("With problems", "red") if run.problems else badge("Done", "green")
    else:
        shown = badge("Running", "amber")
    return render_to_string("segments/reevaluation_progress.html", {"run": run, "badge": shown})


@admin.register(Reevaluation)
class ReevaluationAdmin(Watched):
    """Re-evaluation runs, the latest first; one that is under way shows its progress without a reload."""

    empty_list = "Nothing has been evaluated in the background yet."
    list_display = ("kind", "progress_shown", "entered", "left", "started", "took")
    actions_list = ["run_now"]
    fieldsets = (
        ("Progress", {"fields": ("progress_shown",)}),
        ("Figures", {"fields": ("figures",)}),
        ("Segments, each before those that ask about it", {"fields": ("segments_shown",)}),
        ("Run", {"classes": ("side",), "fields": ("kind", "requested_by", "started", "finished", "took", "heartbeat")}),
    )

    def render_progress(self, row: Reevaluation) -> SafeString:
        """Show whether a run is over, and how far it is."""
        return progress_of(row)

    @action(description="Run now", url_path="run-now", permissions=["run"])
    def run_now(self, request: HttpRequest) -> HttpResponse:
        """Evaluate what waits, and everybody for what depends on time, once somebody has said yes."""
        if request.method == "POST":
            now, name = timezone.now(), request.user.get_username()
            # Beforehand: beginning waits for the transactions of others, and must hold no lock meanwhile.
            audit.record_by_itself("started", actor=audit.actor_of(request), at=now, name="re-evaluation run")
            for begun in (due.begin_due(requested_by=name, now=now), due.begin_full(requested_by=name, now=now)):
                jobs.push(begun.n_pages)
                self.message_user(request, begun.sentence, messages.SUCCESS if begun.n_pages else messages.INFO)
            return HttpResponseRedirect(reverse("admin:segments_reevaluation_changelist"))
        shown = {**self.admin_site.each_context(request), "title": "Re-evaluate everybody now?", "opts": self.opts}
        return render(request, "segments/reevaluation_now.html", shown)

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Allow those who may change runs."""
        return request.user.has_perm("segments.change_reevaluation")

    @admin.display(description="Entered")
    def entered(self, row: Reevaluation) -> str:
        """Show how many entered segments."""
        return f"{row.n_entered:,}"

    @admin.display(description="Left")
    def left(self, row: Reevaluation) -> str:
        """Show how many left segments."""
        return f"{row.n_left:,}"

    @admin.display(description="Figures")
    def figures(self, row: Reevaluation) -> SafeString:
        """Show what came of it."""
        return rows(
            [
                ("People", f"{row.n_seen:,}", f"of {row.n_profiles:,} when it began"),
                ("Entered", f"{row.n_entered:,}", ""),
                ("Left", f"{row.n_left:,}", ""),
                ("Starts that found it under way", f"{row.n_skipped:,}", ""),
            ]
        )

    @admin.display(description="Segments")
    def segments_shown(self, row: Reevaluation) -> SafeString:
        """Show what is evaluated, with what went wrong."""
        names = [*row.segments, *(row.problems.keys() - row.segments.keys())]
        lines = ((key or "A page", row.problems.get(key, "")) for key in names)
        return format_html_join("", '<p>{} <small class="cdp-none">{}</small></p>', lines) or NOTHING

    @admin.display(description="Began")
    def started(self, row: Reevaluation) -> SafeString:
        """Show when it began."""
        return moment(row.started_at)

    @admin.display(description="Ended")
    def finished(self, row: Reevaluation) -> SafeString:
        """Show when it ended."""
        return moment(row.finished_at)

    @admin.display(description="Last sign of life")
    def heartbeat(self, row: Reevaluation) -> SafeString:
        """Show when somebody last worked on it."""
        return moment(row.heartbeat_at)

    @admin.display(description="Took")
    def took(self, row: Reevaluation) -> str:
        """Show how long it took, or has taken until now."""
        secs = ((row.finished_at or timezone.now()) - row.started_at).total_seconds()
        return f"{secs:.1f} s" if secs < 60 else f"{secs / 60:.1f} min"
