"""The rules of event types, as the pipeline has them in memory, and the types that are not for everybody."""

import logging

import pytest
from rest_framework.test import APIClient

from apps.events.event_types import planned
from apps.events.models import Event, EventType, EventTypeAlias, RefusedEvent
from tests.factories import SourceFactory, track_body

pytestmark = pytest.mark.django_db


def fresh() -> set[str]:
    """Look at the database again."""
    return set(planned.current.latest())


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
    assert "page-view" not in planned.rules().keys() >= {"mine", "sign-in"}

    EventType.objects.filter(type="mine").delete()
    assert "mine" not in planned.rules()


def test_a_definition_is_compiled_again_when_it_was_changed() -> None:
    row = EventType.objects.create(type="mine", name="Mine", definition={"tags": ["a"]})
    unchanged = planned.rules()["page-view"]
    row.definition = {"tags": ["b"]}
    row.save()

    assert planned.rules()["mine"].tags == ("b",)
    assert planned.rules()["page-view"] is unchanged


def types() -> list[str]:
    return list(Event.objects.order_by("time", "id").values_list("type", flat=True))


@pytest.mark.parametrize(
    "name",
    ["segment-entered", " Segment Left ", "profile-created", "session-opened", "VISIT started", "consent-recorded"],
)
def test_nobody_speaks_for_the_platform(client: APIClient, name: str) -> None:
    source = SourceFactory()
    events = [{"type": name, "properties": {"segment": "vip"}}, {"type": "page-view", "tags": ["event:system", "own"]}]

    answer = client.post("/track", track_body(source, events=events), format="json").json()
    call = {"writeKey": source.write_key, "anonymousId": "a", "event": name, "historical": True}
    called = client.post("/v1/track", call, format="json")

    assert [(error["code"], error["field"]) for error in answer["errors"]] == [("reserved_type", "events.0.type")]
    assert [(told["code"], told["field"]) for told in answer["warnings"]] == [("ignored", "events.1.tags")]
    assert (called.status_code, called.json()["code"], called.json()["field"]) == (422, "reserved_type", "event")
    assert types() == ["profile-created", "session-opened", "visit-started", "page-view"]
    tags = Event.objects.get(type="page-view").tags
    assert "own" in tags
    assert "event:system" not in tags
    assert "vip" in RefusedEvent.objects.order_by("id")[0].payload  # nothing is lost


def test_what_others_say_under_a_name_of_the_platform_can_be_stored_under_another(client: APIClient) -> None:
    EventTypeAlias.objects.create(type="segment-entered", becomes="old-segment-entered")

    assert client.post("/track", track_body(SourceFactory(), "segment-entered"), format="json").status_code == 200

    assert types()[-1] == "old-segment-entered"
