"""Ids that must stay the same for ever, or sort by time."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.ids import NIL, as_uuid, digest, new_id

GIVEN = UUID("6f1b7c1e-6d0a-4a7e-8a0f-0d3c3c6f8a11")
TEXTS = st.lists(st.text(st.characters()), min_size=1, max_size=4)  # surrogates included


def test_new_ids_are_of_version_7_and_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(1_000)]

    assert {id_.version for id_ in made} == {7}
    assert made == sorted(set(made))


@pytest.mark.parametrize(
    "text", ["", "anna", "x" * 36, str(NIL), GIVEN.hex, f"{{{GIVEN}}}", f"urn:uuid:{GIVEN}", f" {GIVEN}", f"{GIVEN}\n"]
)
def test_what_is_no_canonical_uuid_is_none(text: str) -> None:
    assert as_uuid(text) is None


def test_a_canonical_uuid_is_read_in_either_case() -> None:
    assert as_uuid(str(GIVEN)) == as_uuid(str(GIVEN).upper()) == GIVEN


def test_digests_stay_as_they_are() -> None:
    """They are stored: another algorithm would forget every session, device and message."""
    assert digest("session", "anna") == UUID("2bdd5813-a7b7-56e5-0e2a-46214c7abe81")
    assert digest("user", "anna", key=b"k") == UUID("82f9cae3-015a-9d1a-46bd-89c08d5f957a")


@given(TEXTS, TEXTS)
def test_digests_differ_when_any_part_does(left: list[str], right: list[str]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)
    assert digest(*left) != digest(*left, key=b"key")
