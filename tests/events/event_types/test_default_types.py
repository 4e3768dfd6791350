"""The default event types are complete, understood, and lead from what they declare to fields that exist."""

from collections.abc import Iterator
from typing import Any

import pytest

from apps.conditions.type_names import SAME
from apps.events import platform_events
from apps.events.event_types import default_types
from apps.events.event_types.compiling import KEYS, compile
from apps.events.event_types.default_types.document import as_markdown
from apps.events.event_types.operations import OPERATIONS
from apps.events.event_types.rules import PROPERTIES, EventRules
from apps.profiles import schema

TYPES = default_types.load()
STATES = {"awareness", "consideration", "purchase", "retention", "advocacy"}
# Beside the fields of a profile, a trait of an event lies under one of these.
EVENT_TRAITS = (
    "data.ec.product.",
    "data.ec.checkout.",
    "data.ec.order.",
    "data.ec.basket.",
    "data.ec.coupon.",
    "data.ec.list.",
    "data.ec.wishlist.",
    "data.message.",
    "data.payment.",
    "data.marketing.",
    "data.journey.",
    "device.geo.",
    "hit.",
    "traits.",
)


@pytest.fixture(params=sorted(TYPES))
def definition(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return each default event type in turn."""
    return TYPES[request.param]


@pytest.fixture
def rules(definition: dict[str, Any]) -> EventRules:
    """Return the rules of the default event type in turn."""
    return compile(definition)


def test_none_of_the_built_in_types_and_groups_is_lost() -> None:
    # The 65 but four that the platform says itself; those of the SDK calls identify, group and alias; those of
    # e-commerce as Segment's specification has it; those of mails.
    # What apps declare is written down in tests/*/declares.json.
    built_in = [definition for type, definition in TYPES.items() if type not in platform_events.types()]

    assert len(built_in) == 65 - 4 + 3 + 21 + 4, "A type more, or less, in default_types/ is counted here."
    assert len({definition["group"] for definition in built_in}) == 13 + 1 + 1, "So is a group."


def test_every_type_is_named_as_it_is_looked_up(definition: dict[str, Any]) -> None:
    assert definition["id"] == definition["id"].lower().replace(" ", "-")
    assert definition["name"]
    assert definition.keys() <= KEYS


def test_two_names_of_one_thing_are_defined_alike() -> None:
    for names in SAME:
        defined = [{**TYPES[name], "id": "", "name": ""} for name in names]
        assert all(definition == defined[0] for definition in defined)


def test_every_journey_state_is_known(rules: EventRules) -> None:
    assert {rules.journey(1), rules.journey(2)} <= STATES | {None}


def test_every_tag_has_a_kind_and_a_name(rules: EventRules) -> None:
    assert all(tag.split(":")[0] in ("activity", "event", "entity") for tag in rules.tags)


def test_every_source_is_declared(definition: dict[str, Any]) -> None:
    declared = set(paths_of(definition.get("properties", {}))) | set(definition.get("defaults", {}))

    assert {source for source in sources_of(definition) if source not in declared} == set()


def test_every_trait_is_one_that_events_have(definition: dict[str, Any]) -> None:
    unknown = [
        path for path in definition.get("traits", {}) if not path.startswith(EVENT_TRAITS) and path not in schema.FIELDS
    ]

    assert unknown == []


def test_every_target_is_a_field_of_the_profile(rules: EventRules) -> None:
    targets = [rule.field.path for rule in rules.fields] + [rule.field.path for rule in rules.percentages]

    assert [path for path in targets if path not in schema.FIELDS] == []


def test_no_card_number_gets_past_a_type_that_declares_one(definition: dict[str, Any]) -> None:
    cards = {
        path
        for path in paths_of(definition.get("properties", {}))
        if path.endswith(("credit_card", "card.number", "cvv"))
    }
    holders = {path.rpartition(".")[0] for path in definition.get("redact", {})}

    assert cards - holders == set(definition.get("redact", {}))


def paths_of(shape: Any, prefix: str = "") -> Iterator[str]:
    """List the paths that a declared shape has, of branches as of leaves."""
    if isinstance(shape, list):
        shape = dict(enumerate(shape))
    items = shape.items() if isinstance(shape, dict) else ()
    for name, value in items:
        yield f"{prefix}{name}"
        yield from paths_of(value, f"{prefix}{name}.")


def sources_of(definition: dict[str, Any]) -> Iterator[str]:
    """List the properties that traits and fields are copied from."""
    for listed in definition.get("traits", {}).values():
        yield from [listed] if isinstance(listed, str) else listed
    for spec in definition.get("profile", {}).values():
        if isinstance(spec, dict):
            yield from (
                source.removeprefix(PROPERTIES)
                for source in spec.values()
                if isinstance(source, str) and source.startswith(PROPERTIES)
            )


@pytest.mark.parametrize("operation", sorted({operation.name for operation in OPERATIONS.values()}))
def test_every_operation_is_documented(operation: str) -> None:
    assert f"| `{operation}` | " in as_markdown()
