"""What becomes of what a field holds already: newer values, empty fields, and what somebody entered."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.ids import new_id
from apps.events.backfill.again import copy
from apps.events.backfill.people import Stored
from apps.events.backfill.selection import Mode
from apps.events.event_types import copying
from apps.events.event_types.compiling import compile
from apps.events.event_types.copying import Said
from apps.events.event_types.operations import OPERATIONS
from apps.profiles.models import Profile
from apps.profiles.provenance import entry
from tests.events.backfill.acting import JANUARY, happened, plan_type, run, traits_of
from tests.factories import ProfileFactory

REPEATABLE = [name for name, operation in OPERATIONS.items() if operation.is_repeatable]
RULES = compile({"id": "done", "profile": {f"traits.{name}": {name: f"properties.{name}"} for name in REPEATABLE}})
EVENTS = st.lists(
    st.tuples(st.integers(0, 5), st.dictionaries(st.sampled_from(REPEATABLE), st.integers(-3, 3), max_size=6)),
    max_size=7,
)


def holding(value: Any, *, day: int, by: str) -> Profile:
    """Make somebody whose plan was set on a day."""
    said = entry(time=JANUARY + timedelta(days=day), setter=by)
    made: Profile = ProfileFactory(traits={"plan": value}, provenance={"traits.plan": said})
    return made


def plan_is_set() -> None:
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "expected"), [(Mode.NEWEST, "newer"), (Mode.ONLY_EMPTY, "newer"), (Mode.OVERWRITE, "pro")]
)
def test_a_value_of_a_later_event_stays_unless_it_is_overwritten(mode: str, expected: str) -> None:
    anna = holding("newer", day=9, by=str(new_id()))
    for day, name in ((3, "pro"), (1, "free")):
        happened(anna, {"plan": name}, day=day)
    plan_is_set()

    run(mode=mode)
    assert traits_of(anna) == {"plan": expected}

    assert run(mode=mode).message == "0 fields changed, of 0 people", "once more changes nothing"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "expected"), [(Mode.NEWEST, "pro"), (Mode.ONLY_EMPTY, "older"), (Mode.OVERWRITE, "pro")]
)
def test_a_value_of_an_earlier_event_gives_way_unless_only_empty_fields_are_filled(mode: str, expected: str) -> None:
    anna = holding("older", day=0, by=str(new_id()))
    happened(anna, {"plan": "pro"}, day=3)
    plan_is_set()

    run(mode=mode)

    assert traits_of(anna) == {"plan": expected}


@pytest.mark.django_db
@pytest.mark.parametrize("mode", Mode.values)
@pytest.mark.parametrize(("day", "expected"), [(0, {*Mode.values}), (9, {Mode.ONLY_EMPTY})])
def test_the_first_stays_the_first_in_every_mode(mode: str, day: int, expected: set[str]) -> None:
    anna = holding("other", day=day, by=str(new_id()))
    happened(anna, {"plan": "pro"}, day=3)
    plan_type(profile={"traits.plan": {"first": "properties.plan"}})

    run(mode=mode)

    assert traits_of(anna) == {"plan": "other" if mode in expected else "pro"}


@pytest.mark.django_db
@pytest.mark.parametrize("mode", Mode.values)
@pytest.mark.parametrize("day", [0, 9])
@pytest.mark.parametrize("by", ["user:1", "key:abc", "flow:welcome:1:n2:0197c0de-0000-7000-8000-000000000001"])
def test_what_was_entered_by_hand_stays_in_every_mode(mode: str, day: int, by: str) -> None:
    anna = holding("special", day=day, by=by)
    happened(anna, {"plan": "pro"}, day=3)
    plan_is_set()

    run(mode=mode)

    assert traits_of(anna) == {"plan": "special"}


@pytest.mark.django_db
@pytest.mark.parametrize("mode", Mode.values)
def test_what_was_entered_by_hand_stays_also_as_a_part_of_a_field_and_around_one(mode: str) -> None:
    said = entry(time=JANUARY, setter="user:1")
    anna: Profile = ProfileFactory(
        traits={"home": {"city": "Ulm"}, "work": {"city": "Bonn"}},
        provenance={"traits.home.city": said, "traits.work": said},
    )
    happened(anna, {"home": {"city": "Kiel"}, "city": "Kiel"}, day=3)
    plan_type(profile={"traits.home": {"equals": "properties.home"}, "traits.work.city": {"equals": "properties.city"}})

    run(mode=mode)

    assert traits_of(anna) == {"home": {"city": "Ulm"}, "work": {"city": "Bonn"}}


@pytest.mark.django_db
@pytest.mark.parametrize("mode", [Mode.ONLY_EMPTY, Mode.OVERWRITE])
def test_a_field_that_the_run_itself_has_filled_is_open_to_the_next_page(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.events.backfill.profiles.EVENTS", 1)
    anna = ProfileFactory()
    for day, name in ((3, "team"), (1, "free"), (2, "pro")):
        happened(anna, {"plan": name}, day=day)
    plan_type(profile={"traits.plan": {"equals": "properties.plan"}, "traits.first": {"first": "properties.plan"}})

    run(mode=mode)

    assert traits_of(anna) == {"plan": "team", "first": "free"}


def stored(number: int, day: int, properties: dict[str, Any]) -> Stored:
    from uuid import UUID

    person = UUID(int=7)
    return Stored(UUID(int=1_000 + number), JANUARY + timedelta(days=day), person, person, person, properties, {})


def nobody() -> Profile:
    return Profile(created_at=JANUARY, updated_at=JANUARY, first_seen_at=JANUARY, last_seen_at=JANUARY)


def state(profile: Profile) -> str:
    return repr((sorted(profile.traits.items()), sorted(profile.provenance.items())))


@given(EVENTS)
def test_copying_afterwards_gives_what_the_pipeline_would_have_given(history: list[tuple[int, Any]]) -> None:
    """Whoever was told the events in the order of their time is as whom they are copied to when all are stored."""
    events = sorted(
        (stored(number, day, properties) for number, (day, properties) in enumerate(history)),
        key=lambda event: (event.time, event.id),
    )
    live, later = nobody(), nobody()
    for event in events:
        said = Said(event.properties, {}, event.time, event.id, source=str(event.source_id))
        copying.copy(RULES, said, document=live.document, provenance=live.provenance)

    copy(later, events, RULES, mode=Mode.NEWEST)

    assert state(later) == state(live)


@given(EVENTS, st.randoms(use_true_random=False))
def test_what_needs_no_order_is_the_same_in_whatever_order_the_events_had_arrived(
    history: list[tuple[int, Any]], random: Any
) -> None:
    """All but `equals_if_not_exists`, where the first arrival counts, and the order of an appended list."""
    events = [stored(number, number, properties) for number, (_, properties) in enumerate(history)]
    live, later = nobody(), nobody()
    for event in random.sample(events, k=len(events)):
        said = Said(event.properties, {}, event.time, event.id, source=str(event.source_id))
        copying.copy(RULES, said, document=live.document, provenance=live.provenance)

    copy(later, events, RULES, mode=Mode.NEWEST)

    for person in (live, later):
        person.traits.pop("equals_if_not_exists", None)
        person.traits["append_unique"] = sorted(person.traits.get("append_unique", []))
    assert repr(sorted(later.traits.items())) == repr(sorted(live.traits.items()))


@given(EVENTS, st.sampled_from(Mode.values))
def test_copying_again_changes_nothing(history: list[tuple[int, Any]], mode: str) -> None:
    events = [stored(number, number, properties) for number, (_, properties) in enumerate(history)]
    anna = nobody()
    copy(anna, events, RULES, mode=mode)
    before = state(anna)

    again = copy(anna, events, RULES, mode=mode)

    assert (again.changes, state(anna)) == ([], before)
