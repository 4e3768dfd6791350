"""Tables for other programs: what a spreadsheet would compute is text."""

import csv
from datetime import UTC, datetime

from apps.core import csv_text


def test_a_table_is_written_line_by_line() -> None:
    rows = [(1, datetime(2026, 3, 1, tzinfo=UTC), None), ("=1+1", 'say "hi", you', "@home")]

    lines = csv_text.lines(["a", "b", "c"], rows)

    assert list(csv.reader(lines)) == [
        ["a", "b", "c"],
        ["1", "2026-03-01T00:00:00+00:00", ""],
        ["'=1+1", 'say "hi", you', "'@home"],
    ]
