"""Setting fields of a person by hand in the admin, and the history of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from apps.core import paths
from apps.core.audit import Actor
from apps.core.ids import new_id
from apps.core.models import AuditEntry
from apps.profiles import editing, ledger
from apps.profiles.admin.edit_form import EditForm
from apps.profiles.admin.editing import PAGE
from apps.profiles.models import Profile, ProfileChange
from tests.factories import NOON, AliasFactory, ProfileFactory

pytestmark = pytest.mark.django_db
ANNA = Actor("user:7", "anna")


def page(profile: Profile, name: str = "edit") -> str:
    return reverse(f"admin:profile_{name}", args=[profile.pk])


def shown(profile: Profile) -> dict[str, Any]:
    """Return what a browser sends back when nothing of the form is touched."""
    form = EditForm(Profile.objects.get(pk=profile.pk))
    inputs: dict[str, Any] = {}
    for path in form.fields:
        if path != "more":
            inputs[path] = inputs[f"initial-{path}"] = form[path].value()
    return inputs


def save(client: Client, profile: Profile, **fields: Any) -> Any:
    return client.post(page(profile), {**shown(profile), **fields.pop("more", {}), **fields.pop("set", {})})


def client_of(role: str) -> Client:
    user = User.objects.create_user(role.replace(" ", ""), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


RICH: dict[str, Any] = {
    "data": {
        "pii": {"firstname": "Ada", "birthday": "1985-12-10"},
        "anonymous": False,
        "contact": {"app": {"other": {"irc": "ada"}}},
        "preferences": {"colors": ["red", "blue"]},
        "metrics": {"ltv": 24.5},
        "devices": {"last": {"geo": {"location": [16.4, 48.2]}}},
    },
    "traits": {"plan": "pro", "zip": "01234", "size": 4, "is_vip": True, "tags": ["a"], "text": "a\nb", "no": None},
    "interests": {"shoes": 3, "a.b": '"quoted"'},
}


def test_what_nobody_touches_stays_as_it_is(admin_client: Client) -> None:
    profile = ProfileFactory(**RICH)

    answer = save(admin_client, profile)

    found = Profile.objects.get()
    assert answer.status_code == 302
    assert (found.data, found.traits, found.interests) == (RICH["data"], RICH["traits"], RICH["interests"])
    assert not ProfileChange.objects.exists()
    assert found.provenance == {}


@pytest.mark.parametrize(
    ("path", "typed", "value"),
    [
        ("data.pii.firstname", " Grace ", "Grace"),
        ("data.pii.firstname", "", None),
        ("data.pii.birthday", "1906-12-09", "1906-12-09"),
        ("data.pii.birthday", "9.12.1906", "1906-12-09"),
        ("data.metrics.next", "2026-12-24T18:30", "2026-12-24T18:30:00+00:00"),
        ("data.contact.email.main", " Ada@Shop.example ", "Ada@Shop.example"),
        ("data.contact.phone.main", "+49 (170) 123-4567", "+49 (170) 123-4567"),
        ("data.anonymous", "true", True),
        ("data.metrics.ltv", "12", 12),
        ("data.preferences.colors", "green\r\n\r\nblue", ["green", "blue"]),
        ("data.contact.app.other", '{"irc": "grace"}', {"irc": "grace"}),
        ("data.devices.last.geo.location", "[1, 2]", [1, 2]),
        ("traits.plan", "free", "free"),
        ("traits.size", "5", 5),
        ("traits.zip", '"04321"', "04321"),
        ("traits.tags", '["b"]', ["b"]),
        ("interests.shoes", "7.5", 7.5),
    ],
)
def test_a_field_is_set_as_its_kind_wants_it(admin_client: Client, path: str, typed: str, value: Any) -> None:
    profile = ProfileFactory(**RICH)

    save(admin_client, profile, set={path: typed})

    change = ProfileChange.objects.get()
    assert (change.path, change.after, change.actor_name) == (path, value, "admin")
    assert Profile.objects.get().provenance[path][1] == f"user:{User.objects.get().pk}"


def test_traits_and_interests_are_added(admin_client: Client) -> None:
    profile = ProfileFactory()
    more = {"more-root": ["traits", "interests"], "more-name": ["plan", "shoes"], "more-value": ["pro", "3"]}

    save(admin_client, profile, more=more)

    found = Profile.objects.get()
    assert (found.traits, found.interests) == ({"plan": "pro"}, {"shoes": 3})


def test_what_an_event_set_while_the_form_was_open_stays(admin_client: Client) -> None:
    profile = ProfileFactory(traits={"plan": "free", "size": 4})
    opened = shown(profile)
    editing.edit(profile.pk, {"traits.size": 5}, actor=ANNA, now=NOON)

    admin_client.post(page(profile), {**opened, "traits.plan": "pro"})

    assert Profile.objects.get().traits == {"plan": "pro", "size": 5}


@pytest.mark.parametrize(
    ("fields", "path", "message"),
    [
        ({"data.metrics.ltv": "many"}, "data.metrics.ltv", "Expected a number"),
        ({"data.contact.app.other": "{"}, "data.contact.app.other", "Expected JSON"),
        ({"data.pii.birthday": "soon"}, "data.pii.birthday", "There is no such day."),
        ({"data.pii.birthday": "31.02.1990"}, "data.pii.birthday", "There is no such day."),
        ({"data.pii.birthday": "0091-02-21"}, "data.pii.birthday", "Write the year with four digits."),
        ({"data.metrics.next": "0091-02-21T10:00"}, "data.metrics.next", "Write the year with four digits."),
        ({"data.metrics.next": "31.02.1990"}, "data.metrics.next", "There is no such time."),
        ({"data.contact.email.main": "not-an-email"}, "data.contact.email.main", "no e-mail address"),
        ({"data.contact.email.private": "a b@shop.example"}, "data.contact.email.private", "no e-mail address"),
        ({"data.contact.phone.main": "call me"}, "data.contact.phone.main", "no phone number"),
        ({"data.contact.phone.mobile": "12"}, "data.contact.phone.mobile", "no phone number"),
        ({"traits.plan": "1e999"}, "traits.plan", "not a finite number"),
        ({"traits.plan": '"a\\u0000"'}, "traits.plan", "Null"),
        ({"more-root": "traits", "more-name": "a..b", "more-value": "1"}, "more", "traits.a..b"),
        ({"more-root": "traits", "more-name": "plan.x", "more-value": "1"}, "more", "traits.plan.x"),
        ({"more-root": "data", "more-name": "shoe", "more-value": "1"}, "more", "data.shoe"),
    ],
)
def test_a_mistake_stands_beside_its_field_and_nothing_is_set(
    admin_client: Client, fields: dict[str, Any], path: str, message: str
) -> None:
    profile = ProfileFactory(traits={"plan": "free", "size": 1})

    answer = save(admin_client, profile, set={"traits.size": "2", **fields})

    assert answer.status_code == 200
    assert [error for error in answer.context["form"].errors[path] if message in error]
    assert set(answer.context["form"].errors) == {path}
    assert f'">{answer.context["form"][path].label}</a>' in answer.content.decode()
    assert Profile.objects.get().traits == {"plan": "free", "size": 1}


def test_the_form_says_who_set_a_field(admin_client: Client) -> None:
    profile = ProfileFactory(traits={"plan": "free"})
    editing.edit(profile.pk, {"traits.plan": "pro"}, actor=Actor("key:0123", "CRM"), now=NOON)

    assert "key:0123 23 Nov 2026" in admin_client.get(page(profile)).content.decode()


def test_an_old_id_leads_to_the_living_profile(admin_client: Client) -> None:
    alias = AliasFactory()

    answer = admin_client.get(reverse("admin:profile_edit", args=[alias.id]))

    assert answer.context["profile"].pk == alias.profile_id


def test_only_those_who_may_change_people_do() -> None:
    profile = ProfileFactory(traits={"plan": "free"})

    for role, may in (("Data steward", True), ("Administrator", True), ("Marketer", False), ("Analyst", False)):
        client = client_of(role)
        head = client.get(reverse("admin:profiles_profile_change", args=[profile.pk])).content.decode()
        assert (page(profile) in head) is may, role
        assert client.get(page(profile)).status_code == (200 if may else 403), role
        assert save(client, profile, set={"traits.plan": role}).status_code == (302 if may else 403), role


def test_the_history_says_what_was_set_from_what_by_whom(admin_client: Client) -> None:
    profile = ProfileFactory(traits={"plan": "free"})
    editing.edit(profile.pk, {"traits.plan": "pro"}, actor=ANNA, now=NOON)

    shown_page = admin_client.get(reverse("admin:profiles_profile_change", args=[profile.pk])).content.decode()

    history = shown_page[shown_page.index("Set by hand") :]
    for part in ("traits.plan", "free", "pro", "anna"):
        assert part in history


def test_the_history_of_both_is_there_after_a_merge_and_earlier_changes_come_as_a_fragment(
    admin_client: Client,
) -> None:
    gone_id = new_id()
    alias = AliasFactory(id=gone_id, origin_id=gone_id)
    profile = alias.profile
    for number in range(PAGE + 1):
        at = NOON + timedelta(minutes=number)
        ProfileChange.objects.create(
            profile_id=alias.id if number % 2 else profile.id, at=at, actor="user:7", actor_name="anna",
            path="traits.n", before=None, after=f"No {number}."
        )  # fmt: skip

    first = admin_client.get(page(profile, "changes")).content.decode()
    before = ProfileChange.objects.order_by("id")[1].id
    second = admin_client.get(page(profile, "changes"), {"before": str(before)}).content.decode()

    assert "<html" not in first
    assert ("No 1." in first, "No 0." in first, "Earlier changes" in first) == (True, False, True)
    assert ("No 0." in second, "No 1." in second, "Earlier changes" in second) == (True, False, False)


def test_who_may_not_see_personal_data_sees_of_changes_when_and_by_whom() -> None:
    profile = ProfileFactory()
    values = {"data.pii.firstname": "Ada", "traits.illness": "flu", "data.metrics.ltv": 77}
    editing.edit(profile.pk, values, actor=ANNA, now=NOON)
    analyst = client_of("Analyst")

    for address in (reverse("admin:profiles_profile_change", args=[profile.pk]), page(profile, "changes")):
        text = analyst.get(address).content.decode()
        assert not [part for part in ("Ada", "flu", "illness", "firstname") if part in text]
        assert text.replace("hidden: personal data", "").count("personal data") == 2
        assert "77" in text
        assert "anna" in text


def test_days_are_written_as_people_write_them(admin_client: Client) -> None:
    profile = ProfileFactory(**RICH)
    save(admin_client, profile, set={"data.pii.birthday": "1985-12-11"})

    for address in (reverse("admin:profiles_profile_change", args=[profile.pk]), page(profile, "changes")):
        text = admin_client.get(address).content.decode()
        assert "11 Dec 1985" in text
        assert "1985-12" not in text
    form = admin_client.get(page(profile)).content.decode()
    assert 'type="date" name="data.pii.birthday" value="1985-12-11"' in form


def test_a_change_is_undone_unless_the_field_was_set_again(admin_client: Client) -> None:
    profile = ProfileFactory(data={"contact": {"email": {"main": "no address"}}})
    editing.edit(profile.pk, {"data.contact.email.main": "ada@shop.example"}, actor=ANNA, now=NOON)
    change = ProfileChange.objects.get()
    undo = reverse("admin:profile_change_undo", args=[change.pk])
    assert undo in admin_client.get(page(profile, "changes")).content.decode()

    asked, done, again = admin_client.get(undo), admin_client.post(undo), admin_client.post(undo, follow=True)

    assert "no address" in asked.content.decode()
    assert done.status_code == 302
    assert Profile.objects.get().data["contact"]["email"]["main"] == "no address"
    assert "It has been set again since." in again.content.decode()
    assert undo not in admin_client.get(page(profile, "changes")).content.decode()
    for role in ("Marketer", "Analyst"):
        assert client_of(role).post(undo).status_code == 403


def test_while_others_merge_this_person_nothing_is_set_and_the_page_says_so(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = ProfileFactory(traits={"plan": "free"})
    save(admin_client, profile, set={"traits.plan": "pro"})
    undo = reverse("admin:profile_change_undo", args=[ProfileChange.objects.get().pk])
    monkeypatch.setattr(ledger, "has_moved", lambda *_, **__: True)

    answers = [save(admin_client, profile, set={"traits.plan": "max"}), admin_client.post(undo, follow=True)]

    for answer in answers:
        assert "Others are merging this profile. Please try again in a minute." in answer.content.decode()
    assert 'value="max"' in answers[0].content.decode()  # what was typed is not lost
    assert Profile.objects.get().traits == {"plan": "pro"}


def test_the_audit_log_has_the_names_of_fields_and_not_what_they_hold(admin_client: Client) -> None:
    profile = ProfileFactory(traits={"plan": "free", "ada@shop.example": 1})
    name = paths.join(("traits", "ada@shop.example"))

    save(admin_client, profile, set={"traits.plan": "secret", "data.pii.firstname": "Ada", name: 2})

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_id, entry.actor_name) == ("changed", str(profile.pk), "admin")
    assert entry.details == {"fields": ["data.pii.firstname", "traits.plan", "traits.…"]}


def test_further_changes_are_for_those_who_may_see_people(client: Client) -> None:
    client.force_login(User.objects.create(username="nobody", is_staff=True))

    assert client.get(page(ProfileFactory(), "changes")).status_code == 403
