"""Pages that look before they leap: a dry run, running now, switching on and off; each says of whom it would speak."""

from typing import Any, ClassVar, Final

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from unfold.decorators import action

from apps.core.admin.hiding import HidesCondition
from apps.core.admin.shown import page_address
from apps.core.ids import as_uuid
from apps.core.limits import TooSlow, at_most
from apps.core.mistakes import DefinitionError
from apps.heartbeats import definitions, running
from apps.heartbeats.admin.sample import sampled
from apps.heartbeats.admin.shown import is_private, meaning, subjects
from apps.heartbeats.jobs import nudge
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.preview import Preview, preview

STATEMENT_SECS: Final = 5.0  # for one question; the preview itself stops between two after three seconds
SEES: Final = {"profile": "profiles.view_profile", "session": "cdp_sessions.view_session"}


class LooksFirst(HidesCondition):
    """What can be done with a heartbeat besides editing it."""

    actions_detail: ClassVar = ("dry_run", "run_now", "switch_on", "switch_off")

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer what can be done with it as it is."""
        id = as_uuid(object_id)  # whatever the address says
        is_on = id is not None and Heartbeat.objects.filter(pk=id, is_enabled=True).exists()
        useless = {"switch_on"} if is_on else {"run_now", "switch_off"}
        hidden = {f"heartbeats_heartbeat_{name}" for name in useless}
        return [each for each in super().get_actions_detail(request, object_id) if each.action_name not in hidden]

    def has_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may change it: it says something of people."""
        return self.has_change_permission(request)

    @action(description="Dry run", url_path="dry-run", icon="science", permissions=["view"])
    def dry_run(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show of whom it would speak now; nothing is said."""
        row = self._found(request, object_id)
        return self._look(request, row, title=f"Dry run: {row}", question="")

    @action(description="Run now", url_path="run-now", icon="play_arrow", permissions=["run"])
    def run_now(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show of whom it would speak now, and let it, once somebody has said yes."""
        row = self._found(request, object_id, changes=True)
        if request.method != "POST":
            return self._look(request, row, title=f"Run {row} now?", question="run_now")
        try:
            with transaction.atomic():
                running.request(row, by=request.user.get_username(), now=timezone.now())
                self._note("run", request, row)
        except running.SwitchedOff:
            self.message_user(request, f"{row} is off: switch it on first.", messages.ERROR)
        except running.AlreadyRunning:
            self.message_user(request, f"{row} is running just now.", messages.INFO)
        else:
            nudge()
            self.message_user(request, f"{row} runs within a minute; its runs below tell what came of it.")
        return HttpResponseRedirect(page_address("heartbeats_heartbeat", row.pk))

    @action(description="Switch on", url_path="switch-on", icon="toggle_on", permissions=["run"])
    def switch_on(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show of whom it would speak, and switch it on, once somebody has said yes."""
        row = self._found(request, object_id, changes=True)
        if request.method != "POST":
            return self._look(request, row, title=f"Switch {row} on?", question="switch_on")
        return self._switch(request, row, is_on=True)

    @action(description="Switch off", url_path="switch-off", icon="toggle_off", permissions=["run"])
    def switch_off(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Say what follows, and switch it off, once somebody has said yes."""
        row = self._found(request, object_id, changes=True)
        if request.method == "POST":
            return self._switch(request, row, is_on=False)
        return self._render(request, row, title=f"Switch {row} off?", question="switch_off")

    def _switch(self, request: HttpRequest, row: Heartbeat, *, is_on: bool) -> HttpResponse:
        row.is_enabled = is_on
        try:
            with transaction.atomic():
                definitions.save(row, now=timezone.now())
                self._note("switched on" if is_on else "switched off", request, row)
        except DefinitionError as error:
            self.message_user(request, f"{row} cannot be switched on. {error.message}", messages.ERROR)
        else:
            self.message_user(request, f"{row} is {'on' if is_on else 'off'}.", messages.SUCCESS)
        return HttpResponseRedirect(page_address("heartbeats_heartbeat", row.pk))

    def _note(self, action: str, request: HttpRequest, row: Heartbeat) -> None:
        """Put what was done on record, and into the history of the heartbeat."""
        self.record(action, request, row)
        user: Any = request.user
        LogEntry.objects.log_actions(user.pk, [row], CHANGE, f"{action.capitalize()}.", single_object=True)

    def _found(self, request: HttpRequest, object_id: str, *, changes: bool = False) -> Heartbeat:
        """Return a heartbeat to whoever may see it, or change it; 404 and 403 otherwise."""
        rows = Heartbeat.objects.select_related("source", "segment", "consent")
        row = get_object_or_404(rows, pk=as_uuid(object_id))
        may = self.has_change_permission if changes else self.has_view_permission
        if not may(request, row):
            raise PermissionDenied
        return row

    def _look(self, request: HttpRequest, row: Heartbeat, **shown: Any) -> HttpResponse:
        """Count and show some, for as long as a page may take."""
        try:
            with at_most(STATEMENT_SECS):
                found = preview(row)
        except TooSlow:
            return self._render(request, row, is_too_slow=True, **shown)
        except DefinitionError as error:
            return self._render(request, row, problem=error.message, **shown)
        due, left_out = self._samples(request, row, found)
        counts = {"due": subjects(row, found.n_due), "left_out": subjects(row, found.n_left_out)}
        is_over = found.n_due > row.max_per_run
        return self._render(
            request, row, found=found, counts=counts, due=due, sample_left_out=left_out, is_over=is_over, **shown
        )

    def _samples(self, request: HttpRequest, row: Heartbeat, found: Preview) -> tuple[list[Any], list[Any]]:
        """Return those who are shown, to whoever may see them."""
        of = definitions.strategy_of(row).of
        if not request.user.has_perm(SEES[of]) or is_private(request.user, row):
            return [], []
        return sampled(request, row, found.sample), sampled(request, row, found.sample_left_out)

    def _render(self, request: HttpRequest, row: Heartbeat, **shown: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": row,
            "meaning": meaning(row),
            "is_private": is_private(request.user, row),
            "may_run": self.has_change_permission(request, row),
            **shown,
        }
        return render(request, "heartbeats/look.html", context)
