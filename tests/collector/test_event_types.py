"""The rules of event types, as the pipeline has them in memory."""

import logging

import pytest

from apps.collector import event_types
from apps.events.models import EventType

pytestmark = pytest.mark.django_db


def fresh() -> set[str]:
    event_types.current.forget()
    return set(event_types.rules())


def test_a_broken_definition_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    EventType.objects.create(type="broken", name="Broken", definition={"traits": 5})
    EventType.objects.create(type="mine", name="Mine", definition={"traits": {"x": "x"}})

    with caplog.at_level(logging.ERROR):
        assert "broken" not in fresh() >= {"page-view", "mine"}
        n_logged = len(caplog.messages)
        fresh()

    assert set(caplog.messages) == {"An event type's definition is broken"}
    assert len(caplog.messages) == n_logged  # it is not said again at each look


def test_types_that_are_switched_off_or_deleted_have_no_rules() -> None:
    EventType.objects.create(type="mine", name="Mine")
    EventType.objects.filter(type="page-view").update(is_enabled=False)
    assert "page-view" not in fresh() >= {"mine", "sign-in"}

    EventType.objects.filter(type="mine").delete()
    assert "mine" not in fresh()


def test_a_definition_is_compiled_again_when_it_was_changed() -> None:
    row = EventType.objects.create(type="mine", name="Mine", definition={"tags": ["a"]})
    unchanged = event_types.rules()["page-view"]
    row.definition = {"tags": ["b"]}
    row.save()

    fresh()

    assert event_types.rules()["mine"].tags == ("b",)
    assert event_types.rules()["page-view"] is unchanged
