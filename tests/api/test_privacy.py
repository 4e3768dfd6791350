"""What programs do with all data of a person."""

import io
import zipfile
from typing import Any

import pytest

from apps.api.scopes import Scope
from apps.core.models import AuditEntry
from apps.profiles import jobs, ledger
from apps.profiles.models import Merge, PrivacyRequest, Profile
from tests.factories import NOON, AliasFactory, ProfileFactory, SessionFactory
from tests.programs import program

pytestmark = pytest.mark.django_db


def ask(profile: Profile, what: str, **body: Any) -> Any:
    officer = program(Scope.PRIVACY_EXPORT, Scope.PRIVACY_ERASE)
    return officer.post(f"/api/profiles/{profile.id}/{what}", body, format="json")


def test_an_export_is_an_archive_of_all_that_is_known() -> None:
    alias = AliasFactory()

    answer = ask(Profile(id=alias.id), "export", reference="ticket 7")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))

    request = PrivacyRequest.objects.get()
    assert answer.headers["Content-Type"] == "application/zip"
    assert str(request.pk) in answer.headers["Content-Disposition"]
    assert str(alias.profile_id) in archive.read("profile.json").decode()
    assert (request.kind, request.reference, request.requested_by) == ("export", "ticket 7", "CRM")
    assert request.finished_at
    assert AuditEntry.objects.get(action="exported").actor.startswith("key:")


@pytest.mark.parametrize(("what", "n_left", "action"), [("erase", 0, "erased"), ("anonymise", 1, "anonymised")])
def test_a_person_goes_and_the_certificate_is_returned(what: str, n_left: int, action: str) -> None:
    profile = SessionFactory(profile__primary_id="anna").profile

    certificate = ask(profile, what, reference="ticket 7").json()

    assert certificate["is_finished"]
    assert certificate["counts"]["sessions"] == 1
    assert certificate["counts"]["profile"] == 1
    assert Profile.objects.count() == n_left
    assert not Profile.objects.filter(primary_id="anna").exists()
    assert ask(profile, what, reference="ticket 7").status_code == 404
    assert AuditEntry.objects.get(action=action).actor_name == "CRM"


def test_what_is_much_follows_and_the_certificate_tells_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "AT_ONCE_SECS", 0)
    profile = SessionFactory().profile

    answer = ask(profile, "erase", reference="ticket 7")
    polled = program(Scope.PRIVACY_ERASE).get(f"/api/privacy-requests/{answer.json()['id']}")

    assert (answer.status_code, answer.json()["finished_at"]) == (202, None)
    assert polled.json() == answer.json()
    assert not Profile.objects.exists()


def test_it_waits_until_an_undone_merge_has_given_back_what_is_anothers() -> None:
    profile, other = ProfileFactory(), ProfileFactory()
    ids = {"kept_id": other.id, "merged_id": profile.id, "kept_via": other.id, "merged_via": profile.id}
    Merge.objects.create(at=NOON, undone_at=NOON, kept_before={}, merged_before={}, reason="manual", **ids)

    answer = ask(profile, "erase", reference="ticket 7")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_yet")
    assert Profile.objects.count() == 2


@pytest.mark.parametrize("what", ["export", "erase", "anonymise"])
def test_it_waits_while_others_merge_this_person(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    monkeypatch.setattr(ledger, "has_moved", lambda *_, **__: True)

    answer = ask(ProfileFactory(), what, reference="ticket 7")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_yet")
    assert not PrivacyRequest.objects.exists()


@pytest.mark.parametrize("what", ["export", "erase", "anonymise"])
def test_without_a_reference_nothing_is_done(what: str) -> None:
    answer = ask(ProfileFactory(), what)

    assert (answer.status_code, answer.json()["field"]) == (422, "reference")
    assert not PrivacyRequest.objects.exists()
