"""docs/conditions.md tells of all there is, and its examples are conditions."""

from pathlib import Path

import pytest

from apps.conditions import parse
from apps.conditions.durations import UNITS
from apps.conditions.functions import FUNCTIONS
from apps.conditions.text import CONSENT_WORDS
from apps.conditions.tree.base import ROOTS
from apps.conditions.tree.conditions import MATCHES
from apps.conditions.tree.history import AGGREGATES

TEXT = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text()
EXAMPLES = TEXT.split("```")[1].strip().splitlines()


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_a_condition(example: str) -> None:
    assert str(parse(example)) == example


@pytest.mark.parametrize(
    "word",
    [
        *(f"{name}(" for name in FUNCTIONS),
        *(f"{name.upper()}(" for name in AGGREGATES),
        *(f"{unit.upper()}S" for unit in UNITS),
        *(match.upper() for match in MATCHES),
        *(f"`{root}`" for root in ROOTS),
        *(f"{word}(" for word in CONSENT_WORDS.values()),
    ],
)
def test_word_is_explained(word: str) -> None:
    assert word in TEXT
