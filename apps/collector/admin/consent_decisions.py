"""What a person agreed to, on their page; and recording by hand what they said in a letter or on the phone."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.collector import consent_decisions
from apps.collector.envelope import Recorded
from apps.core import audit
from apps.events import consent_policy, internal, sources
from apps.profiles import consents, decisions, ledger
from apps.profiles.consents import State
from apps.profiles.decisions import Held
from apps.profiles.models import ConsentText, Profile

MAY_DECIDE = ("profiles.add_consentdecision", "profiles.view_pii")
COLOURS = {State.GIVEN: "green", State.WITHDRAWN: "red", State.EXPIRED: "amber", State.NEVER: "grey"}
WORDS = {State.GIVEN: "given", State.WITHDRAWN: "withdrawn", State.EXPIRED: "expired", State.NEVER: "never asked"}


def consents_of(profile: Profile, *, may_decide: bool = False, may_see_ledger: bool = False) -> SafeString:
    """Show for each consent whether it is given, since when, by what, in which wording; and where to go from there."""
    held = decisions.held_by(profile, at=timezone.now())
    named = internal.names_of(each.decision.source_id for each in held if each.decision)
    shown = {
        "lines": [_line(each, named) for each in held],
        "profile": profile,
        "may_decide": may_decide,
        "may_see_ledger": may_see_ledger,
    }
    return render_to_string("collector/consents.html", shown)


def _line(held: Held, named: dict[UUID, str]) -> dict[str, Any]:
    state, decision = held.standing.state, held.decision
    return {
        "held": held,
        "word": WORDS[state],
        "colour": COLOURS[state],
        "source": named.get(decision.source_id, "a source that is no more") if decision else "",
        "opposite": State.WITHDRAWN if state is State.GIVEN else State.GIVEN,
    }


class DecisionForm(forms.Form):
    """What a person decided, and what proves it."""

    consent = forms.ChoiceField(label="Consent", widget=UnfoldAdminSelectWidget)
    decision = forms.ChoiceField(
        label="What they decided",
        choices=[(State.GIVEN.value, "They agree"), (State.WITHDRAWN.value, "They withdraw, or do not agree")],
        widget=UnfoldAdminRadioSelectWidget,
    )
    reference = forms.CharField(
        label="Reference",
        max_length=200,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "Ticket, letter or call"}),
        help_text="What proves it. It stays in the ledger of decisions and in the audit log: no names.",
    )
    # Never empty, so that a day which a browser could not read is no decision of today.
    day = forms.DateField(
        label="Day on which they decided",
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date", "class": "cdp-input"}, format="%Y-%m-%d"),
    )
    hour = forms.TimeField(
        label="Time, if it is known",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "cdp-input"}, format="%H:%M"),
    )
    version = forms.IntegerField(
        label="Version of the wording that they saw",
        required=False,
        min_value=1,
        widget=UnfoldAdminTextInputWidget(attrs={"type": "number", "min": 1}),
        help_text="The present one, if you leave it empty.",
    )

    def __init__(self, held: list[Held], data: Any = None, **options: Any) -> None:
        super().__init__(data, **options)
        field: Any = self.fields["consent"]
        field.choices = [(each.type.id, each.type.name) for each in held]
        zone = timezone.get_current_timezone_name()
        self.fields["hour"].help_text = (
            f"Time zone {zone}. Without it a decision of today counts from now, consent of an earlier day from its "
            "beginning, and a withdrawal from its end."
        )

    def clean_day(self) -> date:
        """Refuse the future."""
        day: date = self.cleaned_data["day"]
        if day > timezone.localdate():
            raise ValidationError("This is still to come.")
        return day

    def clean(self) -> dict[str, Any]:
        """Refuse the future, and a wording that there is not."""
        cleaned = super().clean() or {}
        version = cleaned.get("version")
        texts = ConsentText.objects.filter(consent_type_id=cleaned.get("consent"))
        if version and not texts.filter(version=version).exists():
            self.add_error("version", "There is no such version of it.")
        if not self.errors and self.decided_at and self.decided_at > timezone.now():
            self.add_error("hour", "This is still to come.")
        return cleaned

    @property
    def decided_at(self) -> datetime | None:
        """Return when it was decided; None is now. Within a day without a time a withdrawal is the last word."""
        wanted = self.cleaned_data
        day, hour = wanted["day"], wanted["hour"]
        if hour is None and day == timezone.localdate():
            return None
        edge = time.min if wanted["decision"] == State.GIVEN else time.max
        return timezone.make_aware(datetime.combine(day, edge if hour is None else hour))

    @property
    def said(self) -> dict[str, Any]:
        """Return the decision as events say it."""
        wanted = self.cleaned_data
        agrees = {"revoke": None, "text_version": wanted["version"]}
        return {wanted["consent"]: agrees if wanted["decision"] == State.GIVEN else False}


def decide_urls(site: admin.AdminSite) -> list[URLPattern]:
    """List the page by which a decision is recorded."""

    def decide(request: HttpRequest, profile_id: UUID) -> HttpResponse:
        return _decide(request, profile_id, site.each_context(request))

    return [path("<uuid:profile_id>/consents/", site.admin_view(decide), name="profile_consents")]


def _decide(request: HttpRequest, profile_id: UUID, context: dict[str, Any]) -> HttpResponse:
    """Ask what was decided, and record it."""
    if not request.user.has_perms(MAY_DECIDE):
        raise PermissionDenied
    profile = get_object_or_404(Profile, pk=ledger.living_id(profile_id))
    held = decisions.held_by(profile, at=timezone.now())
    proposed = {name: request.GET.get(name, "") for name in ("consent", "decision")}
    form = DecisionForm(held, request.POST if request.method == "POST" else None, initial=proposed)
    if form.is_valid() and _is_recorded(profile_id, form, request):
        return HttpResponseRedirect(reverse("admin:profiles_profile_change", args=[profile_id]))
    shown = {"profile": profile, "form": form, "shown": consents_of(profile)}
    return render(request, "collector/decide.html", {**context, **shown, "title": f"Consents of {profile}"})


def _is_recorded(profile_id: UUID, form: DecisionForm, request: HttpRequest) -> bool:
    """Record the decision through the pipeline, as any other; otherwise the form says why not."""
    actor, now, wanted = audit.actor_of(request), timezone.now(), form.cleaned_data
    at, reference = form.decided_at, wanted["reference"]
    consent_policy.current.latest()  # whoever makes a consent type goes on to record decisions about it
    try:
        # The address and the agent are not the person's: the ledger gets neither.
        payload = consent_decisions.record(
            form.said,
            profile_id=profile_id,
            source=sources.INTERNAL,
            recorded=Recorded(actor, reference),
            time=at,
            now=now,
        )
    except consent_decisions.CannotDecide as error:
        for refusal in error.refusals:
            form.add_error(None, refusal.message)
        return False
    consent, decision = wanted["consent"], wanted["decision"]
    assert payload.profile is not None
    _tell(request, payload.profile, consent, decision)
    return True


def _tell(request: HttpRequest, profile: Profile, consent: str, decision: str) -> None:
    now = consents.state(profile.consents, profile.provenance, consent, at=timezone.now())
    if now == decision:
        messages.success(request, "The decision was recorded, and counts from now on.")
    else:
        messages.warning(request, f"The decision was recorded. It changes nothing: the consent is {WORDS[now]}.")
