"""Deliveries: what is to leave the house, and what became of what did."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.bridges import outbox
from apps.bridges.admin import delivery_shown
from apps.bridges.models import Connection, Delivery
from apps.core import audit
from apps.core.admin import panels
from apps.core.admin.browser import Browser
from apps.core.admin.named_filter import NamedFilter
from apps.core.admin.shown import NOTHING, copyable, link, moment, page_address
from apps.core.ids import as_uuid

MOST_CHANGED: Final = 10_000  # at once, of what a filter shows
N_TOLD: Final = 100
Change = Callable[..., list[UUID]]
VERBS: Final[dict[str, Change]] = {"retried": outbox.retry, "cancelled": outbox.cancel_chosen}
QUESTIONS: Final = {
    "retried": "It is sent again, under the same key: a receiver that has it already can tell.",
    "cancelled": "It is not sent, and whoever planned it is told. What is on its way just now may still arrive.",
}


class OutcomeFilter(admin.SimpleListFilter):
    """What became of them: what was lost by its partial index, what waits beside the connection."""

    title = "state"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer all outcomes."""
        return [(str(value), str(label)) for value, label in Delivery.Outcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        """Narrow the list."""
        return queryset.filter(outcome=self.value()) if self.value() in Delivery.Outcome else queryset


class ConnectionFilter(NamedFilter):
    """The deliveries of one connection."""

    title = "connection"
    parameter_name = "connection"
    model = Connection


@admin.register(Delivery)
class DeliveryAdmin(Browser):
    """Deliveries, the latest first; some can be tried again, or cancelled."""

    slots = (panels.SIDE,)
    audits_values = False
    empty_list = "Nothing has left the house yet."
    list_display = ("created", "asks", "connection_shown", "outcome_shown", "number", "next_or_ended", "error_shown")
    list_filter = (OutcomeFilter, ConnectionFilter)
    list_filter_submit = True
    search_fields = ("key",)
    search_help_text = "The key of a delivery, or an id of it, its run, its flow or its profile: the whole of it"
    actions = ["retry", "cancel"]
    actions_detail = ("retry_one", "cancel_one")
    fieldsets = (
        ("Request", {"fields": ("request_shown",)}),
        ("Last answer", {"fields": ("answer_shown",)}),
        ("Tries", {"fields": ("tries_shown",)}),
        (
            "Delivery",
            {
                "classes": ("side",),
                "fields": ("outcome_shown", "error_shown", "connection_shown", "created", "next_or_ended", "deadline"),
            },
        ),
        (
            "Where it comes from",
            {
                "classes": ("side",),
                "fields": ("origin", "profile", "key_shown"),
            },
        ),
    )

    def prepare(self, request: HttpRequest, rows: list[Any]) -> None:
        """Read the connections of a page in one statement: they may be gone."""
        found = Connection.sending.in_bulk({row.connection_id for row in rows})
        for row in rows:
            row.its_connection = found.get(row.connection_id)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Find by whole keys and ids, each by its index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = [queryset.filter(key=term)]
        named = as_uuid(term)
        if named:
            columns = ("pk", "origin_id", "parent_id", "profile_id", "connection_id")
            found += [queryset.filter(**{column: named}) for column in columns]
        ids = {pk for rows in found for pk in rows.order_by("-id").values_list("pk", flat=True)[:MOST_CHANGED]}
        return queryset.filter(pk__in=ids), False

    @admin.action(description="Try again", permissions=["send"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Try what was chosen at once."""
        self._change(request, queryset, "retried")

    @admin.action(description="Cancel", permissions=["send"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Do not send what was chosen."""
        self._change(request, queryset, "cancelled")

    @action(description="Try again", url_path="retry", icon="replay", permissions=["send"])
    def retry_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Try one at once, once somebody has said yes."""
        return self._ask(request, object_id, "retried", "Try again")

    @action(description="Cancel", url_path="cancel", icon="block", permissions=["send"])
    def cancel_one(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Do not send one, once somebody has said yes."""
        return self._ask(request, object_id, "cancelled", "Cancel")

    def has_send_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow those who may change deliveries."""
        return request.user.has_perm("bridges.change_delivery")

    def _ask(self, request: HttpRequest, object_id: str, verb: str, button: str) -> HttpResponse:
        row = get_object_or_404(Delivery, pk=unquote(object_id))
        if request.method == "POST":
            with transaction.atomic():
                self._change(request, Delivery.objects.filter(pk=row.pk), verb)
            return HttpResponseRedirect(page_address("bridges_delivery", row.pk))
        shown = {**self.admin_site.each_context(request), "title": f"{button}: {delivery_shown.asks(row)}"}
        shown |= {"opts": self.opts, "row": row, "question": QUESTIONS[verb], "button": button}
        if verb == "retried" and row.ended_at:
            shown["warning"] = outbox.GONE_ON
        return render(request, "bridges/delivery_asked.html", shown)

    def _change(self, request: HttpRequest, queryset: QuerySet[Delivery], verb: str) -> None:
        ids = list(queryset.order_by("-id").values_list("pk", flat=True)[:MOST_CHANGED])
        changed = VERBS[verb](Delivery.objects.filter(pk__in=ids), now=timezone.now())
        if not changed:
            text = "Nothing was changed: what was delivered stays so, and what is on its way cannot be hurried."
            self.message_user(request, text, messages.WARNING)
            return
        some = [str(pk) for pk in changed[:N_TOLD]]
        actor = audit.actor_of(request)
        audit.record(verb, actor=actor, at=timezone.now(), name="deliveries", n=len(changed), ids=some)
        are = "1 delivery is" if len(changed) == 1 else f"{len(changed):,} deliveries are"
        told = f"tried again at once. {outbox.GONE_ON}" if verb == "retried" else "cancelled."
        self.message_user(request, f"{are} {told}", messages.SUCCESS)

    @admin.display(description="Planned")
    def created(self, row: Delivery) -> SafeString:
        """Show when it was planned."""
        return moment(row.created_at)

    @admin.display(description="Asks")
    def asks(self, row: Delivery) -> str:
        """Show in short what is sent."""
        return delivery_shown.asks(row)

    @admin.display(description="Connection")
    def connection_shown(self, row: Any) -> SafeString | str:
        """Link to where it goes."""
        gone = "a connection that was deleted"
        return link("bridges_connection", row.connection_id, row.its_connection) if row.its_connection else gone

    @admin.display(description="State")
    def outcome_shown(self, row: Any) -> SafeString:
        """Show what became of it, or why it waits."""
        return delivery_shown.outcome(row, held=_obstacle(row.its_connection))

    @admin.display(description="Next try, or end")
    def next_or_ended(self, row: Any) -> SafeString | str:
        """Show when it is tried next, or when it ended."""
        if row.due_at and _obstacle(row.its_connection):
            return "when its connection sends again"
        return moment(row.due_at or row.ended_at)

    @admin.display(description="Tries")
    def number(self, row: Delivery) -> str:
        """Show how often it was tried."""
        return f"{row.n_tries:,}"

    @admin.display(description="Until")
    def deadline(self, row: Delivery) -> SafeString:
        """Show until when it is tried."""
        return moment(row.deadline_at)

    @admin.display(description="Last error")
    def error_shown(self, row: Delivery) -> str | SafeString:
        """Show what was said last."""
        return row.error[:200] or NOTHING

    @admin.display(description="Person")
    def profile(self, row: Delivery) -> SafeString:
        """Link to whom it is about."""
        return link("profiles_profile", row.profile_id)

    @admin.display(description="Key")
    def key_shown(self, row: Delivery) -> SafeString:
        """Show by what the receiver knows it."""
        return copyable(row.key)

    @admin.display(description="Request")
    def request_shown(self, row: Delivery) -> SafeString:
        """Show what is sent."""
        return delivery_shown.request(row)

    @admin.display(description="Last answer")
    def answer_shown(self, row: Delivery) -> SafeString:
        """Show what was answered."""
        return delivery_shown.answer(row)

    @admin.display(description="Tries")
    def tries_shown(self, row: Delivery) -> SafeString:
        """Show what was said at each try."""
        return delivery_shown.tries(row)


def _obstacle(connection: Connection | None) -> str:
    """Say why nothing is sent by a connection now; nothing where something is."""
    if connection is None:
        return "its connection was deleted"
    if not connection.is_enabled:
        return "its connection is off"
    if connection.held_at:
        return f"its connection is held. {connection.held_because}"
    return ""
