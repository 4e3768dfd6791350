"""Consents in conditions: four words, and what is told to who asks for the field instead."""

import pytest

from apps.conditions import Catalogue, ConditionError, complete, from_json, parse, reads, to_json
from apps.conditions.tree import CONSENT_STATES, Consent, Field
from apps.profiles.consents import State
from tests.conditions.database import found_by_sql, keep_crowd
from tests.conditions.people import NOW, Person, decided

CATALOGUE = Catalogue({}, consents={"letters": "Letters by post", "calls": "Calls"})


def test_states_are_those_of_a_profiles_consents() -> None:
    assert set(CONSENT_STATES) == {state.value for state in State}


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ('CONSENTED("letters")', "given"),
        ("consented('letters')", "given"),
        ('WITHDREW("letters")', "withdrawn"),
        ('EXPIRED("letters")', "expired"),
        ('NEVER  asked("letters")', "never"),
    ],
)
def test_word_says_what_holds(text: str, state: str) -> None:
    condition = parse(text)

    assert condition == Consent(state, "letters")
    assert parse(str(condition)) == condition
    assert to_json(condition)["condition"] == {"type": "consent", "state": state, "consent": "letters"}


@pytest.mark.parametrize("text", ['CONSENTED("")', "CONSENTED(letters)", "CONSENTED(5)", "CONSENTED()", 'ASKED("a")'])
def test_consent_is_named_by_a_text(text: str) -> None:
    with pytest.raises(ConditionError):
        parse(text)


def test_state_that_there_is_not_is_refused_in_json() -> None:
    with pytest.raises(ConditionError, match="no state 'perhaps'"):
        from_json({"version": 1, "condition": {"type": "consent", "state": "perhaps", "consent": "letters"}})


def test_past_events_and_items_have_no_consents() -> None:
    with pytest.raises(ConditionError, match="Within WHERE"):
        parse('DID("purchase" WHERE CONSENTED("letters"))')


def test_condition_reads_the_consent_and_changes_with_time_as_it_may_expire() -> None:
    asked = reads(parse('CONSENTED("letters") OR profile@a = 1'))

    assert Field("profile", ("consents", "letters")) in asked.fields
    assert asked.depends_on_time
    assert not reads(parse('NEVER ASKED("letters")')).depends_on_time


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("profile@consents.letters EXISTS", 'CONSENTED("letters")'),
        ("profile@consents.letters IS NOT NULL", 'CONSENTED("letters")'),
        ("profile@consents.letters NOT EMPTY", 'CONSENTED("letters")'),
        ("profile@consents.letters = TRUE", 'CONSENTED("letters")'),
        ("profile@consents.letters IS TRUE", 'CONSENTED("letters")'),
        ("profile@consents.letters != FALSE", 'CONSENTED("letters")'),
        ('profile@consents.letters = "yes"', 'CONSENTED("letters")'),
        ("profile@consents.letters = FALSE", 'NOT CONSENTED("letters")'),
        ("NOT profile@consents.letters = TRUE", 'NOT CONSENTED("letters")'),
        ("profile@consents.letters IS NOT TRUE", 'NOT CONSENTED("letters")'),
        ("profile@consents.letters NOT EXISTS", 'NEVER ASKED("letters")'),
        ("NOT profile@consents.letters EXISTS", 'NEVER ASKED("letters")'),
        ("profile@consents.letters IS NULL", 'NEVER ASKED("letters")'),
        ("profile@consents.letters = NULL", 'NEVER ASKED("letters")'),
        ("profile@consents.letters.revoke EXISTS", 'WITHDREW("letters")'),
        ("profile@consents.letters.revoke NOT EXISTS", 'CONSENTED("letters")'),
        ("NOT profile@consents.letters.revoke EXISTS", 'CONSENTED("letters")'),
        ("profile@consents.letters.revoke > now()", 'CONSENTED("letters")'),
        ("days_until(profile@consents.letters.revoke) > 3", 'CONSENTED("letters")'),
        ('profile@consents.letters CONTAINS "revoke"', 'CONSENTED("letters")'),
        ('profile@consents["letters"] EXISTS', 'CONSENTED("letters")'),
        ("profile@consents EXISTS", ""),
        ("length(profile@consents) > 1", ""),
        ("ANY(profile@consents.letters WHERE item@a = 1)", 'CONSENTED("letters")'),
    ],
)
@pytest.mark.parametrize("around", ["{}", "profile@a = 1 AND ({} OR profile@b = 2)"])
def test_field_of_a_consent_is_refused_and_what_is_meant_takes_its_place(text: str, meant: str, around: str) -> None:
    whole = around.format(text)

    with pytest.raises(ConditionError, match="The field of a consent is not compared") as caught:
        parse(whole)

    error = caught.value
    assert error.suggestion == meant
    assert error.offset is not None
    assert whole[error.offset : error.offset + error.length] == text
    if meant:
        parse(whole.replace(text, meant))
    parse(whole, is_stored=True)  # what was stored before goes on to mean what it meant


@pytest.mark.parametrize("typed", ["CON", "wit", "EXP", "NEV"])
def test_words_are_offered_with_the_types_by_their_names(typed: str) -> None:
    word = next(found.value for found in complete(typed, len(typed), CATALOGUE) if found.kind == "word")
    offered = complete(word, len(word), CATALOGUE)

    assert [(each.kind, each.value, each.label) for each in offered] == [
        ("consent", '"letters"', "Letters by post"),
        ("consent", '"calls"', "Calls"),
    ]
    assert word not in [found.value for found in complete(typed, len(typed), Catalogue({}))]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("consent", "state"),
    [
        ({"revoke": None}, "given"),
        ({"revoke": "2024-03-01T12:30:15.250001+00:00"}, "given"),
        ({"revoke": "2024-03-01T12:30:15.250000+00:00"}, "expired"),
        ({"revoke": "2024-02-29T12:30:15.250001+00:00"}, "expired"),
        ({"revoke": "2024-02-29T12:30:15.250000+00:00"}, "withdrawn"),
        ({"revoke": "2024-02-01T00:00:00+00:00"}, "withdrawn"),
        (None, "never"),
    ],
)
def test_state_is_the_same_in_sql_for_what_was_decided_a_day_ago(consent: object, state: str) -> None:
    keep_crowd()
    yesterday = decided({"letters": consent}, NOW.replace(month=2, day=29))
    nothing = dict.fromkeys(("text", "number", "flag", "at", "born"))
    person: Person = ({**nothing, "data": {}, "traits": {}, **yesterday}, [])

    found = {each for each in CONSENT_STATES if found_by_sql(Consent(each, "letters"), [person])[-1]}

    assert found == {state}
