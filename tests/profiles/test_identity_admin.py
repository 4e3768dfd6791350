"""The admin's pages about identity: who may do what there, and that a merge is shown before it is done."""

import re

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.events.models import IdentificationPoint
from apps.profiles.models import BlockedIdentifier, Merge, MergeRule, Profile
from tests.factories import ProfileFactory, SourceFactory
from tests.shop import Shop


def client_of(role: str) -> Client:
    user = User.objects.create_user(f"a {role}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def developer(db: None) -> Client:
    return client_of("Developer")


@pytest.fixture
def two(db: None) -> tuple[Profile, Profile]:
    anna = ProfileFactory(primary_id="17", traits={"plan": "pro"}, visit_count=2)
    return anna, ProfileFactory(email="anna@example.com", traits={"plan": "", "color": "red"}, visit_count=1)


def test_a_merge_is_shown_field_by_field_and_then_done(developer: Client, two: tuple[Profile, Profile]) -> None:
    anna, visitor = two
    Profile.objects.filter(pk=visitor.pk).update(data={"pii": {"display_name": "Bo Øst"}}, name="Bo Øst")
    page = developer.get(reverse("admin:profile_merge", args=[visitor.pk]), {"with": "17"}).content.decode()
    assert "traits.color" in page
    called = re.search(r"<tr><td>Name</td>(.*?)</tr>", page)
    assert called
    assert re.findall("<td>(.*?)</td>", called[1])[:3] == ["Bo Øst", "17", "<b>Bo Øst</b>"]
    assert Profile.objects.count() == 2

    answer = developer.post(reverse("admin:profile_merge_now", args=[visitor.pk]), {"other": str(anna.pk)}, follow=True)

    assert "one now" in answer.content.decode()
    merged = Profile.objects.get()
    assert (merged.pk, merged.traits, merged.visit_count) == (anna.pk, {"plan": "pro", "color": "red"}, 3)
    assert AuditEntry.objects.get(action="merged").object_id == str(Merge.objects.get().pk)


def test_a_merge_is_undone_from_its_page_after_a_question(developer: Client, two: tuple[Profile, Profile]) -> None:
    anna, visitor = two
    developer.post(reverse("admin:profile_merge_now", args=[visitor.pk]), {"other": str(anna.pk)})
    merge = Merge.objects.get()
    assert "Undo this merge" in developer.get(reverse("admin:profiles_merge_change", args=[merge.pk])).content.decode()
    assert "separate them" in developer.get(reverse("admin:profiles_merge_undo", args=[merge.pk])).content.decode()
    assert Profile.objects.count() == 1

    answer = developer.post(reverse("admin:profiles_merge_undo", args=[merge.pk]), follow=True)

    assert "two again" in answer.content.decode()
    assert set(Profile.objects.values_list("pk", flat=True)) == {anna.pk, visitor.pk}
    again = developer.post(reverse("admin:profiles_merge_undo", args=[merge.pk]), follow=True)
    assert "undone already" in again.content.decode()


def test_an_old_id_opens_the_profile_that_it_leads_to(developer: Client, two: tuple[Profile, Profile]) -> None:
    anna, visitor = two
    developer.post(reverse("admin:profile_merge_now", args=[visitor.pk]), {"other": str(anna.pk)})

    answer = developer.get(reverse("admin:profiles_profile_change", args=[visitor.pk]))

    assert answer.headers["Location"] == reverse("admin:profiles_profile_change", args=[anna.pk])


def test_several_or_no_people_of_a_name_are_said_so(developer: Client, two: tuple[Profile, Profile]) -> None:
    for _ in range(2):
        ProfileFactory(email="twin@example.com")
    address = reverse("admin:profile_merge", args=[two[0].pk])

    assert "which one" in developer.get(address, {"with": "twin@example.com"}).content.decode()
    assert "Nobody else" in developer.get(address, {"with": "nobody@example.com"}).content.decode()
    wrong = developer.post(reverse("admin:profile_merge_now", args=[two[0].pk]), {"other": str(two[0].pk)}, follow=True)
    assert "one profile already" in wrong.content.decode()


def test_marketers_see_merges_and_may_not_merge(two: tuple[Profile, Profile]) -> None:
    marketer = client_of("Marketer")
    anna, visitor = two

    assert marketer.get(reverse("admin:profiles_merge_changelist")).status_code == 200
    assert marketer.get(reverse("admin:profiles_identityconflict_changelist")).status_code == 200
    assert marketer.get(reverse("admin:profile_merge", args=[anna.pk])).status_code == 403
    refused = marketer.post(reverse("admin:profile_merge_now", args=[anna.pk]), {"other": str(visitor.pk)})
    assert refused.status_code == 403
    assert Profile.objects.count() == 2
    assert (
        "Merge with another"
        not in marketer.get(reverse("admin:profiles_profile_change", args=[anna.pk])).content.decode()
    )


def test_people_find_somebody_by_any_identifier(shop: Shop, developer: Client) -> None:
    shop.call(
        "identify", userId="17", anonymousId="laptop", traits={"email": "Anna@Example.com", "phone": "+12025550143"}
    )
    profile = Profile.objects.get()
    ProfileFactory()

    for term in ("17", "laptop", "anna@example.com", "+1 (202) 555-0143", str(profile.pk)):
        page = developer.get(reverse("admin:profiles_profile_changelist"), {"q": term}).content.decode()
        assert page.count("/change/") >= 1, term
        assert str(profile.pk) in page


@pytest.mark.parametrize(
    ("page", "values", "model"),
    [
        (
            "events_identificationpoint",
            {"event_type": "Club Joined", "path": "card", "kind": "device"},
            IdentificationPoint,
        ),
        ("profiles_blockedidentifier", {"pattern": "kiosk-*"}, BlockedIdentifier),
        ("profiles_mergerule", {"path": "traits.plan", "strategy": "most_trusted", "sources": "Shop"}, MergeRule),
    ],
)
def test_rules_are_made_and_their_changes_recorded(
    developer: Client, page: str, values: dict[str, str], model: type
) -> None:
    source = SourceFactory(name="Shop")

    answer = developer.post(reverse(f"admin:{page}_add"), {**values, "is_enabled": "on"})

    assert answer.status_code == 302, answer.content.decode()
    row = model.objects.latest("pk")  # type: ignore[attr-defined]
    assert getattr(row, "sources", [str(source.id)]) == [str(source.id)]
    assert getattr(row, "event_type", "club-joined") == "club-joined"
    assert AuditEntry.objects.filter(action="added", object_id=str(row.pk)).exists()
    assert developer.get(reverse(f"admin:{page}_change", args=[row.pk])).status_code == 200
    assert developer.get(reverse(f"admin:{page}_changelist")).status_code == 200


@pytest.mark.parametrize(
    ("page", "values", "message"),
    [
        ("profiles_mergerule", {"path": "primary_id", "strategy": "min"}, "A path begins with"),
        ("profiles_mergerule", {"path": "traits.x", "strategy": "most_trusted"}, "Name the sources"),
        (
            "profiles_mergerule",
            {"path": "traits.x", "strategy": "min", "sources": "Nowhere"},
            "no source named Nowhere",
        ),
        ("events_identificationpoint", {"event_type": "x", "path": "a..b", "kind": "email"}, "not a dotted path"),
        ("events_identificationpoint", {"event_type": "x", "path": "a", "kind": "external"}, "Name the other system"),
        (
            "events_identificationpoint",
            {"event_type": "identify", "path": "email", "kind": "email"},
            "for this already",
        ),
    ],
)
def test_a_wrong_rule_is_refused_with_its_reason(
    developer: Client, page: str, values: dict[str, str], message: str
) -> None:
    answer = developer.post(reverse(f"admin:{page}_add"), values)

    assert answer.status_code == 200
    assert message in answer.content.decode()


def test_a_default_point_is_switched_off_and_not_deleted(developer: Client) -> None:
    point = IdentificationPoint.objects.get(event_type="identify", path="email")

    developer.post(reverse("admin:events_identificationpoint_change", args=[point.pk]), {"merges_customers": ""})

    point.refresh_from_db()
    assert not point.is_enabled
    assert developer.post(reverse("admin:events_identificationpoint_delete", args=[point.pk])).status_code == 403
