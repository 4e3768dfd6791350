"""What consent forms on pages may rely on."""

from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from apps.events.models import Event, Source
from apps.profiles.models import ConsentDecision, ConsentType, Profile
from apps.sessions.models import Session
from tests.factories import AliasFactory, ConsentTypeFactory, ProfileFactory, SessionFactory, SourceFactory


@pytest.fixture
def source(db: None) -> Source:
    """A source, two consent types that are offered, and one that is no longer."""
    ConsentTypeFactory(id="marketing", name="Letters", text="You may write to me.", is_required=True)
    ConsentTypeFactory(id="profiling", name="Offers", default="grant", is_revokable=False)
    ConsentTypeFactory(id="sharing", is_enabled=False)
    return SourceFactory()


@pytest.fixture
def session(source: Source) -> Session:
    """Anna's session."""
    return SessionFactory(source_id=source.id)


NOTHING: list[Any] = [
    "false",
    "true",
    "",
    0,
    1,
    None,
    [],
    {},
    {"text_version": 1},
    {"revoked": None},
    {"revoke": "never"},
    {"revoke": None, "text_version": 99},
    {"revoke": None, "text_version": "v1"},
    {"revoke": None, "granted": False},
]


def body(source: Source, session: Session, consents: Any = None, /, **parts: Any) -> dict[str, Any]:
    ids = {"source": {"id": str(source.id)}, "session": {"id": str(session.id)}}
    return {**ids, "profile": {"id": str(session.profile_id)}, "consents": consents, **parts}


def decide(client: APIClient, form: dict[str, Any], query: str = "") -> Any:
    return client.post("/customer/consent" + query, form, format="json")


def test_the_form_reads_what_is_offered_in_which_words(client: APIClient, source: Source) -> None:
    answer = client.get("/consents/type/enabled", HTTP_ORIGIN="https://shop.example")

    assert answer["Access-Control-Allow-Origin"] == "https://shop.example"
    assert answer.json()["total"] == 2
    assert answer.json()["result"][0] == {
        "id": "marketing",
        "name": "Letters",
        "description": "You may write to me.",
        "text_version": 1,
        "default_value": "deny",
        "required": True,
        "revokable": True,
        "tags": [],
    }


def test_a_decision_is_recorded_as_an_event_and_answered_with_all_consents(
    client: APIClient, source: Source, session: Session
) -> None:
    decide(client, body(source, session, {"profiling": True}))

    answer = decide(client, body(source, session, {"marketing": True}))

    both = {"marketing": {"revoke": None}, "profiling": {"revoke": None}}
    assert answer.json() == {"success": True, "profile": {"id": str(session.profile_id)}, "consents": both}
    assert Profile.objects.get().consents == both
    assert ConsentDecision.objects.filter(session_id=session.id, profile_id=session.profile_id).count() == 2
    assert Event.objects.filter(type="consent-update", profile_id=session.profile_id).count() == 2


@pytest.mark.parametrize("shown", [1, 1.0, "1"])
def test_the_ledger_names_the_words_that_were_shown_however_the_number_is_written(
    client: APIClient, source: Source, session: Session, shown: Any
) -> None:
    kind = ConsentType.objects.get(pk="marketing")
    kind.text = "Another wording."
    kind.save()

    answer = decide(client, body(source, session, {"marketing": {"revoke": None, "text_version": shown}}))

    assert answer.status_code == 200
    assert ConsentDecision.objects.get().text_version == 1


def test_a_decision_is_taken_back(client: APIClient, source: Source, session: Session) -> None:
    decide(client, body(source, session, {"marketing": True}))

    answer = decide(client, body(source, session, {"marketing": False}))

    decision = ConsentDecision.objects.latest("id")
    assert not decision.is_granted
    assert answer.json()["consents"]["marketing"]["revoke"] == decision.decided_at.isoformat()


@pytest.mark.parametrize("consents", [None, {}, {"marketing": False}])
def test_all_that_is_offered_can_be_agreed_to_at_once(
    client: APIClient, source: Source, session: Session, consents: Any
) -> None:
    answer = decide(client, body(source, session, consents), "?all=true")

    assert set(answer.json()["consents"]) == {"marketing", "profiling"}


def test_old_ids_of_a_profile_are_its_own(client: APIClient, source: Source, session: Session) -> None:
    alias = AliasFactory(profile=session.profile)

    answer = decide(client, body(source, session, {"marketing": True}, profile={"id": str(alias.id)}))

    assert answer.json()["profile"]["id"] == str(session.profile_id)


def test_nobody_decides_for_another(client: APIClient, source: Source, session: Session) -> None:
    foreign = [
        {"profile": {"id": str(ProfileFactory().id)}},
        {"profile": {"id": str(uuid4())}},
        {"profile": None},
        {"session": {"id": str(uuid4())}},
        {"session": {"id": str(SessionFactory(profile=None, original_profile_id=None).id)}},
        {"session": None},
    ]

    for parts in foreign:
        answer = decide(client, body(source, session, {"marketing": True}, **parts))
        assert (answer.status_code, answer.json()["code"]) == (403, "not_yours"), parts

    assert not ConsentDecision.objects.exists()
    assert not any(Profile.objects.values_list("consents", flat=True))


