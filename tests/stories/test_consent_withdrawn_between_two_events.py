"""Somebody agrees on a page, looks around, withdraws there, and looks around again: only the first round is kept."""

from typing import Any

import pytest
from django.test import Client

from apps.collector import accept
from apps.events.models import ComplianceRule, Event, InboxItem, Source
from apps.profiles.models import ConsentDecision, Profile
from tests.factories import NOON, ComplianceRuleFactory, ConsentTypeFactory, SourceFactory, track_body

pytestmark = pytest.mark.django_db(transaction=True)
EMAIL = "anna@example.com"


class Page:
    """Anna's browser on the shop's page."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.profile_id: str | None = None

    def post(self, address: str, body: dict[str, Any]) -> Any:
        return Client().post(address, body, content_type="application/json")

    def track(self, type_: str, **properties: Any) -> Any:
        event = {"type": type_, "properties": properties}
        profile = {"id": self.profile_id} if self.profile_id else None
        answer = self.post("/track", track_body(self.source, events=[event], session="anna", profile=profile))
        self.profile_id = answer.json().get("profile", {}).get("id", self.profile_id)
        return answer

    def decide(self, **consents: bool) -> Any:
        return self.post(
            "/customer/consent",
            {**track_body(self.source, profile={"id": self.profile_id}, session="anna"), "consents": consents},
        )


@pytest.fixture
def page() -> Page:
    """A shop that tracks those who agreed to statistics, and keeps addresses of those who agreed to letters."""
    ConsentTypeFactory(id="statistics", text="We count your visits.")
    ConsentTypeFactory(id="letters", text="You may write to me.")
    ComplianceRuleFactory(field="event@properties.email", consents=["letters"])
    ComplianceRuleFactory(field="event@properties.phone", consents=["letters"], action=ComplianceRule.Action.HASH)
    return Page(SourceFactory(required_consents=["statistics"]))


def kept() -> list[dict[str, Any]]:
    return list(Event.objects.filter(type="newsletter-form").order_by("id").values_list("properties", flat=True))


def test_what_somebody_withdraws_counts_from_their_next_event_on(page: Page) -> None:
    offered = Client().get("/consents/type/enabled").json()["result"]
    assert [each["id"] for each in offered] == ["letters", "statistics"]
    form = {"email": EMAIL, "phone": "+491511234567", "n": 1}

    before_they_are_asked = page.track("page-view")
    page.track("consent-update", consents={"statistics": True})
    page.track("newsletter-form", **form)
    agreed = page.decide(letters=True)
    page.track("newsletter-form", **form)
    withdrawn = page.decide(letters=False)
    page.track("newsletter-form", **form)
    gone = page.decide(statistics=False)
    after_all = page.track("newsletter-form", **form)

    for refused in (before_they_are_asked, after_all):
        assert (refused.status_code, refused.json()["errors"][0]["code"]) == (200, "consent_required")
    assert (agreed.status_code, withdrawn.status_code, gone.status_code) == (200, 200, 200)
    first, second, third = kept()
    assert second == form
    assert first == third
    assert set(first) == {"phone", "n"}
    assert first["phone"] != form["phone"]
    ledger = ConsentDecision.objects.order_by("id").values_list("consent_type_id", "is_granted", "text_version")
    assert list(ledger) == [
        ("statistics", True, 1),
        ("letters", True, 1),
        ("letters", False, 1),
        ("statistics", False, 1),
    ]


def test_what_waits_in_the_inbox_is_judged_by_the_consents_of_when_it_is_processed(page: Page) -> None:
    page.track("consent-update", consents={"statistics": True})
    body = track_body(page.source, "page-view", session="anna", options={"async": True})
    assert page.post("/track", body).status_code == 200

    page.decide(statistics=False)
    accept.ingest(10, at=NOON)

    assert not InboxItem.objects.exists()
    assert not Event.objects.filter(type="page-view").exists()


def test_whoever_asks_later_is_told_what_was_agreed_to_in_which_words(page: Page) -> None:
    page.track("consent-update", consents={"statistics": True})
    page.decide(letters=True)

    decision = ConsentDecision.objects.select_related("consent_type").get(consent_type="letters")
    decision.consent_type.text = "You may write to me every day."
    decision.consent_type.save()

    assert decision.consent_type.texts.get(version=decision.text_version).text == "You may write to me."
    assert (decision.ip, decision.profile_id) == ("127.0.0.1", Profile.objects.get().id)
