"""An operator's overrides lie on top of what is built in, entry by entry."""

from apps.events.event_types.effective import merge

BUILTIN = {
    "journey": "awareness",
    "tags": ["a"],
    "traits": {"data.x": "x", "data.y": "y"},
    "profile": {"traits.x": {"equals": "data.x"}},
    "redact": {"card": "last4"},
}


def test_without_overrides_the_definition_is_as_built_in() -> None:
    assert merge(BUILTIN, {}) == BUILTIN


def test_entries_are_replaced_added_and_switched_off_one_by_one() -> None:
    overrides = {"traits": {"data.x": "z", "data.y": None, "data.new": "new"}, "profile": {"traits.x": None}}

    merged = merge(BUILTIN, overrides)

    assert merged["traits"] == {"data.x": "z", "data.new": "new"}
    assert merged["profile"] == {}


def test_tags_are_joined_and_the_journey_is_replaced() -> None:
    merged = merge(BUILTIN, {"tags": ["b", "a"], "journey": "purchase"})

    assert (merged["tags"], merged["journey"]) == (["a", "b"], "purchase")


def test_what_must_not_be_stored_can_be_added_to_but_not_taken_from() -> None:
    assert merge(BUILTIN, {"redact": {"card": "drop", "pin": "drop"}})["redact"] == {"card": "last4", "pin": "drop"}
    assert merge(BUILTIN, {"redact": {"card": None}})["redact"] == {"card": "last4"}


def test_a_type_of_ones_own_has_overrides_only() -> None:
    assert merge({}, {"tags": ["b"], "traits": {"data.x": "x"}}) == {"tags": ["b"], "traits": {"data.x": "x"}}


def test_nothing_is_changed_in_place() -> None:
    before = {**BUILTIN, "traits": dict(BUILTIN["traits"])}  # type: ignore[call-overload]

    merge(BUILTIN, {"traits": {"data.x": None}, "tags": ["b"]})

    assert before == BUILTIN
