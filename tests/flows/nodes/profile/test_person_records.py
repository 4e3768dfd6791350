"""Records of a person: what is asked for them, and by which way people go on."""

from typing import Any

import pytest

from apps.flows.engine.moves import Ask, Fail, Go
from apps.flows.testing import refused, visit

EVENT = {"properties": {"id": " 7 ", "plan": "pro", "nothing": "", "nul": "a\0b"}}
SAVE: dict[str, Any] = {
    "kind": "subscription",
    "name": "{{ event@properties.id }}",
    "data": {"plan": "event@properties.plan"},
}
NAMED = {"kind": "subscription", "name": "{{ event@properties.id }}"}


def test_a_record_is_saved_under_its_kind_and_name() -> None:
    about = {"do": "replace", "kind": "subscription", "data": {"plan": "pro"}, "name": "7"}

    assert visit("save-record", SAVE, event=EVENT) == Ask("record", about)
    assert visit("save-record", {**SAVE, "there": "complete"}, event=EVENT) == Ask(
        "record", {**about, "do": "complete"}
    )
    assert visit("save-record", SAVE, answer={}) == Go()
    assert visit("save-record", SAVE, answer={"refused": "There are too many."}) == Fail("There are too many.")


def test_what_is_no_json_is_told_before_anything_is_kept() -> None:
    assert visit("save-record", {**SAVE, "data": {"n": "{{ 99999999999 * 99999999999 }}"}}, event=EVENT) == Fail(
        "The record is no JSON."
    )


def test_a_record_is_loaded_or_all_of_a_kind() -> None:
    found = [{"name": "8", "data": {}, "saved_at": "x"}, {"name": "7", "data": {}, "saved_at": "x"}]

    assert visit("load-record", NAMED, event=EVENT) == Ask("records", {"kind": "subscription", "name": "7"})
    assert visit("load-record", NAMED, answer=found[:1]) == Go("found", payload={"record": found[0]})
    assert visit("load-record", NAMED, answer=[]) == Go("not_found")
    every = {"kind": "subscription", "into": "all"}
    assert visit("load-record", every) == Ask("records", {"kind": "subscription", "name": None})
    assert visit("load-record", every, answer=found) == Go("found", payload={"all": found})


def test_a_record_is_deleted() -> None:
    about = {"do": "delete", "kind": "subscription", "name": "7"}

    assert visit("delete-record", NAMED, event=EVENT) == Ask("record", about)
    assert visit("delete-record", NAMED, answer={}) == Go()


@pytest.mark.parametrize("kind", ["save-record", "load-record", "delete-record"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("{{ event@properties.nothing }}", "The record has no name."),
        ("x" * 201, "The name of the record is longer than 200 characters."),
        ("{{ event@properties.nul }}", "The name of the record contains a NUL character."),
    ],
)
def test_a_name_that_cannot_be_fails(kind: str, name: str, reason: str) -> None:
    settings = {**(SAVE if kind == "save-record" else NAMED), "name": name}

    assert visit(kind, settings, event=EVENT) == Fail(reason)


def test_what_is_wrong_is_told_by_the_field() -> None:
    assert refused("save-record", {**SAVE, "data": [1]}).keys() == {"data"}
    assert refused("save-record", {**SAVE, "kind": ""}).keys() == {"kind"}
    assert refused("load-record", {**NAMED, "name": "{{ nonsense }}"}).keys() == {"name"}
