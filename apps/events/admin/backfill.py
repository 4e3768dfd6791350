"""The way to a back-fill: what is asked, a dry run of it, and the button that starts it."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.core import paths
from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import NOTHING, page_address, tree
from apps.core.audit import Actor
from apps.core.paths import MISSING
from apps.events.admin.backfill_form import BackfillForm
from apps.events.backfill import again
from apps.events.backfill.dry_run import Preview, preview
from apps.events.backfill.selection import PROFILES, TRAITS, CannotBackfill, Selection
from apps.events.backfill.wording import told
from apps.events.event_types.trial import Change
from apps.events.jobs import start_backfill
from apps.profiles.admin.privacy import SEES_PII
from apps.profiles.anonymity import harmless, is_kept_fact

KINDS: Final = {TRAITS: "Index traits of stored events", PROFILES: "Copy stored events to profiles"}
HIDDEN: Final = "•••"


def backfill(request: HttpRequest, page: ModelAdmin, base: Selection, *, actor: Actor, back: str) -> HttpResponse:
    """Show the form, then a dry run of what it asks for, then start it: each of these by a button of the one before."""
    posted = request.POST if request.method == "POST" else None
    form = BackfillForm(posted, base=base)
    shown: dict[str, Any] = {**page.admin_site.each_context(request), "opts": page.opts, "back": back}
    shown |= {"form": form, "title": form.title, "is_about_profiles": base.kind == PROFILES, "narrowed": told(base)}
    if posted is None or not form.is_valid() or "change" in posted:
        return render(request, "events/backfill.html", shown)
    if "start" in posted:
        return _start(request, page, form, actor=actor) or render(request, "events/backfill.html", shown)
    found = preview(form.selection, at=timezone.now())
    shown |= {"preview": found, "told": told(form.selection), "posted": _hidden(form)}
    shown |= _samples(found, sees_all=request.user.has_perm(SEES_PII))
    return render(request, "events/backfill_preview.html", shown)


def _start(request: HttpRequest, page: ModelAdmin, form: BackfillForm, *, actor: Actor) -> HttpResponse | None:
    """Start it and go to its task; None where others are at it, which the form then says."""
    now, rate = timezone.now(), form.cleaned_data["rate"]
    try:
        task = start_backfill(form.selection, actor=actor, now=now, max_rate=rate)
    except CannotBackfill as error:
        form.add_error(None, str(error))
        return None
    page.message_user(request, "The task has been started.", messages.SUCCESS)
    return HttpResponse(status=302, headers={"Location": page_address("core_task", task.pk)})


def _hidden(form: BackfillForm) -> list[tuple[str, str]]:
    """Return what was posted, to be posted again."""
    return [
        (name, value)
        for name in form.fields
        for value in form.data.getlist(name)  # type: ignore[attr-defined]  # what was posted is a QueryDict
    ]


def _samples(found: Preview, *, sees_all: bool) -> dict[str, Any]:
    """Show people and values, the latter masked for those who may not see personal data."""
    samples = []
    for sample in found.samples:
        changes = [
            (
                each.path if sees_all else again.told(each.path),
                _value(each, each.before, sees_all=sees_all),
                _value(each, each.after, sees_all=sees_all),
            )
            for each in sample.changes
        ]
        samples.append((sample.id, sample.name if sees_all else "", changes))
    return {"samples": samples}


def _value(change: Change, value: Any, *, sees_all: bool) -> Any:
    if value is MISSING:
        return NOTHING
    if sees_all or is_kept_fact(change.path):
        return tree(value)
    left = harmless(value, name=paths.parse(change.path)[-1])
    return HIDDEN if left is MISSING else tree(left)
