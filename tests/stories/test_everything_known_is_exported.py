"""Anna asks what the shop knows of her, and gets all: what she did, said, agreed to, and who she was taken for."""

import csv
import io
import json
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.events.models import Event
from apps.events.resolution import by_hand
from apps.profiles.models import PrivacyRequest, Profile
from tests.factories import ANNA, ConsentTypeFactory
from tests.shop import Shop

pytestmark = pytest.mark.django_db
EMAIL = "anna@example.com"


@pytest.fixture
def archive(admin_client: Client) -> zipfile.ZipFile:
    """What an administrator downloads, after Anna has used two devices and another customer has used the shop."""
    ConsentTypeFactory(id="letters")
    shop = Shop()
    shop.call("identify", anonymousId="laptop", userId="C-17", traits={"email": EMAIL, "plan": "pro"})
    letters = {"type": "consent-update", "properties": {"consents": {"letters": True}}}
    shop.track("page-view", letters, {"type": "sign-in", "properties": {"pk": "C-17"}}, session="phone")
    shop.track({"type": "x" * 129, "properties": {"n": 1}}, session="phone")
    shop.track("page-view", session="tablet")
    anna, visitor = Profile.objects.get(primary_id="C-17"), Profile.objects.get(primary_id=None)
    by_hand.merge(anna.id, visitor.id, actor=ANNA, now=shop.later(seconds=1))
    shop.call("identify", anonymousId="another", userId="C-18", traits={"email": "ben@example.com"})

    page = reverse("admin:profiles_profile_export_person", args=[visitor.id])  # an old id is as good as any
    answer = admin_client.post(page, {"reference": "Letter of 4 May"})
    return zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(archive.read(f"{name}.json"))
    sheet = list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))
    assert [set(row) for row in sheet] == [set(row) for row in found]
    return found


def test_all_of_it_is_there_and_nothing_of_others(archive: zipfile.ZipFile) -> None:
    [profile] = rows(archive, "profile")
    assert (profile["primary_id"], profile["email"], profile["traits"]["plan"]) == ("C-17", EMAIL, "pro")
    assert profile["provenance"]["traits.plan"]
    assert {row["kind"] for row in rows(archive, "identifiers")} == {"user", "email", "anonymous"}
    assert len(rows(archive, "aliases")) == 1
    assert len(rows(archive, "sessions")) == 3
    types = [row["type"] for row in rows(archive, "events")]
    assert {"identify", "consent-update", "sign-in", "page-view"} <= set(types)
    assert len(types) == Event.objects.exclude(profile_id=Profile.objects.get(primary_id="C-18").id).count()
    [consent] = rows(archive, "consents")
    assert (consent["consent_type_id"], consent["is_granted"], consent["text_version"]) == ("letters", True, 1)
    assert len(rows(archive, "merges")) == 1
    [refused] = [json.loads(row["payload"]) for row in rows(archive, "refused")]
    assert [event["properties"] for event in refused["events"]] == [{"n": 1}]
    everything = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "ben@example.com" not in everything
    assert "C-18" not in everything


def test_an_export_is_on_record_and_leaves_no_copy(archive: zipfile.ZipFile) -> None:
    request = PrivacyRequest.objects.get()

    assert (request.kind, request.reference, request.requested_by) == ("export", "Letter of 4 May", "admin")
    assert request.counts["sessions"] == 3
    assert request.finished_at is not None
    assert request.person == {}
    assert AuditEntry.objects.get(action="exported").object_id == str(request.id)
