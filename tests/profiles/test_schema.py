"""A profile's fields take what fits, in one form, and refuse the rest with the reason."""

import pytest

from apps.core.paths import parse
from apps.profiles.schema import FIELDS, FieldError, Kind, coerce, find, is_empty


@pytest.mark.parametrize(
    ("path", "value", "stored"),
    [
        ("data.pii.firstname", "Anna", "Anna"),
        ("data.pii.firstname", "", ""),
        ("data.identifier.pk", 4711, "4711"),
        ("primary_id", 4711, "4711"),
        ("data.job.salary", 0, 0),
        ("data.job.salary", "12.5", 12.5),
        ("data.job.salary", " 12 ", 12),
        ("data.anonymous", False, False),
        ("data.preferences.colors", "red", ["red"]),
        ("data.preferences.sizes", 42, ["42"]),
        ("data.preferences.colors", ["red", "blue", "red"], ["red", "blue", "red"]),
        ("data.preferences.colors", [], []),
        ("data.devices.last.geo.location", [10.7, 59.9], [10.7, 59.9]),
        ("data.contact.app.other", {"matrix": "@anna"}, {"matrix": "@anna"}),
        ("data.contact.app.other.matrix", 1, 1),
        ("consents.marketing", {"revoke": None, "note": "x"}, {"revoke": None}),
        ("consents.marketing", {"revoke": "2030-01-01"}, {"revoke": "2030-01-01T00:00:00+00:00"}),
        ("traits.plan", {"name": [1, None]}, {"name": [1, None]}),
        ("interests.hiking", False, False),
        ("stats.visits", 3, 3),
    ],
)
def test_coerce_stores_what_fits_in_one_form(path: str, value: object, stored: object) -> None:
    coerced = coerce(path, value)

    assert coerced == stored
    assert type(coerced) is type(stored)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("2010-01-01 00:00:00", "2010-01-01T00:00:00+00:00"),
        ("2010-01-01", "2010-01-01T00:00:00+00:00"),
        ("2010-01-01T02:00:00+02:00", "2010-01-01T00:00:00+00:00"),
        ("2010-01-01T00:00:00.25Z", "2010-01-01T00:00:00.250000+00:00"),
    ],
)
def test_coerce_stores_times_in_utc(text: str, stored: str) -> None:
    assert coerce("data.metrics.next", text) == stored


@pytest.mark.parametrize("path", ["data.pii.birthday", "data.loyalty.card.expires"])
@pytest.mark.parametrize(
    "said",
    [
        *("1990-05-01", "1990-05-01T00:00:00+02:00", "1990-05-01T00:00:00Z", "1990-05-01 23:59:59-11:00"),
        *(" 19900501 ", 19900501, "1990-05-01T12:00", "1990-05-01T23:30:00+14:00"),
        *(641_520_000, "641520000", 641_563_200.5, 641_520_000_000, "641520000000"),
    ],
)
def test_a_day_is_the_one_that_is_written(path: str, said: object) -> None:
    assert coerce(path, said) == "1990-05-01"


@pytest.mark.parametrize(
    ("said", "day"), [(-1_000_000_000, "1938-04-24"), (1_614_775_793, "2021-03-03"), (1_614_775_793_000, "2021-03-03")]
)
def test_seconds_and_milliseconds_tell_a_day(said: int, day: str) -> None:
    assert coerce("data.pii.birthday", said) == day


@pytest.mark.parametrize("path", sorted(FIELDS))
def test_coerce_takes_null_for_every_field(path: str) -> None:
    assert coerce(path, None) is None


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("data.pii.firstname", ["Anna"], "Expected a text, not a list."),
        ("data.pii.firstname", True, "Expected a text, not true."),
        ("data.pii.firstname", "x" * 2_001, "It is longer than 2000 characters."),
        ("data.job.salary", True, "Expected a number, not true."),
        ("data.job.salary", "a lot", "Expected a number, not a text."),
        ("data.job.salary", "", "Expected a number, not a text."),
        ("data.job.salary", "1_000", "Expected a number, not a text."),
        ("data.job.salary", "1e99", "The number is out of range."),
        ("data.job.salary", 2**63, "The number is out of range."),
        ("data.job.salary", float("nan"), "The number is out of range."),
        ("data.job.salary", "9" * 5000, "Expected a number, not a text."),
        ("data.anonymous", "true", "Expected true or false, not a text."),
        ("data.anonymous", 1, "Expected true or false, not a number."),
        ("data.metrics.next", "soon", "Expected a date or time"),
        ("data.metrics.next", 20100101, "Expected a date or time"),
        ("data.metrics.next", "0001-01-01T00:00:00+14:00", "Expected a date or time"),
        *(
            ("data.pii.birthday", said, "Expected a date such as 2024-05-31")
            for said in ("soon", "", "01/05/1990", 1990, 30, "30", 1e300, True, [], "0001-01-01", "19901350", 1e15)
        ),
        ("data.preferences.colors", [None], "Expected a text, not null."),
        ("data.preferences.colors", {"a": 1}, "Expected a text, not an object."),
        ("data.devices.last.geo.location", [10.7], r"Expected \[longitude, latitude\]"),
        ("data.devices.last.geo.location", [10.7, 95], "Expected degrees between -90 and 90"),
        ("data.devices.last.geo.longitude", 181, "Expected degrees between -180 and 180"),
        ("data.contact.app.other", "x", "Expected an object, not a text."),
        ("consents.marketing", True, "Expected an object such as"),
        ("data.pii.shoes", 1, "A profile has no such field."),
        ("data.pii", {}, "A profile has no such field."),
        ("data.pii.firstname.x", 1, "A profile has no such field."),
        ("traits", {}, "A profile has no such field."),
        ("database", 1, "A profile has no such field."),
    ],
)
def test_coerce_refuses_what_does_not_fit_and_names_the_field(path: str, value: object, message: str) -> None:
    with pytest.raises(FieldError, match=message) as refusal:
        coerce(path, value)

    assert refusal.value.path == path


def test_coerce_copies_free_values_so_that_the_event_keeps_its_own() -> None:
    said = {"tags": ["a"]}

    stored = coerce("traits.x", said)
    stored["tags"].append("b")

    assert said == {"tags": ["a"]}


def test_find_knows_fields_with_free_content_as_personal_when_their_holder_is() -> None:
    found = find("data.contact.app.other.matrix")

    assert found is not None
    assert found.kind is Kind.FREE
    assert found.is_pii


@pytest.mark.parametrize("path", sorted(FIELDS))
def test_every_field_has_a_path_and_a_label_that_starts_with_a_capital(path: str) -> None:
    assert parse(path)
    assert FIELDS[path].label[0].isupper()


def test_no_field_lies_within_another() -> None:
    holders = {path.rpartition(".")[0] for path in FIELDS}

    assert not holders & FIELDS.keys()


@pytest.mark.parametrize(
    "path",
    ["primary_id", "data.pii.lastname", "data.contact.email.main", "data.identifier.passport", "data.job.salary"],
)
def test_what_identifies_a_person_is_personal_data(path: str) -> None:
    assert FIELDS[path].is_pii


@pytest.mark.parametrize(
    ("value", "empty"),
    [
        (None, True),
        ("", True),
        (" ", True),
        ([], True),
        ({}, True),
        (0, False),
        (False, False),
        ("x", False),
        ([None], False),
    ],
)
def test_zero_and_false_are_not_empty(value: object, *, empty: bool) -> None:
    assert is_empty(value) is empty
