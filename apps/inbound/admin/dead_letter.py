"""Dead letters of bridges: what could not be taken, why, and another try."""

from collections import defaultdict
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Func, IntegerField, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET
from unfold.decorators import action
from unfold.enums import ActionVariant

from apps.core import audit
from apps.core.admin.browser import Browser
from apps.core.admin.named_filter import NamedFilter
from apps.core.admin.shown import NOTHING, copyable, link, moment, page_address, tree
from apps.core.encryption import Unreadable
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import SettingsError
from apps.inbound import dead_letters
from apps.inbound.admin import sample_shown
from apps.inbound.models import Bridge, BridgeDeadLetter
from apps.inbound.received import Failure

MOST_CHANGED: Final = 2_000  # at once: somebody waits for it
N_TOLD: Final = 100


class BridgeFilter(NamedFilter):
    """The dead letters of one bridge."""

    title = "bridge"
    parameter_name = "bridge"
    model = Bridge


@admin.register(BridgeDeadLetter)
class BridgeDeadLetterAdmin(Browser):
    """Messages that could not be taken, the latest first."""

    audits_values = False
    empty_list = "Every message that was read could be taken."
    list_display = ("set_aside", "bridge_shown", "why", "size", "tries")
    list_filter = (BridgeFilter,)
    list_filter_submit = True
    list_select_related = ("bridge",)
    actions = ["retry", "discard"]
    actions_detail = ("retry_one", "discard_one")
    fieldsets = (
        ("Body", {"fields": ("body_shown",)}),
        ("Headers", {"fields": ("headers_shown",)}),
        ("Where it came from", {"fields": ("about_shown",)}),
        ("Why", {"classes": ("side",), "fields": ("reason",)}),
        (
            "Message",
            {
                "classes": ("side",),
                "fields": ("bridge_shown", "set_aside", "sent", "size", "tries", "key_shown", "download_shown"),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[BridgeDeadLetter]:
        """Measure bodies instead of reading them."""
        n_bytes = Func("body", function="octet_length", output_field=IntegerField())
        found: QuerySet[BridgeDeadLetter] = super().get_queryset(request).defer("body").annotate(n_bytes=n_bytes)
        return found

    def get_urls(self) -> list[URLPattern]:
        """Add the message as it came."""
        view = self.admin_site.admin_view(require_GET(self.download))
        return [path("<uuid:row_id>/body/", view, name="inbound_bridgedeadletter_download"), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer what counts and says what was deleted, in the place of Django's."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may discard, and who may delete a bridge with what it has."""
        return bool(request.user.has_perm("inbound.delete_bridgedeadletter"))

    def has_retry_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may change dead letters."""
        return bool(request.user.has_perm("inbound.change_bridgedeadletter"))

    @admin.action(description="Try again", permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[BridgeDeadLetter]) -> None:
        """Try what was chosen with the mapping as it is now."""
        self._retry(request, queryset)

    @admin.action(description="Delete", permissions=["delete"])
    def discard(self, request: HttpRequest, queryset: QuerySet[BridgeDeadLetter]) -> None:
        """Delete what was chosen."""
        self._discard(request, queryset)

    @action(description="Try again", url_path="retry", icon="replay", permissions=["retry"])
    def retry_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Try one again, once somebody has said yes."""
        row = self._row(request, object_id)
        if request.method == "POST":
            with transaction.atomic():
                self._retry(request, self.get_queryset(request).filter(pk=row.pk))
            return self._back(row)
        return self._ask(request, row, is_retry=True)

    @action(
        description="Delete",
        url_path="discard",
        icon="delete",
        variant=ActionVariant.DANGER,
        permissions=["delete"],
    )
    def discard_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Delete one, once somebody has said yes."""
        row = self._row(request, object_id)
        if request.method == "POST":
            with transaction.atomic():
                self._discard(request, self.get_queryset(request).filter(pk=row.pk))
            return self._back(row)
        return self._ask(request, row, is_retry=False)

    def download(self, request: HttpRequest, row_id: UUID) -> HttpResponse:
        """Send the message as it came."""
        row = get_object_or_404(BridgeDeadLetter, pk=row_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        actor, at = audit.actor_of(request), timezone.now()
        audit.record_by_itself("exported", actor=actor, at=at, object=row)
        headers = {"Content-Disposition": f'attachment; filename="dead-letter-{row.pk}.bin"'}
        return HttpResponse(bytes(row.body), content_type="application/octet-stream", headers=headers)

    def _retry(self, request: HttpRequest, queryset: QuerySet[BridgeDeadLetter]) -> None:
        of_bridge: dict[UUID, list[UUID]] = defaultdict(list)
        chosen, n_more = _some(queryset)
        for pk, bridge_id in chosen:
            of_bridge[bridge_id].append(pk)
        n_taken = n_stay = 0
        for bridge in Bridge.objects.filter(pk__in=of_bridge).order_by("name"):
            try:
                taken, stay = dead_letters.replay(of_bridge[bridge.pk], now=timezone.now())
            except (DefinitionError, SettingsError, Unreadable, Failure) as error:
                self.message_user(request, f"Nothing of {bridge} was tried. {error}", messages.ERROR)
                continue
            n_taken, n_stay = n_taken + taken, n_stay + stay
        self._record(request, "retried", chosen, n_taken=n_taken)
        if n_taken or n_stay:
            level = messages.WARNING if n_stay else messages.SUCCESS
            stay_told = f" {_count(n_stay)} still cannot be taken: each says why." if n_stay else ""
            self.message_user(request, f"{_count(n_taken)} became events.{stay_told}{_left(n_more)}", level)

    def _discard(self, request: HttpRequest, queryset: QuerySet[BridgeDeadLetter]) -> None:
        chosen, n_more = _some(queryset)
        n_deleted, _ = BridgeDeadLetter.objects.filter(pk__in=[pk for pk, _ in chosen]).delete()
        self._record(request, "deleted", chosen)
        self.message_user(
            request,
            f"{_count(n_deleted)} {'was' if n_deleted == 1 else 'were'} deleted.{_left(n_more)}",
            messages.SUCCESS,
        )

    def _record(self, request: HttpRequest, verb: str, chosen: list[tuple[UUID, UUID]], **details: Any) -> None:
        who: dict[str, Any] = {"actor": audit.actor_of(request), "at": timezone.now()}
        some = [str(pk) for pk, _ in chosen[:N_TOLD]]
        audit.record(verb, **who, name="dead letters of bridges", n=len(chosen), ids=some, **details)

    def _row(self, request: HttpRequest, object_id: str) -> BridgeDeadLetter:
        return get_object_or_404(self.get_queryset(request), pk=unquote(object_id))

    def _ask(self, request: HttpRequest, row: BridgeDeadLetter, *, is_retry: bool) -> HttpResponse:
        shown = {**self.admin_site.each_context(request), "title": "Try again" if is_retry else "Delete a dead letter"}
        return render(request, "inbound/dead_letter_asked.html", {**shown, "row": row, "is_retry": is_retry})

    def _back(self, row: BridgeDeadLetter) -> HttpResponse:
        is_there = BridgeDeadLetter.objects.filter(pk=row.pk).exists()
        if is_there:
            return HttpResponseRedirect(page_address("inbound_bridgedeadletter", row.pk))
        return HttpResponseRedirect(f"{reverse('admin:inbound_bridgedeadletter_changelist')}?bridge={row.bridge_id}")

    @admin.display(description="Set aside")
    def set_aside(self, row: BridgeDeadLetter) -> SafeString:
        """Show when."""
        return moment(row.at)

    @admin.display(description="Bridge")
    def bridge_shown(self, row: BridgeDeadLetter) -> SafeString:
        """Lead to what brought it."""
        return link("inbound_bridge", row.bridge_id, row.bridge)

    @admin.display(description="Why")
    def why(self, row: BridgeDeadLetter) -> str:
        """Show in short why it could not be taken."""
        return row.reason[:200]

    @admin.display(description="Size")
    def size(self, row: Any) -> str:
        """Show how large it is."""
        return filesizeformat(row.n_bytes)

    @admin.display(description="Tries")
    def tries(self, row: BridgeDeadLetter) -> str:
        """Show how often it was tried."""
        return f"{row.n_tries:,}"

    @admin.display(description="Sent")
    def sent(self, row: BridgeDeadLetter) -> SafeString:
        """Show when it was sent, by the clock of the other side."""
        return moment(row.sent_at)

    @admin.display(description="Key")
    def key_shown(self, row: BridgeDeadLetter) -> SafeString:
        """Show by what its event is known, if it becomes one."""
        return copyable(row.message_key)

    @admin.display(description="As it came")
    def download_shown(self, row: BridgeDeadLetter) -> SafeString:
        """Offer the bytes."""
        address = reverse("admin:inbound_bridgedeadletter_download", args=[row.pk])
        return format_html('<a class="cdp-link" href="{}" download>Download</a>', address)

    @admin.display(description="Body")
    def body_shown(self, row: BridgeDeadLetter) -> SafeString:
        """Show what it says."""
        return sample_shown.body(bytes(row.body))

    @admin.display(description="Headers")
    def headers_shown(self, row: BridgeDeadLetter) -> SafeString:
        """Show its headers."""
        return tree(row.headers) if row.headers else NOTHING

    @admin.display(description="Where it came from")
    def about_shown(self, row: BridgeDeadLetter) -> SafeString | str:
        """Show where it was found."""
        return sample_shown.about(row.about) or NOTHING


def _some(queryset: QuerySet[BridgeDeadLetter]) -> tuple[list[tuple[UUID, UUID]], bool]:
    """Return the ids of the oldest of them, each with its bridge's, and whether there are more."""
    found = list(queryset.order_by("id").values_list("pk", "bridge_id")[: MOST_CHANGED + 1])
    return found[:MOST_CHANGED], len(found) > MOST_CHANGED


def _count(n: int) -> str:
    return "1 message" if n == 1 else f"{n:,} messages"


def _left(n_more: bool) -> str:  # noqa: FBT001
    return f" There are more: {MOST_CHANGED:,} are done at once." if n_more else ""
