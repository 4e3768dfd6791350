"""Anna is erased. Her devices go on sending, the shop's back end too, old messages arrive; one day she comes back."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client
from django.urls import reverse

from apps.collector import accept
from apps.core import audit
from apps.events.models import Event, InboxItem, RefusedEvent
from apps.profiles.jobs import start_erasure
from apps.profiles.models import Alias, ErasedId, Identifier, PrivacyRequest, Profile
from apps.sessions.models import Session
from tests.factories import SourceFactory, track_body

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "anna@example.com"


def post(address: str, body: dict[str, Any]) -> Any:
    return Client().post(address, body, content_type="application/json")


def sign_in(source: Any, session: str, **parts: Any) -> Any:
    event = {"type": "sign-in", "properties": {"pk": "C-17", "email": {"main": EMAIL}}, **parts}
    return post("/track", track_body(source, events=[event], session=session))


def steward() -> Client:
    user = User.objects.create_superuser("steward")
    client = Client()
    client.force_login(user)
    return client


def test_nothing_brings_her_back_but_her_own_wish() -> None:
    source = SourceFactory()
    phone = sign_in(source, "phone").json()["profile"]["id"]
    sign_in(source, "laptop")
    waiting = track_body(source, "page-view", session="phone", options={"async": True})
    post("/track", waiting)
    an_hour_ago = {"create": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    client = steward()

    page = reverse("admin:profiles_profile_erase_person", args=[phone])
    assert client.post(page, {"reference": "Letter of 3 May"}).status_code == 302

    assert not Profile.objects.exists()
    assert not Session.objects.exists()
    assert not Event.objects.exists()
    certificate = PrivacyRequest.objects.get()
    assert certificate.counts["sessions"] == 2
    assert certificate.finished_at is not None

    # What was accepted before is processed, and refused: it happened before.
    accept.ingest(10, at=datetime.now(UTC))
    assert not InboxItem.objects.exists()
    assert not Event.objects.exists()

    # Her phone goes on: somebody new, of whom nothing is known, and one person still.
    first = post("/track", track_body(source, "page-view", session="phone", profile={"id": phone})).json()
    second = post("/track", track_body(source, "page-view", session="phone", profile={"id": phone})).json()
    assert first["profile"] == second["profile"] != {"id": phone}
    assert Profile.objects.get().is_anonymous

    # Signing in names her. Late events tell of a time that is over. The back end knows her by her number.
    # A page is not told why: who was erased is nobody's business.
    told = sign_in(source, "phone").json()
    assert (told["code"], told["field"]) == ("refused", "")
    assert "erased" not in json.dumps(told)
    late = post("/track", track_body(source, events=[{"type": "page-view", "time": an_hour_ago}], session="phone"))
    assert late.json()["code"] == "refused"
    post("/v1/track", {"writeKey": source.write_key, "userId": "C-17", "event": "invoice"})
    accept.ingest(10, at=datetime.now(UTC))
    assert RefusedEvent.objects.filter(code="erased").count() == 4
    assert EMAIL not in json.dumps([*RefusedEvent.objects.values()], default=str)

    # She returns, and asks.
    listing = reverse("admin:profiles_erasedid_changelist")
    names = list(ErasedId.objects.filter(kind__in=("user", "email")).values_list("pk", flat=True))
    client.post(listing, {"action": "lift", "_selected_action": [str(name) for name in names]})
    assert sign_in(source, "phone").status_code == 200
    assert Profile.objects.get().email == EMAIL
    assert Profile.objects.get().event_count < 12  # and nothing of before


def test_who_is_erased_while_they_send_is_erased_all_the_same() -> None:
    source = SourceFactory()
    profile_id = UUID(sign_in(source, "phone").json()["profile"]["id"])
    old_sessions = set(Session.objects.values_list("id", flat=True))
    stop = threading.Event()

    def send(session: str) -> None:
        try:
            number = 0
            while not stop.is_set() and number < 200:
                number += 1
                event = {"type": "sign-in", "properties": {"pk": "C-17"}} if number % 3 == 0 else {"type": "page-view"}
                post("/track", track_body(source, events=[event], session=session, profile={"id": str(profile_id)}))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(send, session) for session in ("phone", "phone", "tablet", "watch")]
        request = start_erasure(
            profile_id,
            kind=PrivacyRequest.Kind.ERASE,
            reference="x",
            actor=audit.SYSTEM,
            at=datetime.now(UTC),
        )
        stop.set()
        for sender in senders:
            sender.result()

    assert request.finished_at is not None
    old = {profile_id, *old_sessions}
    for model, column in (
        (Profile, "id"),
        (Alias, "id"),
        (Session, "id"),
        (Event, "profile_id"),
        (Event, "session_id"),
    ):
        assert old.isdisjoint(model.objects.values_list(column, flat=True)), (model, column)  # type: ignore[attr-defined]
    assert not Identifier.objects.filter(kind=Identifier.Kind.USER).exists()
    assert not Profile.objects.filter(primary_id="C-17").exists()
    for event in Event.objects.all():
        assert Profile.objects.filter(pk=event.profile_id).exists()
