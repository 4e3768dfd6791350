"""What people do is on record."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.core import audit
from apps.core.models import AuditEntry
from apps.events.models import EventType, Source
from tests.factories import ANNA, NOON, SourceFactory

pytestmark = pytest.mark.django_db


def form_of(source: Source, **changed: Any) -> dict[str, Any]:
    fields = ("name", "description", "kind", "channel", "bots", "profile_id_path", "session_id_path", "is_enabled")
    values = {name: getattr(source, name) for name in fields}
    return {**values, "allowed_origins": "", **changed}


def test_an_entry_says_who_did_what_to_which_object_and_from_where(admin_user: User) -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="198.51.100.7")
    request.user = admin_user
    source = SourceFactory()

    with transaction.atomic():
        audit.record("changed", actor=audit.actor_of(request), at=NOON, object=source, fields=["name"])

    entry = AuditEntry.objects.get()
    assert (entry.at, entry.actor, entry.actor_name) == (NOON, f"user:{admin_user.pk}", "admin")
    assert (entry.ip, entry.action) == ("198.51.100.7", "changed")
    assert (entry.object_type, entry.object_id) == ("events.source", str(source.pk))
    assert entry.details == {"fields": ["name"]}


def test_what_somebody_does_again_and_again_is_one_entry_for_a_while() -> None:
    source, other = SourceFactory(), SourceFactory()

    def note(minutes: int, *, actor: audit.Actor = ANNA, row: Source = source, **details: Any) -> None:
        at, within = NOON + timedelta(minutes=minutes), timedelta(minutes=10)
        with transaction.atomic():
            audit.record_again("changed", actor=actor, at=at, object=row, within=within, **details)

    for minute in (0, 4, 9):
        note(minute, fields=["draft"])
    note(9, row=other, fields=["draft"])
    note(11, fields=["draft"])
    note(12, fields=["draft", "name"])
    note(13, fields=["draft", "name"], actor=audit.COMMAND)

    told = [(each.actor, each.details) for each in AuditEntry.objects.filter(object_id=source.pk).order_by("id")]
    assert told == [
        (ANNA.key, {"fields": ["draft"], "times": 3, "until": (NOON + timedelta(minutes=9)).isoformat()}),
        (ANNA.key, {"fields": ["draft"]}),
        (ANNA.key, {"fields": ["draft", "name"]}),
        ("command", {"fields": ["draft", "name"]}),
    ]


def test_what_was_rolled_back_was_not_done() -> None:
    with transaction.atomic():
        audit.record("erased", actor=audit.SYSTEM, at=NOON)
        transaction.set_rollback(True)

    assert not AuditEntry.objects.exists()


def test_what_is_done_is_recorded_in_the_transaction_that_does_it() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        audit.record("erased", actor=audit.SYSTEM, at=NOON)
    with pytest.raises(transaction.TransactionManagementError):
        audit.record_all("erased", [SourceFactory()], actor=audit.SYSTEM, at=NOON)

    assert not AuditEntry.objects.exists()


def test_what_changes_nothing_is_recorded_by_itself() -> None:
    audit.record_by_itself("signed in", actor=audit.SYSTEM, at=NOON)

    assert AuditEntry.objects.get().action == "signed in"


def test_changes_of_configuration_are_recorded_with_what_was_there_before_and_after(admin_client: Client) -> None:
    source = SourceFactory(name="Shop")
    page = reverse("admin:events_source_change", args=[source.pk])

    answer = admin_client.post(page, form_of(source, name="Web shop"), REMOTE_ADDR="198.51.100.7")

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.ip) == ("changed", str(source.pk), "198.51.100.7")
    assert entry.details == {"name": "Web shop", "changes": {"name": {"before": "Shop", "after": "Web shop"}}}


def test_additions_and_deletions_are_recorded(admin_client: Client) -> None:
    admin_client.post(reverse("admin:events_source_add"), form_of(SourceFactory.build(name="Shop")))
    source = Source.objects.get()
    admin_client.post(reverse("admin:events_source_delete", args=[source.pk]), {"post": "yes", "name": "Shop"})

    recorded = AuditEntry.objects.order_by("id").values_list("action", "object_id")
    assert list(recorded) == [("added", str(source.pk)), ("deleted", str(source.pk))]


def test_the_log_can_be_looked_at_and_not_be_changed(admin_client: Client) -> None:
    source = SourceFactory(name="Shop")
    entry = audit.record_by_itself("changed", actor=audit.SYSTEM, at=NOON, object=source, name="Shop")
    gone = audit.record_by_itself("deleted", actor=audit.SYSTEM, at=NOON, thing="of another time")
    AuditEntry.objects.filter(pk=gone.pk).update(object_type="old.thing", object_id="7")
    pages = "admin:core_auditentry_changelist", "admin:core_auditentry_change"

    listed = admin_client.get(reverse(pages[0])).content.decode()
    found = admin_client.get(reverse(pages[0]), {"q": entry.object_id}).content.decode()

    assert "source Shop" in listed
    assert "old.thing 7" in listed
    assert "old.thing 7" not in found
    assert admin_client.get(reverse(pages[1], args=[entry.pk])).status_code == 200
    assert admin_client.post(reverse(pages[1], args=[entry.pk]), {"actor_name": "x"}).status_code == 403
    assert admin_client.post(reverse("admin:core_auditentry_delete", args=[entry.pk])).status_code == 403


def test_nobody_sees_the_log_without_the_permission(client: Client) -> None:
    user = User.objects.create_user("anna", is_staff=True)
    client.force_login(user)
    page = reverse("admin:core_auditentry_changelist")

    assert client.get(page).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_auditentry"))
    assert client.get(page).status_code == 200


def test_conditions_within_rules_are_told_without_their_values() -> None:
    rule = {"set": "email", "when": 'event@properties.email = "ada@shop.example"'}
    before, after = {"overrides": {"profile": {}}}, {"overrides": {"profile": {"data.x": rule}}}

    changes = audit.changes_of(EventType, before, after)["changes"]

    expected = {"set": "email", "when": "event@properties.email = •••"}
    assert changes == {"overrides.profile.data.x": {"before": None, "after": expected}}
