"""What one does with a bridge besides filling in its form: try it, look at messages, pause it, send it elsewhere."""

from copy import copy
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from unfold.decorators import action

from apps.bridges import connections
from apps.bridges.admin.connection import lines_of
from apps.bridges.connection_kind import Report
from apps.core import audit
from apps.core.admin.choosing import OfKinds
from apps.core.admin.shown import page_address
from apps.core.encryption import Unreadable
from apps.core.ids import as_uuid
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import SettingsError
from apps.events import sources
from apps.inbound import bridge_test, definitions, opening, sampling, seeking
from apps.inbound.admin import bridge_shown, sample_shown
from apps.inbound.admin.bridge_form import MAPPING
from apps.inbound.admin.seek_form import SeekForm
from apps.inbound.bridge_kind import kinds
from apps.inbound.bridge_status import Status, statuses
from apps.inbound.models import Bridge
from apps.inbound.received import Failure
from apps.inbound.sampling import Sampled

SEES_MESSAGES: Final = "inbound.view_bridgedeadletter"
N_PLACES: Final = 200
NOT_NEEDED: Final = ("name", "is_enabled", "source")  # fields that matter to no message
Problems = dict[str, str]  # by the field of the form


class BridgePages(OfKinds):
    """The buttons above a bridge, and the parts of its page that ask for themselves."""

    actions_detail = ("try_it", "pause", "resume", "seek")

    def get_urls(self) -> list[URLPattern]:
        """Add the parts of the page."""
        view = self.admin_site.admin_view
        return [
            path("preview/", view(require_POST(self.preview)), name="inbound_bridge_preview"),
            path("places/", view(require_POST(self.places)), name="inbound_bridge_places"),
            path("<uuid:row_id>/live/", view(require_GET(self.live)), name="inbound_bridge_live"),
            *super().get_urls(),
        ]

    @action(description="Test", url_path="test", icon="network_check", permissions=["change"])
    def try_it(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Try it now, and say of each part how it went."""
        row = self._row(object_id)
        shown = self._context(request, row, f"Test: {row}")
        if request.method == "POST":
            # By itself, and before: somebody else is asked, and nothing of ours is changed.
            audit.record_by_itself(
                "tested", actor=audit.actor_of(request), at=timezone.now(), object=row, name=row.name
            )
            report, problem = _tried(row)
            shown |= {"report": report, "problem": problem, "lines": lines_of(report)}
        return render(request, "inbound/try_it.html", shown)

    @action(description="Pause", url_path="pause", icon="pause", permissions=["pause"])
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let nothing be read for a while, once somebody has said yes."""
        row = self._row(object_id)
        if request.method == "POST":
            with transaction.atomic():
                definitions.pause(row, at=timezone.now())
                self.record("paused", request, row)
            return self._done(request, row, f"{row} is paused.")
        shown = self._context(request, row, f"Pause: {row}")
        return render(request, "inbound/pause.html", {**shown, "is_pause": True})

    @action(description="Resume", url_path="resume", icon="play_arrow", permissions=["resume"])
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it read on, once somebody has said yes."""
        row = self._row(object_id)
        if request.method == "POST":
            with transaction.atomic():
                definitions.resume(row)
                self.record("resumed", request, row)
            return self._done(request, row, f"{row} reads on.")
        return render(request, "inbound/pause.html", self._context(request, row, f"Resume: {row}"))

    @action(description="Seek", url_path="seek", icon="move_down", permissions=["seek"])
    def seek(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it read on from elsewhere, once somebody has said from where."""
        row = self._row(object_id)
        kind = kinds[row.kind]
        if request.method == "POST" and "give_up" in request.POST:
            with transaction.atomic():
                seeking.give_up(row)
                self.record("sought", request, row, to="")
            return self._done(request, row, f"{row} reads on where it is.")
        form = SeekForm(kind, seeking.offered(row), request.POST or None)
        if form.is_valid():
            told = bridge_shown.told_of(form.seek)
            with transaction.atomic():
                seeking.wish(row, form.seek)
                self.record("sought", request, row, to=told)
            return self._done(request, row, f"{row} will read {told}, as soon as a process reads for it.")
        shown = self._context(request, row, f"Seek: {row}")
        shown |= {"form": form, "kind": kind, "places": row.positions.order_by("place")[:N_PLACES]}
        return render(request, "inbound/seek.html", shown)

    def has_pause_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer a pause of what is not paused."""
        return self._may_act(request, object_id, paused_at=None)

    def has_resume_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer to resume what is paused."""
        return self._may_act(request, object_id, paused_at__isnull=False)

    def has_seek_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Offer what a bridge can do as it is set."""
        id = as_uuid(str(object_id or ""))
        row = Bridge.objects.filter(pk=id).first() if id else None
        return self._may_act(request, object_id) and (row is None or _can_seek(row))

    def live(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        """Render how it goes now."""
        row = get_object_or_404(Bridge, pk=row_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return render(request, "inbound/status.html", self.status_of(request, row))

    def status_of(self, request: HttpRequest, row: Bridge) -> dict[str, Any]:
        """Return what is to be seen of how a bridge goes."""
        may_see_dead = request.user.has_perm(SEES_MESSAGES)
        return bridge_shown.context(row, _status(row), may_see_dead=may_see_dead)

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Read some messages as the form is now, without consuming any, and show what they would become."""
        if not request.user.has_perm(SEES_MESSAGES):
            raise PermissionDenied
        row, wrong = self._typed(request)
        self._asked(request, row, "sampled")
        of_mapping = [told for name, told in wrong.items() if name.startswith(MAPPING)]
        problems = [told for name, told in wrong.items() if not name.startswith(MAPPING)]
        shown: list[dict[str, Any]] = []
        if not problems:
            try:
                shown = [sample_shown.message(each) for each in _sampled(row, is_mapped=not of_mapping)]
            except (DefinitionError, SettingsError, Unreadable, Failure) as error:
                problems = [_told(error)]
        found = {"messages": shown, "problems": problems, "of_mapping": of_mapping}
        return render(request, "inbound/sampled.html", found)

    def places(self, request: HttpRequest) -> HttpResponse:
        """List what there is to read, by the connection that the form names."""
        row, wrong = self._typed(request, only=("connection",))
        self._asked(request, row, "listed")
        problems = list(wrong.values())
        found: list[str] = []
        if not problems:
            try:
                connection = connections.opened(row.connection) if row.connection else None
                list_places = opening.kind_of(row).places
                found = sorted(list_places(connection)) if list_places else []
            except (DefinitionError, SettingsError, Unreadable, Failure) as error:
                problems = [_told(error)]
        shown = {"places": found[:N_PLACES], "n_more": len(found[N_PLACES:]), "problems": problems}
        return render(request, "inbound/places.html", shown)

    def _typed(self, request: HttpRequest, *, only: tuple[str, ...] = ()) -> tuple[Bridge, Problems]:
        """Return a bridge as somebody types it, and what is wrong with that, by field; nothing is saved."""
        id = as_uuid(request.POST.get("pk", ""))
        row = Bridge.objects.select_related("connection").filter(pk=id).first() if id else None
        may = self.has_change_permission(request, row) if row else self.has_add_permission(request)
        if not may or self.kind_of(request, row) not in kinds:
            raise PermissionDenied
        form = self.get_form(request, row, change=bool(row))(request.POST, instance=copy(row))
        form.full_clean()
        asked = [name for name in only or form.fields if name not in NOT_NEEDED and name in form.errors]
        return form.instance, {name: f"{form[name].label}: {form.errors[name][0]}" for name in asked}

    def _asked(self, request: HttpRequest, row: Bridge, verb: str) -> None:
        """Record that somebody else was asked, before it is."""
        stored = None if row._state.adding else row
        actor, at = audit.actor_of(request), timezone.now()
        audit.record_by_itself(verb, actor=actor, at=at, object=stored, name=row.name, kind=row.kind)

    def _row(self, object_id: str) -> Bridge:
        found: Bridge = get_object_or_404(Bridge.objects.select_related("connection", "source"), pk=unquote(object_id))
        return found

    def _may_act(self, request: HttpRequest, object_id: Any, **state: Any) -> bool:
        may: bool = self.has_change_permission(request)
        id = as_uuid(str(object_id or ""))
        return may and (id is None or Bridge.objects.filter(pk=id, **state).exists())

    def _context(self, request: HttpRequest, row: Bridge, title: str) -> dict[str, Any]:
        shown = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return {**shown, **self.status_of(request, row)}

    def _done(self, request: HttpRequest, row: Bridge, told: str) -> HttpResponse:
        self.message_user(request, told, messages.SUCCESS)
        return HttpResponseRedirect(page_address("inbound_bridge", row.pk))


def _can_seek(row: Bridge) -> bool:
    try:
        return bool(seeking.offered(row))
    except (DefinitionError, SettingsError):
        return False


def _status(row: Bridge) -> Status:
    return statuses([row], now=timezone.now())[row.pk]


def _sampled(row: Bridge, *, is_mapped: bool) -> list[Sampled]:
    source = None if row.source_id else sources.policy_of_unsaved(definitions.source_of_its_own(row.name or "-"))
    found = opening.unmapped(row, source=source)
    return sampling.sample(found, now=timezone.now()) if is_mapped else sampling.unmapped(found)


def _tried(row: Bridge) -> tuple[Report, str]:
    try:
        return bridge_test.tried(opening.opened(row)), ""
    except (DefinitionError, SettingsError, Unreadable, Failure) as error:
        return Report(), _told(error)


def _told(error: Exception) -> str:
    return f"{error.part.label}: {error.told}" if isinstance(error, Failure) else str(error)