@pytest.mark.parametrize("profile", [None, {"id": str(uuid4())}])
def test_a_new_visitor_gets_in_by_saying_yes_where_the_source_requires_it(
    client: APIClient, source: Source, profile: Any
) -> None:
    Source.objects.update(required_consents=["marketing"])
    page = {"source": {"id": str(source.id)}, "session": {"id": "new here"}, "profile": profile}
    view = {**page, "events": [{"type": "page-view"}]}
    client.post("/track", view, format="json")
    assert not Session.objects.exists()

    no = decide(client, {**page, "consents": {"marketing": False}})
    assert no.json() | {"warnings": []} == {"success": True, "profile": {"id": None}, "consents": {}, "warnings": []}
    assert no.json()["warnings"][0]["code"] == "not_kept"
    assert not Profile.objects.exists()
    assert not Event.objects.exists()

    yes = decide(client, {**page, "consents": {"marketing": True}})
    assert yes.json()["consents"] == {"marketing": {"revoke": None}}
    assert yes.json()["profile"] == {"id": str(Profile.objects.get().id)}
    assert client.post("/track", view, format="json").json()["profile"] == yes.json()["profile"]
    assert Event.objects.filter(type="page-view").count() == 1


@pytest.mark.parametrize(
    ("consents", "fields"),
    [
        (None, ["consents"]),
        ("marketing", ["consents"]),
        ({"unheard": True}, ["consents.unheard"]),
        ({"marketing": "yes", "unheard": False}, ["consents.marketing", "consents.unheard"]),
        *(({"marketing": nothing}, ["consents.marketing"]) for nothing in NOTHING),
        ({"sharing": True}, ["consents.sharing"]),
    ],
)
def test_what_cannot_be_decided_is_refused_by_its_field(
    client: APIClient, source: Source, session: Session, consents: Any, fields: list[str]
) -> None:
    answer = decide(client, body(source, session, consents))

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == fields
    assert not Event.objects.exists()


def test_a_new_visitor_is_told_of_a_consent_that_does_not_exist(client: APIClient, source: Source) -> None:
    form = {"source": {"id": str(source.id)}, "session": {"id": "new"}, "consents": {"unheard": False}}

    answer = client.post("/customer/consent", form, format="json")

    assert (answer.status_code, answer.json()["field"]) == (422, "consents.unheard")


@pytest.mark.parametrize("nothing", NOTHING)
def test_what_an_event_says_in_no_form_that_we_know_changes_nothing_and_is_told(
    client: APIClient, source: Source, session: Session, nothing: Any
) -> None:
    page = {**body(source, session), "events": []}
    for said in ({"marketing": True}, {"marketing": nothing, "profiling": nothing}):
        page["events"] = [{"type": "consent-update", "properties": {"consents": said}}]
        answer = client.post("/track", page, format="json")

    assert answer.status_code == 200
    assert [warning["field"] for warning in answer.json()["warnings"]] == [
        "events.0.properties.consents.marketing",
        "events.0.properties.consents.profiling",
    ]
    assert Profile.objects.get().consents == {"marketing": {"revoke": None}}


def test_what_cannot_be_withdrawn_is_told(client: APIClient, source: Source, session: Session) -> None:
    decide(client, body(source, session, {"profiling": True}))

    answer = decide(client, body(source, session, {"profiling": False}))

    assert (answer.status_code, answer.json()["field"]) == (422, "consents.profiling")
    assert Profile.objects.get().consents == {"profiling": {"revoke": None}}


def test_the_source_has_to_take_events_of_the_page(client: APIClient, source: Source, session: Session) -> None:
    unknown = decide(client, body(source, session, {"marketing": True}, source={"id": "x"}))
    Source.objects.update(is_enabled=False)
    disabled = decide(client, body(source, session, {"marketing": True}))

    assert (unknown.status_code, disabled.status_code) == (401, 403)
    assert not ConsentDecision.objects.exists()


def test_a_consent_is_taken_where_the_source_requires_it(client: APIClient, source: Source, session: Session) -> None:
    Source.objects.update(required_consents=["marketing"])

    assert decide(client, body(source, session, {"marketing": True})).status_code == 200


def test_who_withdrew_and_says_nothing_is_not_wrong(client: APIClient, source: Source, session: Session) -> None:
    Source.objects.update(required_consents=["marketing"])
    decide(client, body(source, session, {"marketing": False}))

    answer = decide(client, body(source, session, {}))

    assert answer.status_code == 200
    assert set(answer.json()["consents"]) == {"marketing"}
    assert ConsentDecision.objects.count() == 1
