"""The pages of whoever answers for people's data, and what each role may do there."""

import io
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from apps.core.ids import NIL, new_id
from apps.core.models import AuditEntry, Task
from apps.profiles import ledger
from apps.profiles.models import ConsentDecision, ConsentType, ErasedId, PrivacyRequest, Profile
from tests.core.factories import TaskFactory
from tests.factories import ConsentTypeFactory
from tests.profiles.factories import PrivacyRequestFactory
from tests.shop import Shop

pytestmark = pytest.mark.django_db
EMAIL = "anna@example.com"
BUTTONS = ("export_person", "anonymise_person", "erase_person")


@pytest.fixture
def anna() -> Profile:
    """A customer with a consent, two sessions and an e-mail address."""
    ConsentTypeFactory()
    shop = Shop()
    shop.call("identify", anonymousId="laptop", userId="C-17", traits={"email": EMAIL, "firstname": "Anna"})
    consent = {"type": "consent-update", "properties": {"consents": {"marketing": True}}}
    shop.track(consent, {"type": "sign-in", "properties": {"pk": "C-17", "note": "secret"}}, session="phone")
    return Profile.objects.get(primary_id="C-17")


def client_of(role: str) -> Client:
    user = User.objects.create_user(role.replace(" ", ""), is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def button(name: str, profile: Profile) -> str:
    return page(f"profiles_profile_{name}", profile.pk)


def test_an_erasure_shows_what_will_go_asks_for_a_reference_and_is_certified(anna: Profile) -> None:
    client = client_of("Data steward")

    asked = client.get(button("erase_person", anna)).content.decode()
    without_reference = client.post(button("erase_person", anna), {"reference": ""})
    assert Profile.objects.filter(pk=anna.pk).exists()
    done = client.post(button("erase_person", anna), {"reference": "Ticket 7"}, follow=True)

    assert "Visits: when" in asked
    assert "This cannot be undone" in asked
    assert "required" in without_reference.content.decode()
    made = PrivacyRequest.objects.get()
    assert done.redirect_chain[-1][0] == page("profiles_privacyrequest_change", made.pk)
    assert "It is done" in done.content.decode()
    assert not Profile.objects.exists()
    assert (made.reference, made.requested_by) == ("Ticket 7", "Datasteward")
    assert AuditEntry.objects.get(action="erased").actor_name == "Datasteward"
    certificate = client.get(page("profiles_privacyrequest_certificate", made.pk))
    assert "attachment" in certificate["Content-Disposition"]
    text = certificate.content.decode()
    assert "Ticket 7" in text
    assert str(made.subject) in text
    assert EMAIL not in text


def test_an_export_is_downloaded(anna: Profile) -> None:
    client = client_of("Data steward")

    assert "archive" in client.get(button("export_person", anna)).content.decode()
    answer = client.post(button("export_person", anna), {"reference": "Ticket 8"})

    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[arg-type]
    assert EMAIL in archive.read("profile.json").decode()
    assert "attachment" in answer["Content-Disposition"]
    assert PrivacyRequest.objects.get().finished_at is not None
    assert (
        "interim"
        not in client.get(page("profiles_privacyrequest_certificate", PrivacyRequest.objects.get().pk)).content.decode()
    )


def test_a_person_is_made_anonymous(anna: Profile) -> None:
    client_of("Data steward").post(button("anonymise_person", anna), {"reference": "x"})

    assert Profile.objects.get().is_anonymous
    assert PrivacyRequest.objects.get().kind == PrivacyRequest.Kind.ANONYMISE


def test_what_is_under_way_links_to_its_task(anna: Profile) -> None:
    task = TaskFactory(kind="erase")
    made = PrivacyRequestFactory(subject=anna.pk, task=task)
    client = client_of("Data steward")

    assert page("core_task_change", task.pk) in client.get(page("profiles_privacyrequest_changelist")).content.decode()
    assert "interim" in client.get(page("profiles_privacyrequest_certificate", made.pk)).content.decode()


@pytest.mark.parametrize("name", BUTTONS)
def test_nobody_is_found_by_what_is_no_id_of_theirs(anna: Profile, name: str) -> None:
    client = client_of("Data steward")

    for other in ("anna", NIL, new_id()):
        answer = client.post(page(f"profiles_profile_{name}", other), {"reference": "x"})

        assert answer.status_code == 404


@pytest.mark.parametrize("role", ["Marketer", "Developer", "Analyst"])
def test_others_may_neither_export_nor_erase(anna: Profile, role: str) -> None:
    client = client_of(role)

    shown = client.get(page("profiles_profile_change", anna.pk)).content.decode()

    for name in BUTTONS:
        assert button(name, anna) not in shown
        assert client.get(button(name, anna)).status_code == 403
        assert client.post(button(name, anna), {"reference": "x"}).status_code == 403
    for closed in ("profiles_privacyrequest_changelist", "profiles_erasedid_changelist", "core_auditentry_changelist"):
        assert client.get(page(closed)).status_code == 403
    assert Profile.objects.get() == anna


def test_a_tombstone_is_found_by_what_it_stands_for_and_lifted(anna: Profile) -> None:
    client = client_of("Data steward")
    client.post(button("erase_person", anna), {"reference": "x"})
    listing = page("profiles_erasedid_changelist")
    tombstone = ErasedId.objects.get(kind="email")

    found = client.get(listing, {"q": " Anna@example.com "}).content.decode()
    others = client.get(listing, {"q": "ben@example.com"}).content.decode()
    lifted = client.post(listing, {"action": "lift", "_selected_action": [str(tombstone.pk)]}, follow=True)

    assert str(tombstone.pk) in found
    assert str(tombstone.pk) not in others
    assert "1 ids may come again" in lifted.content.decode()
    assert not ErasedId.objects.filter(kind="email").exists()
    assert AuditEntry.objects.get(action="lifted").details == {"kind": "email"}
    assert client.get(page("profiles_erasedid_change", ErasedId.objects.latest("id").pk)).status_code == 200


def test_a_request_is_found_by_its_reference_or_by_the_id_of_the_erased(anna: Profile) -> None:
    client = client_of("Data steward")
    client.post(button("erase_person", anna), {"reference": "Ticket 7"})
    listing = page("profiles_privacyrequest_changelist")

    for term, is_found in (("Ticket 7", True), (str(anna.pk), True), ("Ticket 8", False)):
        assert (">Ticket 7<" in client.get(listing, {"q": term}).content.decode()) is is_found, term


def test_analysts_see_figures_and_nobody(anna: Profile) -> None:
    client = client_of("Analyst")
    event = anna_event(anna)

    pages = [
        page("profiles_profile_changelist"),
        page("profiles_profile_changelist") + "?q=" + str(anna.pk),
        page("profiles_profile_change", anna.pk),
        page("profile_timeline", anna.pk),
        page("cdp_sessions_session_changelist"),
        page("cdp_sessions_session_change", anna.sessions.latest("started_at").pk),
        page("events_event_changelist"),
        page("events_event_change", event),
    ]

    for each in pages:
        answer = client.get(each)
        assert answer.status_code == 200
        shown = answer.content.decode()
        for secret in (EMAIL, "C-17", "Anna", "secret"):
            assert secret not in shown, (each, secret)
    assert "0 profiles" in client.get(page("profiles_profile_changelist"), {"q": EMAIL}).content.decode()


def test_marketers_see_people(anna: Profile) -> None:
    client = client_of("Marketer")

    assert EMAIL in client.get(page("profiles_profile_change", anna.pk)).content.decode()
    assert "secret" in client.get(page("events_event_change", anna_event(anna))).content.decode()


def anna_event(anna: Profile) -> Any:
    from apps.events.models import Event

    return Event.objects.get(profile_id=anna.id, type="sign-in").pk


def test_the_ledger_shows_decisions_with_their_words_and_cannot_be_changed(anna: Profile) -> None:
    client = client_of("Marketer")
    decision = ConsentDecision.objects.get()
    ConsentType.objects.get().save()

    listed = client.get(page("profiles_consentdecision_changelist"), {"q": str(anna.pk)}).content.decode()
    shown = client.get(page("profiles_consentdecision_change", decision.pk)).content.decode()

    assert "agreed" in listed
    assert "version 1: You may write to me." in shown
    assert client.post(page("profiles_consentdecision_change", decision.pk), {}).status_code == 403


def test_a_consent_type_is_made_and_its_wordings_are_kept(anna: Profile) -> None:
    client = client_of("Data steward")
    form = {"name": "Letters", "id": "letters", "text": "One.", "default": "deny", "is_enabled": "on", "valid_days": ""}

    added = client.post(page("profiles_consenttype_add"), form)
    changed = client.post(page("profiles_consenttype_change", "letters"), {**form, "id": "other", "text": "Two."})

    assert (added.status_code, changed.status_code) == (302, 302)
    kind = ConsentType.objects.get(pk="letters")
    assert (kind.text, kind.text_version) == ("Two.", 2)
    shown = client.get(page("profiles_consenttype_change", "letters")).content.decode()
    assert "One." in shown
    assert client.post(page("profiles_consenttype_delete", "letters"), {"post": "yes"}).status_code == 403
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["added", "changed"]


def test_marketers_see_consent_types_and_change_none(anna: Profile) -> None:
    client = client_of("Marketer")

    assert client.get(page("profiles_consenttype_changelist")).status_code == 200
    assert client.post(page("profiles_consenttype_add"), {"name": "x", "id": "x", "text": "x"}).status_code == 403


@pytest.mark.parametrize("name", BUTTONS)
def test_what_has_to_wait_while_others_merge_this_person_says_so(
    anna: Profile, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(ledger, "has_moved", lambda *_, **__: True)

    answer = client_of("Data steward").post(button(name, anna), {"reference": "x"}, follow=True)

    assert "Others are merging this profile. Please try again in a minute." in answer.content.decode()
    assert Profile.objects.get() == anna
    assert not PrivacyRequest.objects.exists()
    assert not Task.objects.exists()
