"""Laws and tables of merging: what two rows become, in whatever order it is found that they are one person."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.mistakes import DefinitionError
from apps.profiles import merging
from apps.profiles.merge_rules import STRATEGIES, MergeRules, compile_rules
from apps.profiles.merging import TREES, Image, compare, image_of, merge_images, profile_of
from apps.profiles.models import MergeRule, Profile

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVENT, SHOP, CRM = str(UUID(int=7)), str(UUID(int=8)), str(UUID(int=9))
DEFAULT = MergeRules()
lawful = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


def image(number: int = 1, /, *, said: dict[str, list[str]] | None = None, **columns: Any) -> Image:
    """Make the image of a profile that was first seen at noon, as many minutes later as its number."""
    at = NOON + timedelta(minutes=number)
    times = dict.fromkeys(("created_at", "updated_at", "first_seen_at", "last_seen_at", "last_active_at"), at)
    return image_of(Profile(id=UUID(int=number), **{**times, "provenance": said or {}, **columns}))


def said(hour: int, source: str = SHOP) -> list[str]:
    return [(NOON + timedelta(hours=hour)).isoformat(), EVENT, source]


def with_trait(number: int, value: Any, *, hour: int = 0, source: str = SHOP, **columns: Any) -> Image:
    return image(number, traits={"x": value}, said={"traits.x": said(hour, source)}, **columns)


def rules(**strategies: str) -> MergeRules:
    rows = [MergeRule(path=f"traits.{name}", strategy=strategy, sources=[CRM]) for name, strategy in strategies.items()]
    return compile_rules(rows)


def merged_trait(strategy: str, *values: Any) -> Any:
    """Merge profiles that hold these values, the later ones said later."""
    result = with_trait(1, values[0], hour=1)
    for number, value in enumerate(values[1:], start=2):
        result = merge_images(result, with_trait(number, value, hour=number), rules(x=strategy))
    return result["traits"]["x"]


# Numbers with few digits: sums of them are exact.
NUMBERS = st.integers(-5, 5) | st.sampled_from([0.1, 0.25, 99.99])
VALUES = (
    st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "a", "b"]) | st.lists(st.sampled_from("ab"), max_size=3)
)
LAWFUL = sorted(name for name, strategy in STRATEGIES.items() if not strategy.is_ordered)
SAID = st.builds(said, st.integers(0, 2), st.sampled_from([SHOP, CRM]))


@st.composite
def images(draw: st.DrawFn) -> Image:
    names = st.sampled_from(LAWFUL)
    consents = st.builds(lambda end: {"revoke": end}, st.none() | st.sampled_from(["2026-11-24", "2026-11-25"]))
    city = st.fixed_dictionaries({}, optional={"city": st.sampled_from(["Rome", "Oslo"]), "postal": st.just("1")})
    trees = {
        "traits": draw(st.dictionaries(names, VALUES, max_size=4)),
        "interests": draw(st.dictionaries(st.sampled_from("ab"), NUMBERS, max_size=2)),
        "consents": draw(st.dictionaries(st.sampled_from("ab"), consents, max_size=2)),
        "data": {
            "pii": {"firstname": draw(st.none() | st.sampled_from("ab"))},
            "metrics": {"ltcosc": draw(st.integers(0, 5)), "ltcocc": draw(st.integers(0, 5)), "ltcop": 1},
            "preferences": {"colors": draw(st.lists(st.sampled_from(["red", "blue"]), max_size=3))},
            "contact": {"app": {"other": draw(st.dictionaries(st.sampled_from("ab"), st.just("x"), max_size=2))}},
            "devices": {"last": {"geo": draw(city)}},
        },
        "aux": draw(st.fixed_dictionaries({}, optional={"geo": st.just({"time_zone": "Europe/Oslo"})})),
    }
    paths = [f"traits.{name}" for name in LAWFUL] + ["interests.a", "consents.a", "consents.b", "data.pii.firstname"]
    paths += ["data.preferences.colors", "data.devices.last.geo", "data.contact.app.other", "data.contact.app.other.a"]
    return image(
        draw(st.integers(1, 9)),
        primary_id=draw(st.sampled_from([None, "17", "18"])),
        country=draw(st.sampled_from(["", "NO", "IT"])),
        visit_count=draw(st.integers(0, 3)),
        event_count=draw(st.integers(0, 3)),
        visit_started_at=draw(st.none() | st.just(NOON)),
        said=draw(st.dictionaries(st.sampled_from(paths), SAID, max_size=6)),
        **trees,
    )


PEOPLE = st.lists(images(), min_size=3, max_size=3, unique_by=lambda found: found["id"])
ALL_LAWFUL = rules(**{name: name for name in LAWFUL})


@lawful
@given(PEOPLE)
def test_merging_is_associative_and_commutative(people: list[Image]) -> None:
    one, two, three = people

    def merged(left: Image, right: Image) -> Image:
        return merge_images(left, right, ALL_LAWFUL)

    assert merged(one, two) == merged(two, one)
    assert merged(merged(one, two), three) == merged(one, merged(two, three)) == merged(merged(three, one), two)


@lawful
@given(PEOPLE)
def test_merging_changes_neither_of_the_two(people: list[Image]) -> None:
    before = copy.deepcopy(people)

    merge_images(people[0], people[1], ALL_LAWFUL)

    assert people == before


@lawful
@given(images())
def test_a_profile_merged_with_itself_is_itself(person: Image) -> None:
    assert merge_images(person, copy.deepcopy(person), ALL_LAWFUL) == person


def test_each_column_has_a_way_to_be_merged() -> None:
    by_others = {"email", "name", "is_anonymous", "provenance", "country", "visit_started_at", "previous_visit_at"}
    by_others |= {"first_seen_at", "last_seen_at", "last_active_at"}

    assert image().keys() == merging.COLUMNS.keys() | set(TREES) | by_others


@pytest.mark.parametrize(
    ("strategy", "values", "expected"),
    [
        ("last_update", ["a", "b"], "b"),
        ("last_update", ["a", "", None], "a"),
        ("last_update", ["a", False], False),
        ("first_update", ["", "a", "b"], "a"),
        ("min", [3, 1, 2], 1),
        ("max", ["2024-05-01", "2023-05-01"], "2024-05-01"),
        ("max", [3, "9"], 3),
        ("sum", [0.1, 0.2, 1], 1.3),
        ("sum", [180, "tall", 1], 181),
        ("sum", [2**62, 2**62], float(2**63)),
        ("average", [1, 2], 1.5),
        ("any", [False, True], True),
        ("all", [False, True], False),
        ("all", [True, "yes"], True),
        ("union", [["b"], ["a", "b"]], ["a", "b"]),
        ("union", [["b", "a"], ["b", "a"]], ["b", "a"]),
        ("union", ["b", ["a"]], ["a", "b"]),
        ("union", [[{"n": 1}], [{"n": 1}, {"n": 2}]], [{"n": 1}, {"n": 2}]),
        ("concat", [["b"], ["a", "b"]], ["b", "a", "b"]),
        ("oldest_profile", ["a", "b"], "a"),
        ("newest_profile", ["a", "b"], "b"),
    ],
)
def test_what_a_strategy_makes_of_values(strategy: str, values: list[Any], expected: Any) -> None:
    assert merged_trait(strategy, *values) == expected


def test_the_most_trusted_source_wins_whenever_it_said_so() -> None:
    trusted, latest = with_trait(1, "crm", hour=1, source=CRM), with_trait(2, "shop", hour=2)

    assert merge_images(trusted, latest, rules(x="most_trusted"))["traits"] == {"x": "crm"}
    assert merge_images(trusted, latest, DEFAULT)["traits"] == {"x": "shop"}


def test_a_customer_survives_and_otherwise_the_older_profile() -> None:
    assert merge_images(image(1), image(2), DEFAULT)["id"] == UUID(int=1)
    customer = merge_images(image(1), image(2, primary_id="17"), DEFAULT)
    assert (customer["id"], customer["primary_id"]) == (UUID(int=2), "17")


def test_counts_are_summed_and_times_are_those_of_both() -> None:
    one = image(1, visit_count=1, event_count=5, visit_started_at=NOON)
    other = image(2, visit_count=2, event_count=7, visit_started_at=NOON + timedelta(hours=2), previous_visit_at=None)

    merged = merge_images(one, other, DEFAULT)

    assert (merged["visit_count"], merged["event_count"]) == (3, 12)
    assert (merged["created_at"], merged["last_seen_at"]) == (one["created_at"], other["last_seen_at"])
    assert merged["last_active_at"] == other["last_active_at"]
    assert (merged["previous_visit_at"], merged["visit_started_at"]) == (NOON, NOON + timedelta(hours=2))


def test_a_profile_without_an_event_was_not_seen() -> None:
    merged = merge_images(image(1, event_count=1), image(2), DEFAULT)

    assert merged["last_seen_at"] == image(1)["last_seen_at"]


def test_sums_are_summed_with_their_percentage_and_heights_are_not() -> None:
    def person(number: int, started: int, completed: int, height: int) -> Image:
        metrics = {"ltcosc": started, "ltcocc": completed, "ltcop": 100, "ltv": 10}
        return image(number, data={"metrics": metrics, "pii": {"attributes": {"height": height}}})

    data = merge_images(person(1, 3, 1, 180), person(2, 1, 1, 181), DEFAULT)["data"]

    assert data["metrics"] == {"ltcosc": 4, "ltcocc": 2, "ltcop": 50.0, "ltv": 20}
    assert data["pii"]["attributes"]["height"] == 181


def test_a_consent_is_the_latest_decision_and_of_two_at_one_time_the_stricter() -> None:
    def person(number: int, end: str | None, hour: int) -> Image:
        return image(number, consents={"mail": {"revoke": end}}, said={"consents.mail": said(hour)})

    withdrawn, granted = person(1, "2026-11-01", 1), person(2, None, 2)
    assert merge_images(withdrawn, granted, DEFAULT)["consents"]["mail"] == {"revoke": None}
    assert merge_images(person(1, "2026-11-01", 3), granted, DEFAULT)["consents"]["mail"] == {"revoke": "2026-11-01"}
    assert merge_images(withdrawn, person(2, None, 1), DEFAULT)["consents"]["mail"] == {"revoke": "2026-11-01"}


def test_a_place_is_never_made_of_two() -> None:
    def person(number: int, geo: dict[str, Any], hour: int) -> Image:
        return image(number, data={"devices": {"last": {"geo": geo}}}, said={"data.devices.last.geo": said(hour)})

    rome = person(1, {"country": {"code": "IT"}, "city": "Rome"}, 1)
    merged = merge_images(rome, person(2, {"country": {"code": "NO"}}, 2), DEFAULT)

    assert merged["data"]["devices"]["last"]["geo"] == {"country": {"code": "NO"}}


def test_who_said_what_when_goes_with_the_value() -> None:
    merged = merge_images(
        image(1, traits={"a": 1, "old": 1}, said={"traits.a": said(2)}), with_trait(2, 5, hour=1), DEFAULT
    )

    assert merged["provenance"] == {
        "traits.a": said(2),
        "traits.x": said(1),
        "traits.old": [image(1)["last_seen_at"].isoformat(), "", ""],
    }


def test_columns_that_lists_search_are_those_of_the_merged_facts() -> None:
    named = image(1, data={"pii": {"firstname": "Anna", "lastname": "Lee"}})
    mailed = image(2, data={"contact": {"email": {"main": "Anna@Example.com"}}})

    merged = merge_images(named, mailed, DEFAULT)

    assert (merged["name"], merged["email"], merged["is_anonymous"]) == ("Anna Lee", "anna@example.com", False)


def test_the_nearest_rule_counts_and_a_star_only_where_nothing_else_does() -> None:
    found = compile_rules(
        MergeRule(path=path, strategy=strategy)
        for path, strategy in (("*", "first_update"), ("traits.*", "max"), ("traits.x", "min"))
    )

    def name_of(*path: str) -> str:
        return found.of(path).strategy.name

    assert (name_of("traits", "x"), name_of("traits", "y")) == ("min", "max")
    assert (name_of("interests", "jazz"), name_of("data", "metrics", "ltv")) == ("sum", "sum")
    assert name_of("data", "pii", "gender") == "first_update"


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"path": "traits.x", "strategy": "guess"}, "strategy"),
        ({"path": "primary_id", "strategy": "min"}, "path"),
        ({"path": "traits..x", "strategy": "min"}, "path"),
        ({"path": "traits.x", "strategy": "most_trusted"}, "sources"),
        ({"path": "traits.x", "strategy": "min", "sources": [1]}, "sources"),
    ],
)
def test_a_wrong_rule_names_the_column(columns: dict[str, Any], field: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        compile_rules([MergeRule(**columns)])

    assert raised.value.field == field


def test_a_preview_lists_what_each_field_becomes() -> None:
    listed = compare(with_trait(1, "a", hour=1), with_trait(2, "b", hour=2), DEFAULT)

    assert [(each.path, each.one, each.other, each.result, each.strategy) for each in listed] == [
        ("traits.x", "a", "b", "b", "Latest value")
    ]


def test_an_image_that_was_kept_as_json_is_the_same_row() -> None:
    import orjson

    person = image(3, primary_id="17", visit_started_at=NOON, traits={"a": 1})

    assert image_of(profile_of(orjson.loads(orjson.dumps(person)))) == person
