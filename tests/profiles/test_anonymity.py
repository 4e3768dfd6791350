"""What is left when nobody may be recognised."""

from typing import Any

import pytest

from apps.events.store.anonymity import columns_of as event_columns
from apps.profiles.anonymity import columns_of, harmless_object
from apps.profiles.schema import FIELDS, Kind
from apps.sessions.anonymity import columns_of as session_columns
from tests.factories import NOON, EventFactory, ProfileFactory, SessionFactory


@pytest.mark.parametrize(
    ("tree", "left"),
    [
        ({"category": "jazz", "name": "Anna", "note": "for Anna"}, {"category": "jazz"}),
        ({"value": 9.5, "quantity": 0, "is_gift": False}, {"value": 9.5, "quantity": 0, "is_gift": False}),
        ({"id": 17, "user_id": 17, "orderId": 17, "phone": 49151, "lat": 52.5, "zip": 10115, "age": 41}, {}),
        ({"paid": 3, "width": 4, "candidate": 1}, {"paid": 3, "width": 4, "candidate": 1}),
        ({"products": [{"sku": "a", "title": "Blue Train"}, {"title": "x"}]}, {"products": [{"sku": "a"}]}),
        ({"colors": ["red"], "color": ["red", "blue"]}, {"color": ["red", "blue"]}),
        ({"a": None, "b": {}, "c": []}, {}),
        ({"anna@example.com": {"value": 3}}, {}),
    ],
)
def test_texts_stay_under_harmless_names_and_numbers_unless_they_point_at_somebody(tree: Any, left: Any) -> None:
    assert harmless_object(tree) == left


def test_an_installation_adds_names_of_its_own(settings: Any) -> None:
    settings.HARMLESS_PROPERTIES = ["genre"]

    assert harmless_object({"genre": "jazz", "title": "x"}) == {"genre": "jazz"}


def test_of_a_profile_stay_figures_and_facts_that_are_not_personal() -> None:
    said = [NOON.isoformat(), "event", "source"]
    profile = ProfileFactory.build(
        primary_id="C-17",
        email="anna@example.com",
        name="Anna",
        country="DE",
        is_anonymous=False,
        visit_count=3,
        data={
            "pii": {"firstname": "Anna"},
            "metrics": {"ltv": 99.5, "custom": {"shoe": "42"}},
            "preferences": {"colors": ["red"]},
            "loyalty": {"card": {"id": "4711", "points": 12}},
        },
        traits={"plan": "pro"},
        interests={"jazz": 3, "note": "x"},
        consents={"letters": {"revoke": None}},
        computed_states={"first_mail": {"value": "anna@example.com"}},
        computed={"orders": 3, "first_mail": "anna@example.com"},
        aux={"geo": {"time_zone": "Europe/Berlin"}},
        provenance={"data.metrics.ltv": said, "data.pii.firstname": said, "traits.plan": said},
    )

    columns = columns_of(profile)

    assert columns == {
        "primary_id": None,
        "email": None,
        "name": "",
        "is_anonymous": True,
        "data": {"metrics": {"ltv": 99.5}, "preferences": {"colors": ["red"]}, "loyalty": {"card": {"points": 12}}},
        "traits": {},
        "interests": {"jazz": 3},
        "stats": {},
        "computed_states": {},
        "computed": {"orders": 3},
        "consents": {},
        "aux": {},
        "provenance": {"data.metrics.ltv": [NOON.isoformat(), "", ""]},
    }


def test_no_personal_fact_of_the_schema_survives() -> None:
    data: dict[str, Any] = {}
    for path, field in FIELDS.items():
        node = data
        *parents, last = path.split(".")
        for key in parents:
            node = node.setdefault(key, {})
        node[last] = "Anna" if field.is_pii or field.kind is Kind.MAP else 1

    assert "Anna" not in str(columns_of(ProfileFactory.build(data=data["data"])))


def test_of_an_event_stay_type_and_figures() -> None:
    event = EventFactory.build(
        properties={"value": 3, "email": "a@b.c"},
        traits={"order": {"total": 3, "note": "x"}},
        context={"page": {"url": "x"}},
    )

    columns = event_columns(event)

    assert (columns["properties"], columns["traits"], columns["context"]) == ({"value": 3}, {"order": {"total": 3}}, {})
    assert (columns["message_id"], columns["problems"]) == (None, None)


def test_of_a_session_stays_the_kind_of_device() -> None:
    session = SessionFactory.build(
        profile=None,
        original_profile_id=None,
        client_id="annas-phone",
        entry_page="https://shop.example/?email=a@b.c",
        device={"type": "phone", "name": "Anna's phone"},
        geo={"city": "Oslo"},
        context={"x": 1},
    )

    columns = session_columns(session)

    assert columns["device"] == {"type": "phone"}
    assert not any(value for name, value in columns.items() if name != "device")
