"""People and those who act stand by their names on the pages of merges, conflicts and decisions."""

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.core.audit import Actor
from apps.core.ids import new_id
from apps.events.resolution import by_hand
from apps.profiles.models import ConsentDecision, Merge, Profile
from tests.factories import ANNA, NOON, AliasFactory, ConsentTypeFactory, ProfileFactory
from tests.profiles.factories import IdentityConflictFactory
from tests.profiles.test_privacy_pages import client_of

pytestmark = pytest.mark.django_db
MERGES = reverse("admin:profiles_merge_changelist")
CONFLICTS = reverse("admin:profiles_identityconflict_changelist")
DECISIONS = reverse("admin:profiles_consentdecision_changelist")


@pytest.fixture
def anna() -> Profile:
    made: Profile = ProfileFactory(name="Anna Adler", email="anna@example.com")
    return made


def conflict(one: UUID, other: UUID) -> None:
    IdentityConflictFactory(refusal="two_customers", profile_id=one, other_id=other, identifier_id=None)


def decision(profile_id: UUID) -> None:
    letters = {"consent_type_id": "letters", "is_granted": True, "text_version": 1}
    known = {"decided_at": NOON, "recorded_at": NOON, "source_id": new_id(), "event_id": new_id()}
    ConsentDecision.objects.create(profile_id=profile_id, **letters, **known)


def text_of(client: Client, address: str) -> str:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_merges_name_both_as_they_were_and_who_merged_them(anna: Profile, admin_client: Client) -> None:
    ben, admin_user = ProfileFactory(name="", email="ben@example.com"), User.objects.get(username="admin")
    merge = by_hand.merge(anna.pk, ben.pk, actor=Actor(f"user:{admin_user.pk}", "admin"), now=timezone.now())

    for address in (
        MERGES,
        reverse("admin:profiles_merge_change", args=[merge.pk]),
        reverse("admin:profiles_merge_undo", args=[merge.pk]),
    ):
        shown = text_of(admin_client, address)
        assert "Anna Adler" in shown
        assert "ben@example.com" in shown
    listed = text_of(admin_client, MERGES)
    assert f"user:{admin_user.pk}" not in listed
    assert admin_user.username in listed
    assert str(anna.pk) not in listed.replace(f"/admin/profiles/profile/{anna.pk}/", "")


def test_merges_say_in_words_what_both_had_agreed_to(anna: Profile, admin_client: Client) -> None:
    said = {"consents.letters": [NOON.isoformat(), "", ""]}
    Profile.objects.update(consents={"letters": {"revoke": None}}, provenance=said)
    withdrawn = {"letters": {"revoke": NOON.isoformat()}}
    ben = ProfileFactory(email="ben@example.com", consents=withdrawn, provenance=said)

    asked = text_of(admin_client, f"{reverse('admin:profile_merge', args=[anna.pk])}?with=ben@example.com")
    merge = by_hand.merge(anna.pk, ben.pk, actor=ANNA, now=timezone.now())
    ledger = text_of(admin_client, reverse("admin:profiles_merge_change", args=[merge.pk]))

    for shown in (asked, ledger):
        assert "agreed on 23 Nov 2026" in shown
        assert "withdrew on 23 Nov 2026" in shown
        assert "revoke" not in shown


def test_conflicts_and_decisions_name_the_people_whom_their_ids_lead_to(anna: Profile, admin_client: Client) -> None:
    old, gone = AliasFactory(profile=anna).id, new_id()
    ConsentTypeFactory(id="letters")
    conflict(old, gone)
    decision(old)

    assert "Anna Adler" in text_of(admin_client, CONFLICTS)
    assert f"…{str(gone)[-6:]}, who is no more" in text_of(admin_client, CONFLICTS)
    assert "Anna Adler" in text_of(admin_client, DECISIONS)


def test_names_take_no_statement_for_each_row(anna: Profile, django_assert_max_num_queries: Any) -> None:
    ConsentTypeFactory(id="letters")
    client = client_of("Administrator")

    def statements() -> int:
        total = 0
        for address in (MERGES, CONFLICTS, DECISIONS):
            with django_assert_max_num_queries(60) as asked:
                text_of(client, address)
            assert isinstance(asked, CaptureQueriesContext)
            total += len(asked)
        return total

    def add() -> None:
        by_hand.merge(ProfileFactory().pk, ProfileFactory().pk, actor=ANNA, now=timezone.now())
        conflict(anna.pk, ProfileFactory().pk)
        decision(anna.pk)

    add()
    few = statements()
    for _ in range(4):
        add()

    assert statements() == few
    assert Merge.objects.count() == 5


def test_who_may_not_see_personal_data_sees_no_names(anna: Profile) -> None:
    ConsentTypeFactory(id="letters")
    user = User.objects.create_user("auditor", is_staff=True)
    names = ("view_merge", "view_identityconflict", "view_consentdecision")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(user)
    ben = ProfileFactory(name="Ben Bauer")
    merge = by_hand.merge(anna.pk, ben.pk, actor=ANNA, now=timezone.now())
    conflict(anna.pk, ProfileFactory().pk)
    decision(anna.pk)

    for address in (MERGES, reverse("admin:profiles_merge_change", args=[merge.pk]), CONFLICTS, DECISIONS):
        shown = text_of(client, address)
        assert not any(name in shown for name in ("Anna", "anna@", "Ben"))


def test_a_field_that_somebody_set_says_who_by_name(anna: Profile, admin_client: Client) -> None:
    admin_user = User.objects.get(username="admin")
    said = [NOON.isoformat(), f"user:{admin_user.pk}", ""]
    Profile.objects.update(traits={"plan": "pro"}, provenance={"traits.plan": said})

    shown = text_of(admin_client, reverse("admin:profiles_profile_change", args=[anna.pk]))

    assert f"{admin_user.username} 23 Nov 2026" in shown
