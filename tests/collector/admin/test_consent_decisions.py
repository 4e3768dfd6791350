"""What a person agreed to, on their page, and what is recorded there by hand."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.models import AuditEntry
from apps.events import internal
from apps.events.models import Event
from apps.profiles.models import ConsentDecision, ConsentType, Profile
from apps.segments.models import Membership
from tests.factories import ConsentTypeFactory, ProfileFactory, SegmentFactory
from tests.profiles.test_privacy_pages import client_of
from tests.shop import Shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("alone")]


@pytest.fixture
def profile() -> Profile:
    """Somebody, and two consent types that they may be asked for."""
    ConsentTypeFactory(id="letters", name="Letters by post", text="You may write to me.")
    ConsentTypeFactory(id="calls", name="Calls", text="You may call me.")
    made: Profile = ProfileFactory(data={"pii": {"firstname": "Anna"}})
    return made


def page(profile: Profile, client: Client) -> str:
    """Return the text of the consents on somebody's page."""
    html = client.get(reverse("admin:profiles_profile_change", args=[profile.pk])).content.decode()
    panel = re.search(r"<h2>Consents</h2>(.*?)</section>", html, re.DOTALL)
    assert panel
    return " ".join(re.sub(r"<[^>]+>", " ", panel[1]).split())


def day(moment: datetime) -> str:
    """Write a day as the page does."""
    return f"{moment:%d %b %Y}".lstrip("0")


def record(profile: Profile, client: Client, **fields: Any) -> Any:
    today = timezone.localdate().isoformat()
    known = {"consent": "letters", "decision": "given", "reference": "Letter of 3 May", "day": today}
    return client.post(reverse("admin:profile_consents", args=[profile.pk]), known | fields, follow=True)


def test_a_person_without_decisions_was_never_asked(profile: Profile) -> None:
    shown = page(profile, client_of("Data steward"))

    assert re.fullmatch(
        r"Calls never asked Record a decision Letters by post never asked Record a decision All decisions", shown
    )


def test_what_is_recorded_is_in_ledger_events_segments_and_audit_log_with_who_did_it(profile: Profile) -> None:
    segment = SegmentFactory(key="readers", condition='CONSENTED("letters")', built_at=timezone.now())
    client = client_of("Data steward")

    answer = record(profile, client)

    assert "The decision was recorded" in answer.content.decode()
    row = ConsentDecision.objects.get()
    assert (row.is_granted, row.profile_id, row.source_id) == (True, profile.id, internal.SOURCE_ID)
    assert (row.actor[:5], row.actor_name, row.reference) == ("user:", "Datasteward", "Letter of 3 May")
    assert (row.ip, row.user_agent, row.text_version) == ("", "", 1)
    event = Event.objects.get(id=row.event_id)
    assert (event.type, event.profile_id, event.properties["actor"]) == ("consent-recorded", profile.id, row.actor)
    assert Membership.objects.get(segment=segment, left_at=None).profile_id == profile.id
    entry = AuditEntry.objects.get(action="decided")
    assert (entry.actor, entry.object_id) == (row.actor, str(profile.pk))
    assert entry.details == {"consents": {"letters": "given"}}
    today = day(timezone.now())
    assert (
        f"Letters by post given since {today} Recorded by Datasteward (Letter of 3 May) · Decision Wording, version 1"
    ) in page(profile, client)
    assert "You may write to me." in page(profile, client)

    record(profile, client, decision="withdrawn", reference="Call")

    assert f"Letters by post withdrawn since {today} Recorded by Datasteward (Call)" in page(profile, client)
    assert not Membership.objects.filter(segment=segment, left_at=None).exists()


def test_what_the_person_decided_names_its_source_and_the_wording_that_was_shown() -> None:
    ConsentTypeFactory(id="letters", name="Letters by post", text="You may write to me.", valid_days=30)
    shop = Shop()
    shop.now = timezone.now() - timedelta(days=2)
    shop.track({"type": "consent-update", "properties": {"consents": {"letters": True}}}, session="phone")
    words = ConsentType.objects.get()
    words.text = "You may write and call."
    words.save()
    anna = Profile.objects.get()

    shown = page(anna, client_of("Marketer"))

    until = shop.now + timedelta(days=30)
    assert f"Letters by post given since {day(shop.now)} until {day(until)}" in shown
    assert f"{shop.source.name}, in a session · Decision Wording, version 1 You may write to me." in shown
    assert "Record" not in shown  # marketers see, and do not decide for people
    assert "{" not in shown

    Profile.objects.update(consents={"letters": {"revoke": (timezone.now() - timedelta(minutes=1)).isoformat()}})
    assert "Letters by post expired since" in page(anna, client_of("Developer"))


