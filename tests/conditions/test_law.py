"""Evaluating in memory and evaluating in PostgreSQL are the same, whatever is asked of whatever."""

import json

import pytest
from hypothesis import HealthCheck, given, note, settings

from apps.conditions import Condition, RecordedEvents, compile, from_json, parse, to_json
from apps.profiles import consents
from tests.conditions.database import found_by_sql, keep_crowd
from tests.conditions.people import CROWD, NOW, UNNAMED, Person
from tests.conditions.strategies import CONDITIONS, PEOPLE
from tests.laws import IS_NIGHTLY, examples


@pytest.fixture
def crowd(db: None) -> None:
    keep_crowd()


def found_in_memory(condition: Condition, people: list[Person]) -> list[bool]:
    """Evaluate one after the other."""
    matches = compile(condition)
    return [
        matches(
            {"profile": profile, "consents": consents.states_of(profile["consents"], profile["provenance"])},
            now=NOW,
            history=RecordedEvents(events, unnamed=UNNAMED),
        )
        for profile, events in [*CROWD, *people]
    ]


@pytest.mark.usefixtures("crowd")
@pytest.mark.timeout(4 * 3600 if IS_NIGHTLY else 300)
@settings(
    max_examples=examples(500, nightly=20_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(CONDITIONS, PEOPLE)
def test_condition_means_the_same_as_text_as_json_in_memory_and_in_sql(
    condition: Condition, people: list[Person]
) -> None:
    note(str(condition))

    assert parse(str(condition)) == condition
    assert from_json(json.loads(json.dumps(to_json(condition)))) == condition
    assert found_by_sql(condition, people) == found_in_memory(condition, people)
