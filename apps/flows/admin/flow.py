"""Flows: the list, the form with the draft, and the page from which all else is reached."""

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms.widgets import Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST
from unfold.decorators import action

from apps.bridges.admin.connection_form import kind_title
from apps.bridges.models import Connection
from apps.core.admin.choosing import OfKinds
from apps.core.admin.deleting import DeletedByName, counted
from apps.core.admin.shown import NOTHING, copyable, snippet
from apps.core.audit import actor_of
from apps.core.ids import as_uuid
from apps.core.limits import TooSlow, at_most
from apps.flows import definition
from apps.flows.admin import shown
from apps.flows.admin.editor_build import is_drawn
from apps.flows.admin.editor_pages import EditorPages
from apps.flows.admin.flow_form import KINDS, form_of
from apps.flows.admin.flow_page import COUNT_SECS, goal_rates_of
from apps.flows.admin.node_pages import NodePages
from apps.flows.admin.pass_pages import PassPages
from apps.flows.admin.publish_pages import PublishPages
from apps.flows.admin.ready_pages import ReadyPages
from apps.flows.admin.start_pages import StartPages
from apps.flows.admin.switch_pages import SwitchPages
from apps.flows.admin.transfer_pages import TransferPages
from apps.flows.admin.try_pages import TryPages
from apps.flows.changing import portable, publishing, removal
from apps.flows.changing.needs import flows_that_need
from apps.flows.changing.publishing import NotNow
from apps.flows.definition.named import FLOW
from apps.flows.describing import difference, figures, offered, pass_troubles, publication, words
from apps.flows.models import Flow, Run
from apps.flows.triggers import trigger_index

N_RUNS = 10


