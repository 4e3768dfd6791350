"""Decisions about consents are recorded with who records them; others are found by what names them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.flows.engine.moves import Ask, Fail, Go
from apps.flows.testing import RUN, refused, visit
from apps.profiles import consents

EVENT = {"type": "form", "id": "7", "properties": {"version": 2}}
DECIDED = datetime(2026, 11, 1, tzinfo=UTC).isoformat()
GIVE = {"consent": "letters", "decision": "given", "proof": "Form {{ event@id }}"}


def standing(revoke: str | None) -> Any:
    return consents.states_of({"letters": {"revoke": revoke}}, {"consents.letters": [DECIDED, "", "", ""]})


def recorded(move: Any) -> Any:
    assert isinstance(move, Go)
    assert move.port == "out"
    [raised] = move.raised
    assert raised.type == "consent-recorded"
    assert raised.properties["actor"] == raised.recorded["key"] == f"flow:{RUN}"
    assert raised.recorded["name"] == "Flow flow, version 1, node n1"
    return raised.properties["consents"], raised.recorded["reference"]


def test_what_is_not_said_is_a_withdrawal() -> None:
    assert recorded(visit("record-consent", {"consent": "letters"}, event=EVENT)) == ({"letters": False}, "")


def test_a_consent_is_recorded_with_its_proof() -> None:
    assert recorded(visit("record-consent", GIVE, event=EVENT)) == ({"letters": True}, "Form 7")
    versioned = {**GIVE, "text_version": "event@properties.version"}
    assert recorded(visit("record-consent", versioned, event=EVENT))[0] == {
        "letters": {"revoke": None, "text_version": 2}
    }


def test_nobody_is_given_back_what_they_have_withdrawn() -> None:
    withdrawn = {"consents": standing(DECIDED), "event": EVENT}

    assert visit("record-consent", GIVE, **withdrawn) == Go("withdrawn")
    assert recorded(visit("record-consent", {**GIVE, "renews": True}, **withdrawn))[0] == {"letters": True}
    assert recorded(visit("record-consent", GIVE, event=EVENT, consents=standing(None)))[0] == {"letters": True}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"proof": "{{ event@properties.gone }}"}, "Nothing proves it."),
        ({"text_version": "event@id"}, "The version of the wording is no whole number from 1 on."),
        ({"text_version": "event@properties.gone"}, "The version of the wording is no whole number from 1 on."),
    ],
)
def test_what_proves_nothing_leaves_by_error(settings: dict[str, Any], reason: str) -> None:
    assert visit("record-consent", {**GIVE, **settings}, event=EVENT) == Fail(reason)


def test_a_consent_needs_a_proof_when_it_is_saved() -> None:
    assert list(refused("record-consent", {"consent": "letters", "decision": "given"})) == ["proof"]
    assert list(refused("record-consent", {"consent": "letters", "proof": "x"})) == ["proof"]


FIND = {"named": "event@properties.friend", "fields": ["traits.plan", "profile@data.pii.firstname"], "into": "friend"}
ADA = {"id": "p", "traits": {"plan": "pro"}}


def friend(said: Any, **known: Any) -> Any:
    return visit("find-person", FIND, event={"type": "t", "properties": {"friend": said}}, **known)


def test_somebody_is_found_by_what_names_them() -> None:
    assert friend(" a@example.com ") == Ask(
        "people", {"named": "a@example.com", "fields": ["traits.plan", "data.pii.firstname"]}
    )
    assert friend("a", answer=[ADA], payload={"a": 1}) == Go("found", payload={"a": 1, "friend": ADA})
    assert friend("a", answer=[]) == Go("not_found")
    assert friend("a", answer=[ADA, ADA]) == Fail("That names several people.")


@pytest.mark.parametrize("said", ["", None, "x" * 301, "a\0b"])
def test_what_names_nobody_is_not_asked(said: Any) -> None:
    assert friend(said) == Go("not_found")


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["nothing", "traits..a", "event@type", 'traits["a"]'])
def test_what_is_no_field_of_a_person_is_refused_when_it_is_saved(field: str) -> None:
    assert list(refused("find-person", {**FIND, "fields": ["traits.a", field]})) == ["fields.1"]
