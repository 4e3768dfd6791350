"""Keys are made, replaced and switched off in the admin, and shown once."""

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.api.scopes import Scope
from apps.core import keys
from apps.core.models import ApiKey, AuditEntry

pytestmark = pytest.mark.django_db
LIST = "admin:core_apikey_changelist"


def shown(answer: HttpResponse) -> list[str]:
    return re.findall(r"cdp_[0-9a-f]{12}_[A-Za-z0-9_-]{43}", answer.content.decode())


def test_a_new_key_is_shown_once_and_works(admin_client: Client) -> None:
    form = {"name": "CRM", "scopes": [Scope.PROFILES_READ], "is_enabled": "on"}

    answer = admin_client.post(reverse("admin:core_apikey_add"), form, follow=True)

    (text,) = shown(answer)
    found = keys.find(text, now=timezone.now())
    assert found is not None
    assert (found.name, found.scopes) == ("CRM", ["profiles:read"])
    assert shown(admin_client.get(reverse(LIST))) == []
    assert AuditEntry.objects.get(action="added").object_id == str(found.pk)


def test_a_key_without_a_scope_or_with_an_unknown_one_is_refused(admin_client: Client) -> None:
    for scopes in ([], ["everything"]):
        answer = admin_client.post(reverse("admin:core_apikey_add"), {"name": "CRM", "scopes": scopes})
        assert "scopes" in answer.context["adminform"].form.errors

    assert not ApiKey.objects.exists()


def test_a_key_is_replaced_and_the_old_one_works_on_for_a_while(admin_client: Client) -> None:
    now = timezone.now()
    old, old_text = keys.issue("CRM", [Scope.PROFILES_READ], created_by="anna", now=now)

    answer = admin_client.post(reverse(LIST), {"action": "rotate", "_selected_action": [str(old.pk)]}, follow=True)

    (new_text,) = shown(answer)
    assert keys.find(old_text, now=now + timedelta(days=6)) == old
    assert keys.find(old_text, now=now + timedelta(days=8)) is None
    assert keys.find(new_text, now=now + timedelta(days=8)) is not None


def test_a_key_is_switched_off_on_its_page(admin_client: Client) -> None:
    row, text = keys.issue("CRM", [Scope.PROFILES_READ], created_by="anna", now=timezone.now())

    admin_client.post(
        reverse("admin:core_apikey_change", args=[row.pk]), {"name": "CRM", "scopes": [Scope.PROFILES_READ]}
    )

    assert keys.find(text, now=timezone.now()) is None
