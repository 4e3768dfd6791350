"""Switching a flow on and off, letting it rest and go on: each page says what follows, and asks."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from apps.core.audit import actor_of
from apps.flows.admin.flow_page import PUBLISHES, FlowPage
from apps.flows.changing import switching
from apps.flows.changing.publishing import NotNow
from apps.flows.definition import Problems
from apps.flows.models import Flow
from apps.flows.runs.pausing import Policy

QUESTIONS: Final[dict[str, tuple[str, tuple[str, ...], str, str]]] = {
    "on": (
        "Switch {} on?",
        ("People enter from now on, as its triggers say.", "What happened before lets nobody enter."),
        "Switch it on",
        "{} is on: people enter.",
    ),
    "off": (
        "Switch {} off?",
        ("Nobody enters any more.", "Whoever is inside goes on to the end. To stop them, too, let it pause."),
        "Switch it off",
        "{} is off: nobody enters.",
    ),
    "pause": (
        "Let {} pause?",
        (
            "Nobody enters, and nobody goes on: nothing is sent, and the clocks of those inside stand still.",
            "What happens meanwhile that they wait for is kept for them.",
            "When it goes on, you choose what becomes of what was due meanwhile.",
        ),
        "Let it pause",
        "{} is paused.",
    ),
    "resume": ("Let {} go on?", (), "Let it go on", "{} goes on as soon as everybody inside was seen to."),
}
# Of flows over everybody, which nobody is inside of.
OVER_EVERYBODY: Final[dict[str, tuple[str, tuple[str, ...], str, str]]] = {
    "on": (
        "Switch {} on?",
        (
            "Everybody goes through it within a minute, and again and again from then on.",
            "The first time is silent: it starts no flow, and no message goes out because of it.",
        ),
        "Switch it on",
        "{} is on: everybody goes through it.",
    ),
    "off": (
        "Switch {} off?",
        ("Nobody goes through it any more.", "Whoever is in a segment by it stays there."),
        "Switch it off",
        "{} is off: nobody goes through it.",
    ),
}
POLICIES: Final = {
    Policy.SHIFT: ("Everybody waits on as long as was left", "Who had two days to wait still has two days to wait."),
    Policy.NOW: ("What was due is done now", "Who had to wait until some time during the pause goes on at once."),
    Policy.DROP: ("Who was due during the pause leaves", "Their runs end; all others wait on as they were to."),
}


class ResumeForm(forms.Form):
    """What becomes of what was due during a pause."""

    policy = forms.ChoiceField(choices=[(each.value, each.value) for each in Policy], initial=Policy.SHIFT.value)


class SwitchPages(FlowPage):
    """Whether people enter, and go on."""

    def get_urls(self) -> list[URLPattern]:
        """Add the pages."""
        view = self.admin_site.admin_view
        return [
            *(path(f"<uuid:flow_id>/{verb}/", view(self._page(verb)), name=f"flows_{verb}") for verb in QUESTIONS),
            *super().get_urls(),
        ]

    def _page(self, verb: str) -> Callable[..., HttpResponse]:
        return lambda request, flow_id: self.switch(request, flow_id, verb)

    def switch(self, request: HttpRequest, flow_id: UUID, verb: str) -> HttpResponse:
        """Say what follows, and do it once somebody has said yes."""
        row = self.found(request, flow_id, PUBLISHES)
        over_everybody = OVER_EVERYBODY if row.kind == Flow.Kind.SEGMENTATION else {}
        title, follows, button, done = over_everybody.get(verb, QUESTIONS[verb])
        form = ResumeForm(request.POST or None)
        if request.method == "POST" and (verb != "resume" or form.is_valid()):
            try:
                self._switch(request, row, verb, form)
            except (NotNow, Problems) as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.message_user(request, done.format(row), messages.SUCCESS)
            return self.lead_to(row)
        shown: dict[str, Any] = {"follows": follows, "button": button, "form": form}
        if verb == "resume":
            shown["choices"] = [(each.value, *POLICIES[each]) for each in POLICIES]
        return self.show(request, row, "flows/switch.html", title.format(row), **shown)

    def _switch(self, request: HttpRequest, row: Flow, verb: str, form: ResumeForm) -> None:
        said: dict[str, Any] = {"actor": actor_of(request), "now": timezone.now()}
        match verb:
            case "on":
                switching.switch_on(row.pk, **said)
            case "off":
                switching.switch_off(row.pk, **said)
            case "pause":
                switching.pause(row.pk, **said)
            case _:
                switching.resume(row.pk, policy=Policy(form.cleaned_data["policy"]), **said)
