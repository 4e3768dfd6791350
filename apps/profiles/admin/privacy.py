"""Exports, erasures and tombstones: the pages of whoever answers for people's data."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.core import audit
from apps.core.admin.base import ModelAdmin
from apps.core.admin.browser import Browser
from apps.core.admin.shown import badge, link, moment, rows
from apps.core.ids import as_uuid
from apps.profiles import burial, export, ledger
from apps.profiles.holdings import holdings, person_of
from apps.profiles.identifiers import identifier_id, normalise
from apps.profiles.jobs import start_erasure
from apps.profiles.models import ErasedId, Identifier, PrivacyRequest, Profile

Kind = PrivacyRequest.Kind
SEES_PII = "profiles.view_pii"
KIND_COLOURS = {Kind.EXPORT: "blue", Kind.ANONYMISE: "amber", Kind.ERASE: "red"}


def mask(request: HttpRequest, row: Any, columns_of: Callable[[Any], dict[str, Any]]) -> None:
    """Leave of a row what tells of nobody, unless the user may see personal data."""
    row.is_masked = not request.user.has_perm(SEES_PII)
    if row.is_masked:
        for name, value in columns_of(row).items():
            setattr(row, name, value)


def is_masked(row: Any) -> bool:
    """Tell whether what names somebody has been taken out of a row."""
    return bool(row.is_masked)


class RequestForm(forms.Form):
    """Why something is done with all data of a person."""

    reference = forms.CharField(
        max_length=200, label="Reference", help_text="Your own: a ticket, a letter. It is on the certificate: no names."
    )


class PrivacyActions(ModelAdmin):
    """The buttons on a person's page: a copy of all data, anonymise, erase."""

    actions_detail = ("export_person", "anonymise_person", "erase_person")

    @action(description="Export", url_path="export", icon="download", permissions=["export"])
    def export_person(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Ask for a reference, and send all that is known of a person."""
        return self._ask(request, object_id, Kind.EXPORT, then=self._export)

    @action(description="Anonymise", url_path="anonymise", icon="person_off", permissions=["erase"])
    def anonymise_person(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Show what is lost, ask for a reference, and make a person anonymous."""
        return self._ask(request, object_id, Kind.ANONYMISE, then=self._erase)

    @action(
        description="Erase",
        url_path="erase",
        icon="delete_forever",
        variant=ActionVariant.DANGER,
        permissions=["erase"],
    )
    def erase_person(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Show what will go, ask for a reference, and erase a person."""
        return self._ask(request, object_id, Kind.ERASE, then=self._erase)

    def has_export_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may export."""
        return request.user.has_perm("profiles.export_profile")

    def has_erase_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Allow those who may erase."""
        return request.user.has_perm("profiles.erase_profile")

    def _ask(
        self, request: HttpRequest, object_id: str, kind: Kind, *, then: Callable[..., HttpResponseBase]
    ) -> HttpResponseBase:
        named = as_uuid(object_id)
        profile = get_object_or_404(Profile, pk=ledger.living_id(named) if named else None)
        form = RequestForm(request.POST or None)
        if form.is_valid():
            # To whom the address names: an old id may lead elsewhere by now.
            try:
                return then(request, named, kind, form.cleaned_data["reference"])
            except Profile.DoesNotExist:
                raise Http404 from None
            except ledger.NotYet as error:
                self.message_user(request, str(error), messages.ERROR)
                return HttpResponseRedirect(reverse("admin:profiles_profile_change", args=[named]))
        person = person_of(profile)
        counts = [(holding, holding.count(person)) for holding in holdings.values()]
        context = {
            **self.admin_site.each_context(request),
            "title": f"{kind.label}: {profile}",
            "kind": kind.value,
            "profile": profile,
            "form": form,
            "counts": [(holding, n_rows) for holding, n_rows in counts if n_rows],
        }
        return render(request, "profiles/privacy_request.html", context)

    def _export(self, request: HttpRequest, profile_id: UUID, kind: Kind, reference: str) -> HttpResponseBase:
        actor = audit.actor_of(request)
        made, person = export.begin(profile_id, reference=reference, actor=actor, at=timezone.now())
        return StreamingHttpResponse(
            export.stream(person, made),
            content_type="application/zip",
            headers={"Content-Disposition": f'attachment; filename="person-{made.pk}.zip"'},
        )

    def _erase(self, request: HttpRequest, profile_id: UUID, kind: Kind, reference: str) -> HttpResponseBase:
        actor = audit.actor_of(request)
        made = start_erasure(profile_id, kind=kind, reference=reference, actor=actor, at=timezone.now())
        done = "It is done." if made.finished_at else "The profile is gone; the rest follows in the background."
        self.message_user(request, done, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:profiles_privacyrequest_change", args=[made.pk]))


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(Browser):
    """Exports, erasures and anonymisations, with their certificates."""

    list_display = ("requested", "kind_shown", "reference", "requested_by", "state", "summary")
    search_fields = ("reference",)
    search_help_text = "A reference, or the id that a profile had: the whole of it"
    actions_detail = ("certificate",)
    fieldsets = (
        ("What there was", {"fields": ("counts_shown", "n_ids", "subject")}),
        (
            "Request",
            {
                "classes": ("side",),
                "fields": ("kind_shown", "reference", "requested_by", "requested", "state", "finished"),
            },
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PrivacyRequest], search_term: str
    ) -> tuple[QuerySet[PrivacyRequest], bool]:
        """Find what was done about an id, by its hash, or what bears a reference; there are never many such rows."""
        term = search_term.strip()
        if not term:
            return queryset, False
        named = as_uuid(term)
        return (queryset.filter(subject=burial.burial_id(named)) if named else queryset.filter(reference=term)), False

    @action(description="Certificate", url_path="certificate", icon="download")
    def certificate(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Send the certificate of what was done, as a page that can be printed."""
        found = get_object_or_404(PrivacyRequest, pk=object_id)
        if not self.has_view_permission(request, found):
            return HttpResponse(status=403)
        page = render_to_string("profiles/certificate.html", {"request": found, "holdings": _counted(found)})
        headers = {"Content-Disposition": f'attachment; filename="certificate-{found.pk}.html"'}
        return HttpResponse(page, headers=headers)

    @admin.display(description="Rows")
    def counts_shown(self, row: PrivacyRequest) -> SafeString:
        """Show how many rows of what."""
        return rows((title, f"{count:,}", "") for title, count in _counted(row))

    @admin.display(description="Requested")
    def requested(self, row: PrivacyRequest) -> SafeString:
        """Show when it was asked for."""
        return moment(row.requested_at)

    @admin.display(description="What")
    def kind_shown(self, row: PrivacyRequest) -> SafeString:
        """Show what was asked for."""
        return badge(row.get_kind_display(), KIND_COLOURS[Kind(row.kind)])

    @admin.display(description="State")
    def state(self, row: PrivacyRequest) -> SafeString:
        """Show whether it is done, and the task that works on it while it is not."""
        return badge("done", "green") if row.finished_at else link("core_task", row.task_id, "under way")

    @admin.display(description="Finished")
    def finished(self, row: PrivacyRequest) -> SafeString:
        """Show when nothing was left to do."""
        return moment(row.finished_at)


def _counted(request: PrivacyRequest) -> list[tuple[str, int]]:
    titles = {holding.name: holding.title for holding in holdings.values()}
    return [(titles.get(name, name), count) for name, count in sorted(request.counts.items()) if count]


@admin.register(ErasedId)
class ErasedIdAdmin(Browser):
    """The ids that must not come back, as hashes; a tombstone is lifted when its person does come back, and asks."""

    keyset = ("erased_at", "id")
    list_display = ("kind", "erased", "request", "effect")
    list_select_related = ("request",)
    search_fields = ("id",)
    search_help_text = "A customer number, e-mail address, phone number or id, as somebody brings it: the whole of it"
    actions = ["lift"]
    fieldsets = (("Tombstone", {"fields": ("id", "kind", "erased", "request", "effect")}),)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ErasedId], search_term: str
    ) -> tuple[QuerySet[ErasedId], bool]:
        """Find the tombstones of a value, whatever kind of name it is."""
        term = search_term.strip()
        if not term:
            return queryset, False
        values = ((kind, normalise(kind, term)) for kind in Identifier.Kind.values)
        keys = [identifier_id(kind, value) for kind, value in values if value]
        named = as_uuid(term)
        return queryset.filter(id__in=[burial.burial_id(key) for key in (*keys, *filter(None, [named]))]), False

    @admin.action(description="Lift: let it come again", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[ErasedId]) -> None:
        """Let ids come again."""
        n_lifted = burial.lift(list(queryset), actor=audit.actor_of(request), at=timezone.now())
        self.message_user(request, f"{n_lifted} ids may come again.", messages.SUCCESS)

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Allow those who may delete tombstones."""
        return request.user.has_perm("profiles.delete_erasedid")

    @admin.display(description="Erased")
    def erased(self, row: ErasedId) -> SafeString:
        """Show when."""
        return moment(row.erased_at)

    @admin.display(description="When it comes again")
    def effect(self, row: ErasedId) -> SafeString:
        """Show what happens."""
        return badge("begins anew", "blue") if row.successor else badge("is refused", "red")
