"""Starting from a ready flow: what there is, what each needs, and a button that makes the draft."""

from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action

from apps.bridges.connection_kind import kinds
from apps.core.audit import actor_of
from apps.core.mistakes import DefinitionError
from apps.events.models import Source
from apps.flows.admin.flow_page import FlowPage
from apps.flows.admin.picture import picture
from apps.flows.definition.named import EVENT_TYPE
from apps.flows.models import Flow
from apps.flows.ready import inventory
from apps.flows.ready.inventory import Inventory
from apps.flows.ready.ready_flows import CONNECTION, Need, ReadyFlow, free_name, make_draft, ready_flows
from apps.segments.models import Segment

_FIELD: Final = "connection-"  # before the name that stands for it in the files
_NAME: Final = "name-"  # before the key of a ready flow: what yours is called
_PAGES: Final = {
    EVENT_TYPE: "admin:events_source_changelist",
    "segment": "admin:segments_segment_add",
    "consent": "admin:profiles_consenttype_add",
    CONNECTION: "admin:bridges_connection_add",
}


class ReadyForm(forms.Form):
    """What differs from installation to installation: the site, and the connections."""

    site = forms.CharField(
        label="Your site",
        help_text="Where letters lead, such as https://www.shop.example.",
        widget=forms.TextInput(attrs={"class": "cdp-input", "placeholder": "https://", "inputmode": "url"}),
    )

    def __init__(self, *args: Any, there: Inventory, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["site"] = _own_site()
        for ready in ready_flows().values():
            stand_ins = there.stand_ins(ready)
            for name, kind in ready.connections.items():
                offered = there.connections.get(kind, ())
                if len(offered) > 1:  # of one there is nothing to choose
                    self.fields[_FIELD + name] = forms.ChoiceField(
                        label=f"{name}: {kinds[kind].title}",
                        choices=[(each, each) for each in offered],
                        initial=stand_ins[name],
                        widget=forms.Select(attrs={"class": "cdp-input"}),
                    )

    def chosen(self, ready: ReadyFlow) -> dict[str, str]:
        """Return the connections that were chosen for those that a ready flow names."""
        found = {name: self.cleaned_data.get(_FIELD + name) for name in ready.connections}
        return {name: chosen for name, chosen in found.items() if chosen}


class ReadyPages(FlowPage):
    """What others have thought out."""

    def has_ready_permission(self, request: HttpRequest) -> bool:
        """Allow those who may make flows."""
        may: bool = self.has_add_permission(request)
        return may

    @action(description="Start from a ready flow", url_path="ready", icon="library_add", permissions=["ready"])
    def start_from_ready(self, request: HttpRequest) -> HttpResponse:
        """List them with what each needs, and make a draft of the one that is chosen."""
        flows = ready_flows()
        there = inventory.taken(flows.values())
        form = ReadyForm(request.POST or None, there=there)
        refused: dict[str, str] = {}  # names, by the ready flow
        if form.is_valid():
            ready = flows.get(request.POST.get("ready", ""))
            if ready is None:
                raise Http404
            try:
                row = self._make(request, ready, form, there)
            except DefinitionError as error:
                if error.field == "name":
                    refused[ready.key] = error.message
                else:
                    form.add_error("site" if error.field == "site" else None, error.message)
            else:
                self.message_user(request, _said_of(row, there.lacking(ready)), messages.SUCCESS)
                return self.lead_to(row)
        listed = _listed(request, there, refused)
        context = {**self.admin_site.each_context(request), "title": "Start from a ready flow", "opts": self.opts}
        return render(request, "flows/ready.html", {**context, "form": form, "listed": listed})

    def _make(self, request: HttpRequest, ready: ReadyFlow, form: ReadyForm, there: Inventory) -> Flow:
        connections = {**there.stand_ins(ready), **form.chosen(ready)}
        said = {"site": form.cleaned_data["site"], "name": request.POST.get(f"{_NAME}{ready.key}", "").strip()}
        return make_draft(ready, **said, connections=connections, actor=actor_of(request), now=timezone.now())


def _listed(request: HttpRequest, there: Inventory, refused: dict[str, str]) -> list[dict[str, Any]]:
    """Tell of each ready flow what it looks like, what it needs, what of that is missing, and what it may be called."""
    made = {key: (name, pk) for key, name, pk in Flow.objects.values_list("key", "name", "pk")}
    taken = {*made, *(name for name, _ in made.values())}
    return [
        {
            "ready": ready,
            "picture": picture(ready.file["definition"]),
            "needs": _told(request, ready, there),
            "n_missing": sum(there.has(need) is False for need in ready.needs),
            "made": made.get(key),
            "name": request.POST.get(f"{_NAME}{key}") or free_name(ready, taken=taken),
            "refused": refused.get(key),
        }
        for key, ready in ready_flows().items()
    ]


def _said_of(row: Flow, lacking: list[Need]) -> str:
    """Say that a draft is there, and what has to be there before it can be published."""
    if not lacking:
        return f"{row} is here, as a draft. Look at it, and publish it."
    listed = ", ".join(f"{inventory.WORDS[need.what].lower()} {need.title or need.name}" for need in lacking)
    return f"{row} is here, as a draft. Before it can be published it needs: {listed}."


def _own_site() -> str:
    """Propose a page that may send events, if one is named."""
    for origins in Source.objects.order_by("name").values_list("allowed_origins", flat=True):
        for origin in origins:
            if origin.startswith("https://"):
                return str(origin.rstrip("/"))
    return ""


def _told(request: HttpRequest, ready: ReadyFlow, there: Inventory) -> list[dict[str, Any]]:
    """Say of each need whether it is there, and where it is made."""
    stand_ins = there.stand_ins(ready)
    return [
        {
            "need": need,
            "word": inventory.WORDS[need.what],
            "has": (has := there.has(need)),
            "name": stand_ins.get(need.name, need.name) if need.what == CONNECTION else need.title or need.name,
            "where": "" if has else inventory.WHERE[need.what],
            "address": "" if has else _address(need),
        }
        for need in ready.needs
    ]


def _address(need: Need) -> str:
    """Return the page on which it is made, filled in as far as is known; empty where there is none."""
    if need.what not in _PAGES:
        return ""
    filled: dict[str, str] = {}
    match need.what:
        case "segment":
            kind = Segment.Kind.CONDITION if need.condition else Segment.Kind.FLOW
            filled = {"key": need.name, "name": need.title, "kind": kind, "condition": need.condition}
        case "consent":
            filled = {"id": need.name, "name": need.title}
        case "connection":
            filled = {"kind": need.kind}
    return f"{reverse(_PAGES[need.what])}?{urlencode({k: v for k, v in filled.items() if v})}".rstrip("?")