def test_what_a_person_decided_on_their_device_is_withdrawn_for_them_by_hand() -> None:
    ConsentTypeFactory(id="letters", name="Letters by post")
    shop = Shop()
    shop.track({"type": "consent-update", "properties": {"consents": {"letters": True}}}, session="phone")
    anna, client = Profile.objects.get(), client_of("Data steward")

    answer = record(anna, client, decision="withdrawn", reference="Letter").content.decode()

    assert "counts from now on" in answer
    assert "Letters by post withdrawn" in page(anna, client)


def test_a_reference_is_required_and_mistakes_are_told_beside_their_fields(profile: Profile) -> None:
    client = client_of("Administrator")

    for fields, message in (
        ({"reference": " "}, "This field is required"),
        ({"consent": "unknown"}, "not one of the available choices"),
        ({"version": "7"}, "There is no such version of it"),
        ({"day": ""}, "This field is required"),  # which is how a browser sends what it could not read
        ({"day": "31.02.2026"}, "Enter a valid date"),
        ({"day": "2026-11-02", "hour": "25"}, "Enter a valid time"),
        ({"day": "0019-11-02"}, "lies before 1990"),
        ({"day": (timezone.now() + timedelta(days=2)).strftime("%Y-%m-%d")}, "This is still to come"),
        ({"decision": "perhaps"}, "not one of the available choices"),
    ):
        assert message in record(profile, client, **fields).content.decode()
    assert not ConsentDecision.objects.exists()


def test_what_cannot_be_withdrawn_is_refused_in_words(profile: Profile) -> None:
    ConsentType.objects.filter(id="letters").update(is_revokable=False)
    client = client_of("Administrator")
    record(profile, client)

    answer = record(profile, client, decision="withdrawn").content.decode()

    assert "This consent cannot be withdrawn." in answer
    assert ConsentDecision.objects.count() == 1


def test_a_letter_that_is_older_than_the_latest_decision_is_kept_and_changes_nothing(profile: Profile) -> None:
    client = client_of("Administrator")
    record(profile, client, decision="withdrawn")
    before = timezone.localdate() - timedelta(days=3)

    answer = record(profile, client, decision="given", day=before.isoformat()).content.decode()

    assert "It changes nothing: the consent is withdrawn." in answer
    assert ConsentDecision.objects.count() == 2
    assert "Letters by post withdrawn" in page(profile, client)


def test_of_a_day_without_a_time_consent_counts_from_the_beginning_and_a_withdrawal_from_the_end(
    profile: Profile,
) -> None:
    client = client_of("Administrator")
    day = timezone.localdate() - timedelta(days=3)

    for decision, hour in (("given", ""), ("withdrawn", ""), ("given", "17:30")):
        record(profile, client, decision=decision, day=day.isoformat(), hour=hour)

    times = [timezone.localtime(row.decided_at) for row in ConsentDecision.objects.order_by("decided_at")]
    assert [f"{at:%H:%M}" for at in times] == ["00:00", "17:30", "23:59"]
    assert {at.date() for at in times} == {day}
    assert "Letters by post withdrawn" in page(profile, client)


@pytest.mark.parametrize(
    ("role", "status"),
    [("Administrator", 200), ("Data steward", 200), ("Developer", 403), ("Marketer", 403), ("Analyst", 403)],
)
def test_only_who_answers_for_data_may_record_decisions(role: str, status: int, profile: Profile) -> None:
    client = client_of(role)

    assert client.get(reverse("admin:profile_consents", args=[profile.pk])).status_code == status
    assert record(profile, client).status_code == status
    assert ConsentDecision.objects.exists() == (status == 200)


def test_who_may_not_see_personal_data_is_not_told_that_nobody_was_asked(profile: Profile) -> None:
    assert page(profile, client_of("Analyst")) == "hidden: personal data"


def test_the_list_of_people_is_filtered_by_what_they_agreed_to(profile: Profile) -> None:
    client = client_of("Data steward")
    record(profile, client)

    def listed(condition: str) -> list[Profile]:
        answer: Any = client.get(reverse("admin:profiles_profile_changelist"), {"condition": condition})
        return list(answer.context["cl"].result_list)

    assert listed('CONSENTED("letters")') == [profile]
    assert listed('WITHDREW("letters") OR NEVER ASKED("letters")') == []
    assert listed('NEVER ASKED("calls") AND NOT EXPIRED("letters")') == [profile]


def test_all_decisions_of_a_person_are_found_by_any_of_their_ids(profile: Profile) -> None:
    client = client_of("Administrator")
    record(profile, client)

    found = client.get(f"{reverse('admin:profiles_consentdecision_changelist')}?q={profile.pk}").content.decode()

    assert "agreed" in found
    assert internal.NAME in found
