"""A crash between a deed and its entry in the audit log leaves neither: they share a transaction, on every way in."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.api.scopes import Scope
from apps.collector.accept import Failed
from apps.core import audit
from apps.core.models import Task
from apps.events.models import InboxItem, Source
from apps.events.resolution import by_hand
from apps.profiles.models import ConsentDecision, Merge
from apps.segments.models import Membership, Segment
from tests.factories import (
    ANNA,
    ComputedTraitFactory,
    ConsentTypeFactory,
    EventTypeFactory,
    InboxItemFactory,
    ProfileFactory,
    SegmentFactory,
    SourceFactory,
)
from tests.programs import program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]
Deed = Callable[[Client], Any]


class Lost(Exception):
    """Stands for a crash at the moment of recording."""


def by_program(scope: Scope, address: str, body: dict[str, Any]) -> Any:
    return program(scope).post(address, body, format="json")


def merge(client: Client) -> Any:
    one, other = ProfileFactory(), ProfileFactory()
    return client.post(reverse("admin:profile_merge_now", args=[one.pk]), {"other": str(other.pk)})


def merge_by_program(client: Client) -> Any:
    one, other = ProfileFactory(), ProfileFactory()
    return by_program(Scope.PROFILES_MERGE, f"/api/profiles/{one.pk}/merge", {"other_id": str(other.pk)})


def decide(client: Client) -> Any:
    said = {"consent": "letters", "decision": "given", "reference": "Letter", "day": f"{timezone.now():%Y-%m-%d}"}
    return client.post(reverse("admin:profile_consents", args=[ProfileFactory().pk]), said)


def decide_by_program(client: Client) -> Any:
    body = {"source_id": str(SourceFactory().pk), "consents": {"letters": True}}
    return by_program(Scope.CONSENTS_WRITE, f"/api/profiles/{ProfileFactory().pk}/consents", body)


def count_anew(client: Client) -> Any:
    return client.post(reverse("admin:events_computedtrait_count_anew", args=[quote(ComputedTraitFactory().pk)]))


def backfill(client: Client) -> Any:
    row = EventTypeFactory(overrides={"traits": {"plan": "properties.plan"}})
    return client.post(reverse("admin:events_eventtype_index_traits", args=[row.pk]), {"start": ""})


def release(client: Client) -> Any:
    chosen = {"action": "release", "_selected_action": [InboxItemFactory(dead_at=timezone.now()).pk]}
    return client.post(reverse("admin:events_inboxitem_changelist"), chosen)


def switch_off(client: Client) -> Any:
    return client.post(reverse("admin:events_source_delete", args=[SourceFactory().pk]), {"switch_off": "yes"})


def take_list(client: Client) -> Any:
    ProfileFactory(primary_id="a")
    row = SegmentFactory(key="invited", kind=Segment.Kind.LIST, condition="")
    form = {"names": "a", "mode": "add", "column": "1", "first_line": "person"}
    return client.post(reverse("admin:segments_list", args=[row.pk]), form)


def change_password(client: Client) -> Any:
    form = {"password1": "new-secret-word-7", "password2": "new-secret-word-7", "usable_password": "true"}
    return client.post(reverse("admin:auth_user_password_change", args=[User.objects.create(username="ben").pk]), form)


DEEDS: dict[Deed, Callable[[], bool]] = {
    merge: Merge.objects.exists,
    merge_by_program: Merge.objects.exists,
    decide: ConsentDecision.objects.exists,
    decide_by_program: ConsentDecision.objects.exists,
    count_anew: Task.objects.exists,
    backfill: Task.objects.exists,
    release: InboxItem.objects.filter(dead_at=None).exists,
    switch_off: Source.objects.filter(is_enabled=False).exists,
    take_list: Membership.objects.exists,
    change_password: User.objects.exclude(password="").filter(username="ben").exists,
}


@pytest.fixture
def crashes(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let each entry of the audit log fail from now on."""

    def crash(*args: Any, **details: Any) -> None:
        raise Lost

    return lambda: monkeypatch.setattr(audit, "entry", crash)


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_what_cannot_be_recorded_is_not_done(deed: Deed, admin_client: Client, crashes: Callable[[], None]) -> None:
    ConsentTypeFactory(id="letters")
    crashes()

    with suppress(Lost, Failed):
        deed(admin_client)

    assert not DEEDS[deed]()


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_what_is_recorded_is_done(deed: Deed, admin_client: Client) -> None:
    ConsentTypeFactory(id="letters")

    deed(admin_client)

    assert DEEDS[deed]()


def test_a_merge_stands_whose_undoing_cannot_be_recorded(admin_client: Client, crashes: Callable[[], None]) -> None:
    row = by_hand.merge(ProfileFactory().pk, ProfileFactory().pk, actor=ANNA, now=timezone.now())
    crashes()

    with pytest.raises(Lost):
        admin_client.post(reverse("admin:profiles_merge_undo", args=[row.pk]))

    assert Merge.objects.get().undone_at is None
