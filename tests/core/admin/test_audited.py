"""Whatever is changed in the admin is on record: forms, actions of lists, and buttons."""

from importlib import import_module
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.bridges.models import Delivery
from apps.core.models import AuditEntry, Beat
from apps.profiles.models import BlockedIdentifier
from apps.segments.models import Segment
from tests.events.factories import QuarantinedEventFactory
from tests.factories import EventTypeFactory, factory_of

pytestmark = pytest.mark.django_db


def actions() -> list[tuple[type[Model], str]]:
    import_module("cdp.urls")  # with which the pages come
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_active=True, is_staff=True)
    return [
        (model, name)
        for model, pages in admin.site._registry.items()
        if model._meta.label != "django_rq.Dashboard"  # its pages are no list: tests/console/test_queue_pages.py
        for name in pages.get_actions(request)
    ]


# What a row has to be like, where an action does nothing with others.
FIT: dict[tuple[str, str], dict[str, Any]] = {
    ("core.Task", "resume"): {"kind": "erase", "state": "paused"},
    ("bridges.Delivery", "retry"): {"outcome": Delivery.Outcome.REFUSED, "due_at": None},
}


@pytest.mark.parametrize(("model", "action"), actions(), ids=str)
def test_each_action_of_a_list_is_on_record(admin_client: Client, model: type[Model], action: str) -> None:
    row = factory_of(model).create(**FIT.get((model._meta.label, action), {}))
    AuditEntry.objects.all().delete()
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    chosen = {"action": action, "_selected_action": [str(row.pk)], "post": "yes"}

    admin_client.post(address, chosen)

    entry = AuditEntry.objects.first()
    assert entry is not None, "Call record, record_all or record_action."
    assert entry.actor_name == "admin"


def test_a_model_without_a_factory_is_told_where_to_have_one() -> None:
    with pytest.raises(AssertionError, match=r"DjangoModelFactory of Beat in tests/core/factories\.py"):
        factory_of(Beat)


def test_fixed_events_are_on_record_without_what_they_hold(admin_client: Client) -> None:
    row = QuarantinedEventFactory()
    form = {"properties": '{"email": "ada@shop.example"}', "context": "{}"}

    admin_client.post(reverse("admin:events_quarantinedevent_change", args=[row.pk]), form)

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.details) == ("changed", str(row.pk), {"fields": ["properties"]})


def test_changes_of_event_types_and_computed_traits_are_on_record(admin_client: Client) -> None:
    type_ = EventTypeFactory(name="Before")
    page = reverse("admin:events_eventtype_change", args=[type_.pk])
    form = admin_client.get(page).context["adminform"].form
    shown = {name: form[name].value() or "" for name in form.fields if name != "is_enabled"}

    admin_client.post(page, {**shown, "name": "After", "is_enabled": "on"})

    entry = AuditEntry.objects.get(object_type="events.eventtype")
    assert entry.details["changes"]["name"] == {"before": "Before", "after": "After"}


def test_roles_and_passwords_of_users_are_on_record_without_the_password(admin_client: Client) -> None:
    ben, helpers = User.objects.create_user("ben", password="old-secret-word"), Group.objects.create(name="Helpers")
    page = reverse("admin:auth_user_change", args=[ben.pk])
    joined = {"date_joined_0": "2026-11-01", "date_joined_1": "12:00:00"}

    admin_client.post(page, {"username": "ben", "is_staff": "on", "is_active": "on", "groups": [helpers.pk], **joined})
    admin_client.post(
        reverse("admin:auth_user_password_change", args=[ben.pk]),
        {"password1": "new-secret-word-7", "password2": "new-secret-word-7", "usable_password": "true"},
    )

    changed, password = AuditEntry.objects.order_by("id")
    assert changed.details["changes"]["groups"] == {"before": [], "after": ["Helpers"]}
    assert changed.details["changes"]["is_staff"] == {"before": False, "after": True}
    assert password.details["fields"]
    assert "secret" not in str([entry.details for entry in AuditEntry.objects.all()])
    assert "pbkdf2" not in str([entry.details for entry in AuditEntry.objects.all()])


def test_values_that_may_be_addresses_are_not_in_the_log(admin_client: Client) -> None:
    admin_client.post(reverse("admin:profiles_blockedidentifier_add"), {"kind": "", "pattern": "ada@shop.example"})

    assert BlockedIdentifier.objects.exists()
    assert "ada" not in str(AuditEntry.objects.get().details)


def test_conditions_and_free_texts_are_in_the_log_without_what_they_say(admin_client: Client) -> None:
    form = {
        "name": "Only her", "key": "only-her", "kind": "condition", "is_enabled": "on",
        "description": "Ada, who asked for it",
        "condition": 'profile@data.contact.email.main = "ada@shop.example" AND profile@visits.count > 20',
    }  # fmt: skip
    admin_client.post(reverse("admin:segments_segment_add"), form)
    row = Segment.objects.get()
    changed = {**form, "condition": form["condition"].replace("ada@", "ben@"), "description": "Ben"}
    admin_client.post(reverse("admin:segments_segment_change", args=[row.pk]), changed)
    admin_client.post(reverse("admin:segments_segment_delete", args=[row.pk]), {"post": "yes", "typed": row.name})

    added, change, *_ = [entry.details["changes"] for entry in AuditEntry.objects.order_by("id")]
    without_values = "profile@data.contact.email.main = ••• AND profile@visits.count > •••"
    assert added["condition"]["after"] == without_values
    assert change["condition"] == {"before": without_values, "after": without_values}
    assert change["description"] == {"before": "•••", "after": "•••"}
    told = str([entry.details for entry in AuditEntry.objects.all()])
    assert not [word for word in ("ada@", "ben@", "Ada", "Ben") if word in told]
