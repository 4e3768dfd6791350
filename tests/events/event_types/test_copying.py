"""Events change profiles as their rules say: in any order, field by field, and never halfway."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.events.event_types.compiling import compile
from apps.events.event_types.copying import Copied, Said, copy, put_traits
from apps.events.event_types.default_types import load
from apps.events.event_types.redaction import redact
from apps.events.event_types.traits import extract

BUILTIN = {type_: compile(definition) for type_, definition in load().items()}
CUSTOM = compile(
    {
        "id": "thing-done",
        "profile": {
            "traits.set": {"equals": "properties.set"},
            "traits.sum": {"add": "properties.sum"},
            "traits.list": {"append_unique": "properties.list"},
            "traits.fill": {"equals_if_not_exists": "properties.fill"},
            "traits.least": {"min": "properties.least"},
            "data.job.salary": {"equals": "properties.salary"},
            "stats.done": {"increment": 1},
        },
    }
)
REMOVAL = compile({"id": "thing-removed", "profile": {"traits.set": "delete", "primary_id": "delete"}})
START = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass
class Person:
    """A profile, and what happens to it."""

    document: dict[str, Any] = field(
        default_factory=lambda: {
            "primary_id": None,
            "data": {},
            "traits": {},
            "interests": {},
            "consents": {},
            "stats": {},
        }
    )
    provenance: dict[str, list[str]] = field(default_factory=dict)

    def does(self, type_: str, properties: dict[str, Any], *, day: float = 1) -> Copied:
        """Let a built-in or custom event happen on a day, as the pipeline does it."""
        rules = {"thing-done": CUSTOM, "thing-removed": REMOVAL}.get(type_) or BUILTIN[type_]
        properties = redact(properties, rules)
        traits, _, _ = extract(rules, properties, visit_count=1)
        return copy(rules, said(properties, traits, day=day), **self.held)

    @property
    def held(self) -> dict[str, Any]:
        """Return what `copy` and `put` change."""
        return {"document": self.document, "provenance": self.provenance}

    def __getitem__(self, name: str) -> Any:
        return self.document[name]


def said(properties: dict[str, Any], traits: dict[str, Any], *, day: float, is_repeat: bool = False) -> Said:
    """Make what an event of that day says."""
    return Said(properties, traits, START + timedelta(days=day), UUID(int=int(day * 10)), is_repeat)


@pytest.fixture
def anna() -> Person:
    """Return somebody of whom nothing is known."""
    return Person()


def test_an_event_without_rules_for_the_profile_changes_nothing(anna: Person) -> None:
    assert anna.does("page-view", {"id": "1"}) == Copied()
    assert anna == Person()


def test_signing_up_fills_the_profile_and_records_who_said_it(anna: Person) -> None:
    copied = anna.does("sign-up", {"email": {"main": "anna@example.com"}, "firstname": "Anna"}, day=2)

    assert anna["data"] == {
        "contact": {"email": {"main": "anna@example.com"}},
        "pii": {"firstname": "Anna"},
        "anonymous": False,
    }
    assert copied == Copied({"data.contact.email.main", "data.pii.firstname", "data.anonymous"})
    assert anna.provenance["data.pii.firstname"] == ["2024-05-03T12:00:00+00:00", str(UUID(int=20)), ""]


def test_signing_in_sets_the_customer_number_once(anna: Person) -> None:
    anna.does("sign-in", {"pk": 4711})
    anna.does("sign-in", {"pk": "4712"}, day=2)

    assert anna["primary_id"] == "4711"
    assert anna["data"]["identifier"]["pk"] == "4712"


def test_a_late_event_does_not_replace_what_is_newer(anna: Person) -> None:
    anna.does("sign-up", {"firstname": "Anna"}, day=5)

    copied = anna.does("sign-up", {"firstname": "Ann", "lastname": "Lie"}, day=3)

    assert anna["data"]["pii"] == {"firstname": "Anna", "lastname": "Lie"}
    assert copied.changed == {"data.pii.lastname"}


def test_of_two_events_at_one_time_the_later_arrival_wins(anna: Person) -> None:
    anna.does("sign-up", {"firstname": "Ann"})
    anna.does("sign-up", {"firstname": "Anna"})

    assert anna["data"]["pii"]["firstname"] == "Anna"


def test_the_same_value_again_is_no_change_but_is_as_new_as_its_event(anna: Person) -> None:
    anna.does("sign-up", {"firstname": "Anna"}, day=1)

    assert anna.does("sign-up", {"firstname": "Anna"}, day=5) == Copied()
    assert anna.does("sign-up", {"firstname": "Ann"}, day=3) == Copied()
    assert anna["data"]["pii"]["firstname"] == "Anna"


@pytest.mark.parametrize("value", [0, False, "", None, [], {}])
def test_empty_values_are_copied_and_what_was_not_sent_is_not(anna: Person, value: object) -> None:
    anna.does("thing-done", {"set": "before"})
    anna.does("thing-done", {}, day=2)
    assert anna["traits"]["set"] == "before"

    anna.does("thing-done", {"set": value}, day=3)

    assert anna["traits"]["set"] == value
    assert type(anna["traits"]["set"]) is type(value)


def test_sums_and_lists_count_late_events_too(anna: Person) -> None:
    anna.does("thing-done", {"sum": 1, "list": "b", "least": 7}, day=5)
    anna.does("thing-done", {"sum": 2, "list": ["a", "b"], "least": 3}, day=1)

    assert anna["traits"] == {"sum": 3, "list": ["b", "a"], "least": 3}
    assert anna["stats"] == {"done": 2}
    assert anna.provenance["traits.sum"][0] == (START + timedelta(days=5)).isoformat()


def test_a_gap_is_filled_once_and_not_by_what_happened_before_it_was_made(anna: Person) -> None:
    anna.does("thing-done", {"fill": " "}, day=1)
    anna.does("thing-done", {"fill": "a"}, day=2)
    anna.does("thing-done", {"fill": "b"}, day=3)
    assert anna["traits"]["fill"] == "a"

    put_traits({"fill": None}, said({}, {}, day=9), **anna.held)
    anna.does("thing-done", {"fill": "c"}, day=8)
    assert anna["traits"]["fill"] is None

    anna.does("thing-done", {"fill": "d"}, day=10)
    assert anna["traits"]["fill"] == "d"


def test_what_was_removed_does_not_come_back_by_a_late_event(anna: Person) -> None:
    anna.does("thing-removed", {}, day=5)

    anna.does("thing-done", {"set": "late"}, day=3)

    assert "set" not in anna["traits"]
    assert anna["primary_id"] is None


def test_the_parts_of_a_profile_stay_when_one_is_emptied(anna: Person) -> None:
    anna.does("sign-in", {"pk": "4711"})
    anna.does("thing-removed", {}, day=2)

    assert anna.document.keys() == Person().document.keys()
    assert anna["primary_id"] is None


def test_one_bad_field_does_not_stop_the_others(anna: Person) -> None:
    copied = anna.does("thing-done", {"set": "x", "salary": "a lot", "sum": True, "list": None, "least": None})

    assert anna["traits"] == {"set": "x"}
    assert anna["data"] == {}
    assert copied.changed == {"traits.set", "stats.done"}
    assert ("data.job.salary", "Expected a number, not a text.") in copied.problems
    assert sorted(path for path, _ in copied.problems) == [
        "data.job.salary",
        "traits.least",
        "traits.list",
        "traits.sum",
    ]


def test_what_stands_in_the_way_is_a_problem_of_that_field(anna: Person) -> None:
    anna["data"]["pii"] = "Anna"

    copied = anna.does("sign-up", {"firstname": "Anna", "email": {"main": "a@example.com"}})

    assert [path for path, _ in copied.problems] == ["data.pii.firstname"]
    assert anna["data"]["contact"] == {"email": {"main": "a@example.com"}}
    assert "data.pii.firstname" not in anna.provenance


def test_the_profile_does_not_share_lists_and_objects_with_the_event(anna: Person) -> None:
    properties = {"set": {"a": [1]}, "list": ["x"]}

    anna.does("thing-done", properties)
    anna["traits"]["set"]["a"].append(2)
    anna.does("thing-done", {"list": "y"}, day=2)

    assert properties == {"set": {"a": [1]}, "list": ["x"]}


def test_a_card_number_reaches_the_profile_as_four_digits(anna: Person) -> None:
    anna.does("identification", {"credit_card": "4111 1111 1111 1234", "coupon": "SPRING"})

    assert anna["data"]["identifier"] == {"credit_card": "1234", "coupons": ["SPRING"]}


def test_a_message_fills_in_an_address_but_replaces_none(anna: Person) -> None:
    anna.does("sign-up", {"email": {"main": "anna@example.com"}})

    anna.does("message-sent", {"identity": {"email": {"main": "b@example.com"}, "phone": {"main": "1"}}}, day=2)

    assert anna["data"]["contact"] == {"email": {"main": "anna@example.com"}, "phone": {"main": "1"}}


def test_a_loyalty_card_can_be_added_and_removed(anna: Person) -> None:
    anna.does("loyalty-card-added", {"id": "7", "name": "Gold", "expires": "2030-01-01 00:00:00"})
    assert anna["data"]["loyalty"]["card"] == {"id": "7", "name": "Gold", "expires": "2030-01-01"}

    anna.does("loyalty-card-removed", {"id": "7"}, day=2)

    assert anna["data"]["loyalty"]["card"] == {}


def test_preferences_gather_in_order_without_repetition(anna: Person) -> None:
    for day, channel in enumerate(["mobile", "e-mail", "mobile"]):
        anna.does("add-channel-preference", {"channel": channel}, day=day)
    anna.does("add-payment-preference", {"payment": "card"})

    assert anna["data"]["preferences"] == {"channels": ["mobile", "e-mail"], "payments": ["card"]}


def test_the_last_place_has_its_point_and_both_degrees(anna: Person) -> None:
    anna.does("location", {"location": [10.7, 59.9]})

    assert anna["data"]["devices"]["last"]["geo"] == {"latitude": 59.9, "longitude": 10.7, "location": [10.7, 59.9]}


def test_checkouts_are_counted_summed_and_compared(anna: Person) -> None:
    for day, value in enumerate([10.1, 20.2, 0.3]):
        anna.does("checkout-started", {"value": value}, day=day)
    anna.does("checkout-completed", {"value": 20.2}, day=4)

    assert anna["data"]["metrics"] == {"ltcosv": 30.6, "ltcosc": 3, "ltcop": 33.33, "ltcocv": 20.2, "ltcocc": 1}


def test_no_checkout_started_means_none_in_a_hundred_completed(anna: Person) -> None:
    copied = anna.does("checkout-completed", {})

    assert anna["data"]["metrics"] == {"ltcocc": 1, "ltcop": 0}
    assert copied.problems == []


def test_a_percentage_of_what_is_no_number_is_a_problem(anna: Person) -> None:
    anna["data"]["metrics"] = {"ltcocc": "many"}

    copied = anna.does("checkout-started", {})

    assert [path for path, _ in copied.problems] == ["data.metrics.ltcop"]


def test_interests_grow_shrink_and_are_reset(anna: Person) -> None:
    anna.does("increase-interest", {"interest": "node.js", "value": 2.5}, day=1)
    anna.does("increase-interest", {"interest": "node.js"}, day=2)
    anna.does("decrease-interest", {"interest": "tea", "value": "0.5"}, day=3)
    anna.does("increase-interest", {"interest": "wine"}, day=4)
    anna.does("reset-interest", {"interest": "wine"}, day=5)

    assert anna["interests"] == {"node.js": 3.5, "tea": -0.5, "wine": 0}


@pytest.mark.parametrize("value", [None, True, "much", [1], float("inf")])
def test_an_interest_that_is_no_number_is_a_problem(anna: Person, value: object) -> None:
    copied = anna.does("increase-interest", {"interest": "tea", "value": value})

    assert [path for path, _ in copied.problems] == ["interests.tea"]
    assert anna["interests"] == {}


@pytest.mark.parametrize(
    "properties", [{}, {"interest": None}, {"interest": " "}, {"interest": 5}, {"interest": ["tea"]}]
)
def test_an_interest_without_a_name_is_a_problem(anna: Person, properties: dict[str, Any]) -> None:
    copied = anna.does("increase-interest", properties)

    assert [path for path, _ in copied.problems] == ["interests"]


@pytest.mark.parametrize(
    ("contact", "anonymous"),
    [
        ({"email": {"main": "a@example.com"}}, False),
        ({"app": {"signal": "1"}}, False),
        ({"address": {"town": "Oslo"}}, None),
    ],
)
def test_whoever_can_be_reached_is_not_anonymous(
    anna: Person, contact: dict[str, Any], *, anonymous: bool | None
) -> None:
    anna.does("profile-update", {"contact": contact})

    assert anna["data"].get("anonymous") is anonymous


def test_whoever_can_no_longer_be_reached_is_anonymous_again(anna: Person) -> None:
    anna.does("profile-update", {"contact": {"email": {"main": "a@example.com"}}})

    copied = anna.does("profile-update", {"contact": {"email": {"main": None}}}, day=2)

    assert anna["data"]["anonymous"] is True
    assert "data.anonymous" in copied.changed


def test_traits_whose_names_have_dots_are_set_and_respect_the_order(anna: Person) -> None:
    assert put_traits({"a.b": 1}, said({}, {}, day=5), **anna.held).changed
    assert not put_traits({"a.b": 2}, said({}, {}, day=3), **anna.held).changed
    assert not put_traits({"a.b": 1}, said({}, {}, day=6), **anna.held).changed

    assert anna["traits"] == {"a.b": 1}


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["thing-done", "thing-removed"]),
        st.fixed_dictionaries({}, optional={"set": st.none() | st.booleans() | st.integers(0, 2) | st.just("x")}),
    ),
    max_size=6,
)


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter_for_what_is_set(
    events: list[tuple[str, dict[str, Any]]], random: Any
) -> None:
    happened = [(day, *event) for day, event in enumerate(events)]
    arrived = random.sample(happened, k=len(happened))
    in_order, shuffled = Person(), Person()

    for day, type_, properties in happened:
        in_order.does(type_, properties, day=day)
    for day, type_, properties in arrived:
        shuffled.does(type_, properties, day=day)

    assert repr(shuffled["traits"]) == repr(in_order["traits"])


@given(st.lists(st.decimals(-10_000, 10_000, places=2).map(float), max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter_for_sums(values: list[float], random: Any) -> None:
    in_order, shuffled = Person(), Person()

    for day, value in enumerate(values):
        in_order.does("thing-done", {"sum": value}, day=day)
    for day, value in random.sample(list(enumerate(values)), k=len(values)):
        shuffled.does("thing-done", {"sum": value}, day=day)

    assert shuffled.document == in_order.document
    assert in_order["stats"].get("done", 0) == len(values)
