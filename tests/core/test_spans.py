"""Spans of time are said as one remembers them."""

import pytest

from apps.core.spans import in_words


@pytest.mark.parametrize(
    ("secs", "words"),
    [
        (0, "0 seconds"),
        (1.2, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7_200, "2 hours"),
        (1e6, "12 days"),
    ],
)
def test_spans_in_words(secs: float, words: str) -> None:
    assert in_words(secs) == words
