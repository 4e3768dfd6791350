"""What programs read and record of consents."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.api.scopes import Scope
from apps.collector import consent_decisions
from apps.collector.grouping import Busy
from apps.core.models import AuditEntry
from apps.events.models import Event, Source
from apps.events.resolution import by_hand
from apps.profiles.models import ConsentDecision, ConsentType, Profile
from apps.sessions.models import Session
from tests.factories import ANNA, AliasFactory, ConsentTypeFactory, ProfileFactory, SourceFactory
from tests.programs import program

CLERK = (Scope.CONSENTS_READ, Scope.CONSENTS_WRITE)


@pytest.fixture
def source(db: None, alone: None) -> Source:
    """A source, two consent types that are offered, and one that is no longer."""
    letters = ConsentTypeFactory(id="letters", text="You may write to me.")
    letters.text = "You may write to me, and call."
    letters.save()
    ConsentTypeFactory(id="profiling", is_revokable=False)
    ConsentTypeFactory(id="sharing", is_enabled=False)
    return SourceFactory(name="Call centre")


def decide(profile: Profile, source: Source, consents: Any, **more: Any) -> Any:
    body = {"source_id": str(source.id), "consents": consents, **more}
    return program(*CLERK).post(f"/api/profiles/{profile.id}/consents", body, format="json")


def state(answer: Any) -> dict[str, bool]:
    return {row["id"]: row["holds"] for row in answer.json()["results"]}


def test_what_nobody_has_decided_does_not_hold(source: Source) -> None:
    profile = ProfileFactory(consents={"sharing": {"revoke": None}})

    answer = program(Scope.CONSENTS_READ).get(f"/api/profiles/{profile.id}/consents")

    assert state(answer) == {"letters": False, "profiling": False, "sharing": True}
    assert answer.json()["results"][0] == {
        "id": "letters",
        "name": "letters",
        "is_enabled": True,
        "text_version": 2,
        "state": "never",
        "since": None,
        "until": None,
        "version": None,
        "source": None,
        "recorded_by": None,
        "reference": None,
        "holds": False,
        "revoke": None,
        "decided_at": None,
    }


def test_state_says_since_and_until_when_in_which_wording_from_where_and_by_whom(source: Source) -> None:
    profile = ProfileFactory()
    ConsentType.objects.filter(id="letters").update(valid_days=30)
    at = timezone.now() - timedelta(days=2)
    words = {"letters": {"revoke": None, "text_version": 1}}

    given = decide(profile, source, words, decided_at=at.isoformat(), reference="Call 7").json()["results"][0]
    withdrawn = decide(profile, source, {"letters": False}).json()["results"][0]
    whole = program(Scope.PROFILES_READ).get(f"/api/profiles/{profile.id}").json()

    assert (given["state"], given["since"], given["until"]) == ("given", _json(at), _json(at + timedelta(days=30)))
    assert (given["version"], given["source"], given["reference"]) == (1, str(source.id), "Call 7")
    assert given["recorded_by"] == "CRM"
    assert (withdrawn["state"], withdrawn["until"], withdrawn["version"]) == ("withdrawn", None, 2)
    assert whole["consent_states"] == {"letters": "withdrawn"}
    row = ConsentDecision.objects.order_by("id")[0]
    assert (row.actor[:4], row.reference) == ("key:", "Call 7")
    assert Event.objects.get(id=row.event_id).properties["actor"] == row.actor


def test_consent_that_ended_by_itself_has_expired_and_is_not_withdrawn(source: Source) -> None:
    ended = timezone.now() - timedelta(days=1)
    profile = ProfileFactory(
        consents={"letters": {"revoke": ended.isoformat()}},
        provenance={"consents.letters": [(ended - timedelta(days=9)).isoformat(), "", ""]},
    )

    row = program(Scope.CONSENTS_READ).get(f"/api/profiles/{profile.id}/consents").json()["results"][0]

    assert (row["state"], row["since"], row["until"], row["holds"]) == ("expired", _json(ended), None, False)


def _json(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def test_a_decision_goes_through_the_pipeline_and_names_its_words(source: Source) -> None:
    profile = ProfileFactory()

    answer = decide(profile, source, {"letters": {"revoke": None, "text_version": 1}, "profiling": True})

    decision = ConsentDecision.objects.get(consent_type_id="letters")
    assert state(answer) == {"letters": True, "profiling": True}
    assert (decision.profile_id, decision.source_id, decision.text_version) == (profile.id, source.id, 1)
    assert (decision.ip, decision.user_agent) == ("", "")
    assert Event.objects.get(id=decision.event_id).type == "consent-recorded"
    assert Profile.objects.get().visit_count == 0
    assert not Session.objects.exists()


def test_the_audit_log_names_the_key_and_what_was_decided_about(source: Source) -> None:
    profile = ProfileFactory()

    decide(profile, source, {"letters": True})

    entry = AuditEntry.objects.get(action="decided")
    assert entry.actor.startswith("key:")
    assert (entry.actor_name, entry.object_id) == ("CRM", str(profile.id))
    assert entry.details == {"consents": {"letters": "given"}}


def test_a_decision_of_the_past_does_not_take_back_a_newer_one(source: Source) -> None:
    profile = ProfileFactory()
    decide(profile, source, {"letters": True})

    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    answer = decide(profile, source, {"letters": False}, decided_at=yesterday)

    assert state(answer)["letters"]
    assert ConsentDecision.objects.count() == 2


def test_what_is_recorded_again_by_the_id_of_who_was_merged_since_is_one_decision(source: Source) -> None:
    elder, younger, clerk = ProfileFactory(), ProfileFactory(), program(*CLERK)
    yesterday = (timezone.now() - timedelta(days=1)).isoformat()
    body = {"source_id": str(source.id), "consents": {"letters": True}, "decided_at": yesterday}
    first = clerk.post(f"/api/profiles/{younger.id}/consents", body, format="json")
    by_hand.merge(elder.id, younger.id, actor=ANNA, now=timezone.now())

    again = clerk.post(f"/api/profiles/{younger.id}/consents", body, format="json")

    assert (first.status_code, again.status_code) == (200, 200)
    assert state(again)["letters"]
    assert ConsentDecision.objects.get().profile_id == younger.id
    assert Event.objects.filter(type="consent-recorded").count() == 1


def test_the_ledger_has_the_decisions_of_all_ids_of_a_person_the_latest_first(source: Source) -> None:
    profile = ProfileFactory()
    alias = AliasFactory(profile=profile, origin_id=profile.id)
    decide(profile, source, {"letters": True})
    decide(profile, source, {"letters": False})
    decide(ProfileFactory(), source, {"letters": True})

    listed = program(Scope.CONSENTS_READ).get(f"/api/profiles/{alias.id}/consents/decisions").json()["results"]

    assert [(row["consent_type_id"], row["is_granted"], row["text_version"]) for row in listed] == [
        ("letters", False, 2),
        ("letters", True, 2),
    ]
    assert {row["source_id"] for row in listed} == {str(source.id)}


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"consents": {"unheard": True}}, "consents.unheard"),
        ({"consents": {"letters": "yes"}}, "consents.letters"),
        ({"consents": {"sharing": True}}, "consents.sharing"),
        ({"consents": {}}, "consents"),
        ({"consents": {"letters": {"revoke": None, "text_version": 99}}}, "consents.letters"),
        ({"consents": {"letters": True, "unheard": True}}, "consents.unheard"),
        ({"decided_at": "soon"}, "decided_at"),
        ({"decided_at": "1970-01-01T00:00:00Z"}, "decided_at"),
        ({"source_id": ""}, "source_id"),
    ],
)
def test_what_cannot_be_decided_is_refused_by_its_field_and_changes_nothing(
    source: Source, parts: dict[str, Any], field: str
) -> None:
    profile = ProfileFactory()
    body = {"source_id": str(source.id), "consents": {"letters": True}, **parts}

    answer = program(*CLERK).post(f"/api/profiles/{profile.id}/consents", body, format="json")

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert not ConsentDecision.objects.exists()
    assert not AuditEntry.objects.exists()


def test_what_cannot_be_withdrawn_is_told(source: Source) -> None:
    profile = ProfileFactory()
    decide(profile, source, {"profiling": True})

    answer = decide(profile, source, {"profiling": False})

    assert (answer.status_code, answer.json()["field"]) == (422, "consents.profiling")


def test_the_source_has_to_be_one_of_the_api_that_is_switched_on(source: Source) -> None:
    webhook, off = SourceFactory(kind=Source.Kind.WEBHOOK), SourceFactory(is_enabled=False)
    profile = ProfileFactory()

    answers = [decide(profile, each, {"letters": True}) for each in (webhook, off)]

    assert [(answer.status_code, answer.json()["field"]) for answer in answers] == [(403, "source_id")] * 2


def test_a_database_that_is_too_slow_is_told_as_everywhere(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def wait(*_args: Any, **_options: Any) -> None:
        raise Busy

    monkeypatch.setattr(consent_decisions, "record", wait)

    answer = decide(ProfileFactory(), source, {"letters": True})

    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "busy", "5")
    assert not AuditEntry.objects.exists()