@admin.register(Flow)
class FlowAdmin(
    OfKinds,
    DeletedByName,
    EditorPages,
    NodePages,
    PublishPages,
    TryPages,
    SwitchPages,
    StartPages,
    PassPages,
    TransferPages,
    ReadyPages,
):
    """What is done for people, step by step."""

    kinds = KINDS
    question = "What is it to do?"
    form_of = staticmethod(form_of)
    list_display = ("name_shown", "state_shown", "starts", "inside", "ended", "failed", "drawing")
    list_display_links = None
    list_filter = ("state", "kind")
    list_filter_submit = True
    list_select_related = ("version",)
    search_fields = ("name", "key")
    ordering = ("name",)
    show_full_result_count = False
    warn_unsaved_form = True
    prepopulated_fields = {"key": ("name",)}
    change_form_before_template = "flows/draft_head.html"
    actions_list = ("start_from_ready", "import_flow")
    actions_detail = ("overview_link",)
    empty_list = (
        "No flow yet. Start from a ready one, or add one: it says what is done for people after something has "
        "happened, step by step."
    )

    @property
    def media(self) -> Any:
        """Add line numbers to the draft."""
        scripts: Any = (Script("cdp/flow_draft.js", type="module"),)
        return super().media + forms.Media(js=scripts)

    def get_fieldsets(self, request: HttpRequest, obj: Flow | None = None) -> Any:
        """Ask in the order in which one thinks of it."""
        named = ("name", "key", "description")
        if obj and not self.has_change_permission(request, obj):
            return [(None, {"fields": (*named, "priority")}), ("Draft", {"fields": ("draft_shown",)})]
        draft = ("draft", "is_unfinished", "revision")
        if obj is None and is_drawn(request):
            return [(None, {"fields": named}), (None, {"fields": draft, "classes": ("hidden",)})]
        found: list[Any] = [(None, {"fields": named}), ("Draft", {"fields": draft})]
        if self.kind_of(request, obj) != Flow.Kind.SEGMENTATION:  # of runs, of which that has none
            found.append(("Limits", {"fields": ("priority", "catch_up_per_minute", "max_failure_percent")}))
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Flow | None = None) -> Any:
        """Keep the key, by which others know it."""
        return ("key", "draft_shown") if obj else ("draft_shown",)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Flow | None = None) -> Any:
        """Propose the key from the name, once."""
        return {} if obj else self.prepopulated_fields

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse who may see no personal data: conditions in a draft may tell some, and saving would store the mask."""
        may: bool = super().has_change_permission(request, obj)
        return may and not shown.is_masked(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse who may not ask about people."""
        may: bool = super().has_add_permission(request)
        return may and not shown.is_masked(request.user)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Flow | None:
        """Find the row of a page, and hide of its draft what is not to be read."""
        row: Flow | None = super().get_object(request, object_id, from_field)
        if row is not None:
            row.draft = shown.document_for(request.user, row.draft)
        return row

    def get_urls(self) -> list[URLPattern]:
        """Add the page, and the check."""
        view = self.admin_site.admin_view
        own = [
            path("<uuid:flow_id>/", view(self.overview), name="flows_overview"),
            path("check/", view(require_POST(self.check_draft)), name="flows_check"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Name the page after what is in it, and count all that it shows at once."""
        response: HttpResponse = super().changelist_view(request, {"title": "Flows", **(extra_context or {})})
        cl = getattr(response, "context_data", {}).get("cl")
        rows = list(cl.result_list) if cl else []
        try:
            with at_most(COUNT_SECS):
                found = figures.overviews([row.pk for row in rows], now=timezone.now())
        except TooSlow:
            return response
        for row in rows:
            row.overview = found.get(row.pk, figures.Overview())
        if cl:
            cl.result_list = rows
        return response

    def overview(self, request: HttpRequest, flow_id: UUID) -> HttpResponse:
        """Show what a flow does, how people go through it, and what is to be done about it."""
        row = self.found(request, flow_id)
        document = shown.document_for(request.user, row.version.definition if row.version else row.draft)
        told: dict[str, Any] = publication.in_words(row, document)
        if row.version:
            is_over_everybody = row.kind == Flow.Kind.SEGMENTATION
            why_not = pass_troubles.why_unusable if is_over_everybody else trigger_index.why_left_out
            told["left_out"] = why_not(row.version)
            told["changes"] = difference.in_words(document, shown.document_for(request.user, row.draft))
        told["n_mistakes"] = len([each for each in definition.check(row.draft, row) if not each.is_warning])
        if row.kind == Flow.Kind.SEGMENTATION:
            return self.show(request, row, "flows/flow.html", row.name, **told)
        return self.show(request, row, "flows/flow.html", row.name, **told, **self._people_in(request, row))

    def _people_in(self, request: HttpRequest, row: Flow) -> dict[str, Any]:
        """Tell how people go through a flow, for as long as a page may take, and who entered last."""
        told: dict[str, Any] = {}
        try:
            with at_most(COUNT_SECS):
                told["nodes"] = figures.nodes(row.version) if row.version else []
                told["n_elsewhere"] = figures.n_inside(row.version)[1] if row.version else 0
                told["statuses"] = figures.statuses(row.pk)
        except TooSlow:
            told["is_too_slow"] = True
        told |= goal_rates_of(row, row.version)
        if request.user.has_perm("flows.view_run"):
            latest = list(Run.objects.filter(flow=row).select_related("version").order_by("-id")[:N_RUNS])
            people = shown.people_of(request.user, [run.profile_id for run in latest])
            told["runs"] = [
                (
                    run,
                    shown.person_of(run, people),
                    shown.status_of(run),
                    shown.node_name(run.place, shown.names_in(run)),
                    shown.reason_of(run),
                )
                for run in latest
            ]
        return told

    def check_draft(self, request: HttpRequest) -> HttpResponse:
        """Render what a draft, as it is typed, comes to in words, and what is wrong with it; nothing is saved."""
        id = as_uuid(request.POST.get("pk", ""))
        row = Flow.objects.filter(pk=id).first() if id else None
        if not (self.has_change_permission(request, row) if row else self.has_add_permission(request)):
            raise PermissionDenied
        if self.kind_of(request, row) not in self.kinds:
            raise Http404
        typed = request.POST.copy()
        typed["is_unfinished"] = "on"  # all of it is told here, also where nothing could be saved
        form = self.get_form(request, row, change=bool(row))(typed, instance=copy(row) if row else None)
        broken = form.errors.get("draft")
        if broken:
            return render(request, "flows/checked.html", {"broken": broken})
        problems = form.placed(definition.check(form.document, form.instance))
        told = {
            "mistakes": [each for each in problems if not each.is_warning],
            "warnings": [each for each in problems if each.is_warning],
            **publication.in_words(form.instance, form.document),
        }
        return render(request, "flows/checked.html", told)

    def save_model(self, request: HttpRequest, obj: Flow, form: Any, change: Any) -> None:
        """Store it; the form has looked for mistakes, and for what others have changed."""
        revision = form.cleaned_data.get("revision") or 0
        publishing.save(obj, revision=revision, is_unfinished=True, actor=actor_of(request), now=timezone.now())

    def response_add(self, request: HttpRequest, obj: Flow, post_url_continue: Any = None) -> HttpResponse:
        """Lead on to where it is drawn; whoever has written it as text, to its page."""
        usual = super().response_add(request, obj, post_url_continue)
        return self._response(request, usual, self.lead_to_editor(request, obj))

    def response_change(self, request: HttpRequest, obj: Flow) -> HttpResponse:
        """Lead on to the page of the flow, where it is published."""
        return self._response(request, super().response_change(request, obj), self.lead_to(obj))

    def _response(self, request: HttpRequest, usual: HttpResponse, ours: HttpResponse) -> HttpResponse:
        return usual if "_continue" in request.POST or "_addanother" in request.POST else ours

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], **options: Any) -> HttpResponse:
        """Say what is published above the form."""
        row = options.get("obj")
        context["is_drawn"] = row is None and is_drawn(request)
        kind = context["kind"] = self.kind_of(request, row)
        over_everybody = kind == Flow.Kind.SEGMENTATION
        triggers = [] if over_everybody else [("Triggers that there are", offered.triggers())]
        context["offered"] = [*triggers, ("Nodes that there are", offered.nodes(over_everybody=over_everybody))]
        # Who draws names connections, and need not be one who may see their settings.
        context["connections"] = [(each.name, kind_title(each)) for each in Connection.objects.order_by("name")]
        if row is not None:
            context |= {"flow": row, "state": shown.state_of(row)}
        found: HttpResponse = super().render_change_form(request, context, **options)
        return found

    def may_switch_off(self, request: HttpRequest, obj: Any) -> bool:
        """Tell that it is done elsewhere: by another permission."""
        return False

    def obstacles(self, obj: Flow) -> Iterator[str]:
        """Name the flows that start it."""
        yield from super().obstacles(obj)
        names = flows_that_need(FLOW, obj.key)
        if names:
            yield f"Other flows start it: {', '.join(names)}."

    def consequences(self, obj: Flow) -> Iterator[str]:
        """Say what goes."""
        n_inside = Run.objects.filter(flow=obj, status=Run.Status.LIVE).count()
        if n_inside:
            yield f"{counted(n_inside, 'person', 'people')} inside will go no further, and get nothing more of it."
        yield "Its versions, its runs and its figures go with it, in the background. What was sent was sent."
        if obj.kind == Flow.Kind.SEGMENTATION:
            yield "Whoever is in its segments stays there: nothing lets them leave any more."
        else:
            yield "Branches that people drew are forgotten: a flow like it would draw anew."

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let versions go along, which nobody deletes by themselves."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: Flow) -> None:
        """Let it be deleted in the background: its runs may be millions."""
        removal.start(obj.pk, by=request.user.get_username())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Say why it cannot be deleted just now."""
        try:
            found: HttpResponse = super().delete_view(request, object_id, extra_context)
        except NotNow as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:flows_flow_changelist"))
        return found

    @action(description="Its page", url_path="overview", icon="bar_chart", permissions=["view"])
    def overview_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to the page of the flow."""
        return HttpResponseRedirect(reverse("admin:flows_overview", args=[object_id]))

    @admin.display(description="Flow", ordering="name")
    def name_shown(self, row: Flow) -> SafeString:
        """Link to its page."""
        return format_html("{} {}", shown.flow_link(row), copyable(row.key))

    @admin.display(description="State", ordering="state")
    def state_shown(self, row: Flow) -> SafeString:
        """Show whether people enter it."""
        return shown.state_of(row)

    @admin.display(description="Starts")
    def starts(self, row: Flow) -> SafeString | str:
        """Say by what people enter."""
        said = words.begins(row.kind, row.version.definition if row.version else row.draft)
        more = f" And by {counted(len(said) - 1, 'other way')}." if len(said) > 1 else ""
        return f"{said[0]}{more}" if said else NOTHING

    @admin.display(description="Inside now")
    def inside(self, row: Any) -> SafeString | str:
        """Show how many are inside."""
        return _counted(row, lambda overview: overview.n_inside)

    @admin.display(description="Ended, 24 h")
    def ended(self, row: Any) -> SafeString | str:
        """Show how many ended."""
        return _counted(row, lambda overview: overview.n_ended)

    @admin.display(description="Failed")
    def failed(self, row: Any) -> SafeString | str:
        """Show how many of these failed."""
        percent = row.overview.failed_percent if hasattr(row, "overview") else None
        return NOTHING if percent is None else f"{percent:.0f} %"

    @admin.display(description="Draft")
    def draft_shown(self, row: Flow) -> SafeString:
        """Show the draft to who may not change it."""
        return snippet(portable.written(row.draft))


def _counted(row: Any, n: Callable[[figures.Overview], int]) -> SafeString | str:
    """Show a figure of a flow: nobody is inside of one over everybody."""
    if row.kind == Flow.Kind.SEGMENTATION:
        return NOTHING
    return f"{n(row.overview):,}" if hasattr(row, "overview") else "?"
