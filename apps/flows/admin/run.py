"""Runs: who is in which flow, where they wait and until when, and what became of them."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import DropdownFilter

from apps.core.admin import panels
from apps.core.admin.browser import Browser
from apps.core.admin.deleting import counted
from apps.core.admin.named_filter import NamedFilter
from apps.core.admin.shown import NOTHING, moment, page_address
from apps.core.audit import actor_of
from apps.core.ids import NIL, as_uuid
from apps.core.limits import TooSlow, at_most
from apps.flows import jobs
from apps.flows.admin import histogram, run_shown, shown
from apps.flows.admin.flow_page import COUNT_SECS
from apps.flows.changing import publishing
from apps.flows.models import Flow, Run
from apps.flows.runs import pending
from apps.profiles import ledger, lookup

VERBS: Final = {
    "run-now": (jobs.run_now, "let go on"),
    "skip": (jobs.skip, "let go on without waiting"),
    "cancel": (jobs.cancel, "taken out"),
    "revive": (jobs.revive, "given another try"),
}
# Of what cannot be taken back, asked before it is done with many.
QUESTIONS: Final = {
    "skip": (
        "Skip what they wait for",
        "Whatever they wait for, they go on at once: what comes next is done, and what comes next may send mail.",
    ),
    "cancel": (
        "Take them out",
        "Their runs end where they are, and what was about to be sent is not. They do not come back by themselves.",
    ),
}
WHY_NOT: Final = {
    "run-now": "they wait for no time",
    "skip": "they do not wait",
    "cancel": "they had ended",
    "revive": "nothing was given up of them",
}


def _asked(request: HttpRequest) -> UUID:
    """Return the id of the flow that the list is narrowed to; one of none, if it is not."""
    return as_uuid(request.GET.get("flow", "")) or NIL


class FlowFilter(NamedFilter):
    """The runs of one flow."""

    title = "flow"
    parameter_name = "flow"
    model = Flow


class NodeFilter(DropdownFilter):
    """Who is at one node of the flow that is chosen."""

    title = "node"
    parameter_name = "node"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the nodes of the version that people enter; none as long as no flow is chosen."""
        row = Flow.objects.select_related("version").filter(pk=_asked(request)).first()
        names = publishing.names_of(row.version.definition) if row and row.version else {}
        asked = request.GET.get("node")  # of an older version, perhaps
        return list({**names, **({asked: names.get(asked, asked)} if asked else {})}.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Narrow the list."""
        return queryset.filter(place=self.value()) if self.value() else queryset


class StatusFilter(admin.SimpleListFilter):
    """How runs go, or ended."""

    title = "state"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer all ways to end, and what was given up."""
        return [*((str(each.value), each.label) for each in Run.Status), ("dead", "Given up")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Narrow the list."""
        if self.value() == "dead":
            return queryset.filter(dead_at__isnull=False)
        known = self.value() in {str(each.value) for each in Run.Status}
        return queryset.filter(status=int(self.value() or 0)) if known else queryset


class DueFilter(admin.SimpleListFilter):
    """When those who wait go on."""

    title = "goes on"
    parameter_name = "due"
    SPANS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer what one looks for."""
        return [("late", "Late"), ("hour", "Within an hour"), ("day", "Within a day"), ("week", "Within a week")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Narrow the list."""
        now = timezone.now()
        if self.value():  # nobody in a paused flow goes on
            queryset = queryset.exclude(flow__state=Flow.State.PAUSED)
        if self.value() == "late":
            return queryset.filter(due_at__lt=now - timedelta(minutes=1))
        span = self.SPANS.get(self.value() or "")
        return queryset.filter(due_at__lt=now + span) if span else queryset


@admin.register(Run)
class RunAdmin(Browser):
    """Who is in which flow, the latest first; those who wait may be let go on, or ended, one or many."""

    slots = (panels.MAIN, panels.SIDE)
    empty_list = "Nobody has entered a flow yet. Publish one and switch it on, or let somebody enter by hand."
    list_display = ("began", "who", "flow_shown", "where", "goes_on", "status_shown")
    list_filter = (FlowFilter, StatusFilter, NodeFilter, DueFilter)
    list_filter_submit = True
    list_filter_sheet = False
    list_select_related = ("flow", "version")
    list_before_template = "flows/due.html"
    search_fields = ("profile_id",)
    search_help_text = "A person: an id, e-mail address, phone or customer number, the whole of it; or the id of a run"
    head_template = "flows/run_head.html"
    actions = ["run_now", "skip", "cancel", "revive"]
    fieldsets = (
        ("Step by step", {"fields": ("steps_shown",)}),
        ("Sent", {"fields": ("sent_shown",)}),
        ("What it remembers", {"fields": ("memory_shown",)}),
        ("Waits for", {"classes": ("side",), "fields": ("waits_shown",)}),
        ("Run", {"classes": ("side",), "fields": ("flow_shown", "entered_by", "began", "ended", "goal")}),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the buttons of one run."""
        view = self.admin_site.admin_view(require_POST(self.change_one))
        return [path("<uuid:run_id>/<slug:verb>/go/", view, name="flows_run_verb"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        """Find the runs of a person, or a run by its id."""
        term = search_term.strip()
        if not term:
            return queryset, False
        named = as_uuid(term)
        people = {*lookup.named(term), *([ledger.living_id(named)] if named else [])}
        if named and not queryset.filter(profile_id__in=people).exists():
            return queryset.filter(pk=named), False
        return queryset.filter(profile_id__in=people), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Add who goes on in which of the next 24 hours."""
        row, now = Flow.objects.filter(pk=_asked(request)).first(), timezone.now()
        context: dict[str, Any] = {"title": "Runs"}
        try:
            with at_most(COUNT_SECS):
                context["due"] = histogram.of(pending.histogram(now=now, flow=row), now=now)
        except TooSlow:
            context["due"] = None
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        """Read the names of people at once, as somebody may see them."""
        people = shown.people_of(request.user, [row.profile_id for row in rows])
        for row in rows:
            row.person, row.title = shown.person_of(row, people), shown.title_of(row, people)
            row.reader = request.user

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Say what can be done with it."""
        row: Any = options["obj"]
        may = self.has_change_run_permission(request)
        context |= {
            "run": row,
            "person": row.person,
            "status": shown.status_of(row),
            "reason": shown.reason_of(row),
            "goes_on": self.goes_on(row),
            "place": shown.node_name(row.place, shown.names_in(row)),
            "may_change": may and row.status == Run.Status.LIVE,
        }
        return super().render_change_form(request, context, **options)

    def has_change_run_permission(self, request: HttpRequest) -> bool:
        """Allow those who may decide about who waits."""
        return request.user.has_perm("flows.change_run")

    def change_one(self, request: HttpRequest, run_id: UUID, verb: str) -> HttpResponse:
        """Do what a button says."""
        if not self.has_change_run_permission(request):
            raise PermissionDenied
        row = get_object_or_404(Run, pk=run_id)
        if verb not in VERBS:
            raise Http404
        self._change(request, verb, Run.objects.filter(pk=row.pk))
        return HttpResponseRedirect(page_address("flows_run", row.pk))

    @admin.action(description="Let them go on now", permissions=["change_run"])
    def run_now(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        """Let those who wait go on as if their time had come."""
        self._change(request, "run-now", queryset)

    @admin.action(description="Skip what they wait for", permissions=["change_run"])
    def skip(self, request: HttpRequest, queryset: QuerySet[Run]) -> HttpResponse | None:
        """Let those who wait go on as if nothing had to be waited for, once somebody has said yes."""
        return self._ask(request, "skip", queryset)

    @admin.action(description="Take them out", permissions=["change_run"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Run]) -> HttpResponse | None:
        """End runs where they are, once somebody has said yes."""
        return self._ask(request, "cancel", queryset)

    @admin.action(description="Try again what was given up", permissions=["change_run"])
    def revive(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        """Let runs that were given up be tried as if they were new."""
        self._change(request, "revive", queryset)

    def _ask(self, request: HttpRequest, verb: str, runs: QuerySet[Run]) -> HttpResponse | None:
        """Say for how many people it would be done, and do it once somebody has said yes."""
        if "post" in request.POST:
            self._change(request, verb, runs)
            return None
        title, follows = QUESTIONS[verb]
        live = runs.filter(status=Run.Status.LIVE)
        chosen = {name: request.POST.getlist(name) for name in ("action", "index", "select_across", "_selected_action")}
        asked = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "follows": follows,
            "n_people": live.exclude(profile_id=None).values("profile_id").distinct().count(),
            "n_runs": live.count(),
            "n_ended": runs.exclude(status=Run.Status.LIVE).count(),
            "chosen": chosen,
        }
        return render(request, "flows/runs_asked.html", asked)

    def _change(self, request: HttpRequest, verb: str, runs: QuerySet[Run]) -> None:
        change, done = VERBS[verb]
        n, n_done = runs.count(), change(runs, actor=actor_of(request), now=timezone.now())
        if not n_done:
            self.message_user(request, f"Nobody was {done}: {WHY_NOT[verb]}.", messages.WARNING)
            return
        others = f" {WHY_NOT[verb].capitalize()}, the other {n - n_done:,}." if n > n_done else ""
        self.message_user(request, f"{counted(n_done, 'run was', 'runs were')} {done}.{others}", messages.SUCCESS)

    @admin.display(description="Began")
    def began(self, row: Run) -> SafeString:
        """Show when they entered."""
        return moment(row.started_at)

    @admin.display(description="Ended")
    def ended(self, row: Run) -> SafeString:
        """Show when it ended."""
        return moment(row.ended_at)

    @admin.display(description="Reached the goal")
    def goal(self, row: Run) -> SafeString:
        """Show when it reached its goal, during it or after."""
        return moment(row.goal_at)

    @admin.display(description="Who")
    def who(self, row: Any) -> SafeString | str:
        """Show of whom it is."""
        found: SafeString | str = row.person
        return found

    @admin.display(description="Flow")
    def flow_shown(self, row: Run) -> SafeString:
        """Link to the flow."""
        return run_shown.flow_of(row)

    @admin.display(description="Where, or why")
    def where(self, row: Run) -> SafeString | str:
        """Show where they wait, or why it ended."""
        if row.status == Run.Status.LIVE:
            return shown.node_name(row.place, shown.names_in(row))
        return shown.reason_of(row) or NOTHING

    @admin.display(description="Goes on")
    def goes_on(self, row: Run) -> SafeString | str:
        """Show when they go on at the latest."""
        return run_shown.goes_on(row)

    @admin.display(description="State")
    def status_shown(self, row: Run) -> SafeString:
        """Show how it goes, or how it ended."""
        return shown.status_of(row)

    @admin.display(description="Entered by")
    def entered_by(self, row: Run) -> str:
        """Say by which trigger."""
        return run_shown.entered_by(row)

    @admin.display(description="Step by step")
    def steps_shown(self, row: Any) -> SafeString:
        """Show which way they went."""
        return run_shown.steps(row, sees_all=not shown.is_masked(row.reader))

    @admin.display(description="What it remembers")
    def memory_shown(self, row: Any) -> SafeString | str:
        """Show what came with them, to who may see personal data."""
        return run_shown.memory(row, sees_all=not shown.is_masked(row.reader))

    @admin.display(description="Sent")
    def sent_shown(self, row: Any) -> SafeString | str:
        """Show what it has sent, and what became of that, to who may see deliveries."""
        return run_shown.sent(row, sees_all=row.reader.has_perm(run_shown.SEES_DELIVERIES))

    @admin.display(description="Waits for")
    def waits_shown(self, row: Run) -> SafeString:
        """Show what may wake it."""
        return run_shown.waits(row)
