"""Expressions of the system before this one are understood, with their meaning wherever it was a sane one."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.conditions import ConditionError, matches, parse

NOW = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "payload": {
        **{"n": 5, "zero": 0, "s": "Hello world", "list": [1, 2, "3"], "nul": None, "flag": True, "d": "2021-01-10"},
        **{"tz": "2021-01-10T00:00:00+00:00", "str5": "5", "el": [], "empty": "", "ts": 1_650_976_227},
        **{"A": {"a b c": 1}, "object": {}},
    },
    "profile": {"segments": ["vip", "new"]},
}

AS_BEFORE = [
    ("payload@n == 5", True),
    ("payload@n = 5.0", True),
    ('payload@n = "5"', False),
    ("payload@str5 = 5", False),
    ("payload@n != 5", False),
    ("payload@n => 5", True),
    ("payload@n =< 5", True),
    ('payload@n > 4 AND payload@s == "Hello world"', True),
    ('payload@n > 4 and payload@s == "hello world"', False),
    ("payload@n > 10 OR payload@n = 1 OR payload@flag = TRUE", True),
    ("(payload@n > 10 OR payload@flag = true) AND payload@s EXISTS", True),
    ('payload@flag = "true"', False),
    ("payload@n BETWEEN 1 AND 10", True),
    ("payload@n between 5 and 5", True),
    ("payload@n BETWEEN 6 AND 1", False),
    ("payload@n between 1 and 10 and payload@flag = true", True),
    ('payload@s BETWEEN "A" AND "Z"', True),
    ('payload@s CONTAINS "world"', True),
    ('payload@s CONTAINS "World"', False),
    ('payload@list CONTAINS "3"', True),
    ("payload@list CONTAINS 3", False),
    ('profile@segments CONTAINS "vip" AND profile@segments CONTAINS "new"', True),
    ('profile@segments = "vip"', False),
    ('payload@s STARTS WITH "Hello"', True),
    ("payload@list STARTS WITH 1", True),
    ('payload@list ENDS WITH "3"', True),
    ("payload@nul = null", True),
    ("payload@nul IS NULL", True),
    ("payload@nul EMPTY", True),
    ("payload@missing > 1", False),
    ("payload@missing BETWEEN 1 AND 2", False),
    ("payload@missing EXISTS", False),
    ("payload@missing NOT EXISTS", True),
    ("payload@missing EMPTY", True),
    ("payload@missing != 5", True),
    ("payload@el EMPTY", True),
    ("payload@empty EMPTY", True),
    ("payload@object EMPTY", True),
    ("payload@zero EMPTY", False),
    ("payload@n = [1,5,7]", True),
    ("payload@n = [1,2]", False),
    ("payload@n = []", False),
    ('payload@list = [1,2,"3"]', True),
    ("payload@list.0 = 1", True),
    ('profile@segments.0 = "vip"', True),
    ('payload@A["a b c"] = 1', True),
    ("payload@n > payload@zero", True),
    ("payload@n != payload@zero", True),
    ("payload@missing EXISTS AND datetime(payload@missing) < now()", False),
    ("payload@n = 5 OR datetime(payload@missing) < now()", True),
    ('datetime(payload@d) = datetime("2021-01-10")', True),
    ("datetime(payload@d) < now()", True),
    ('payload@d < "2022-01-01"', True),
    ('datetime(payload@tz) < now("UTC")', True),
    ('datetime(payload@d) BETWEEN now.offset("-1d") AND now()', False),
    ('now() > now.offset("-1h30m")', True),
    ('now.offset("-2w") < now()', True),
    ('datetime("2 days ago") < now()', True),
    ("datetime.from_timestamp(payload@ts) < now()", True),
    ('lowercase(payload@s) = "hello world"', True),
    ('uppercase(payload@s) = "HELLO WORLD"', True),
]

# What was an error, or made no sense, before.
MEANS_NOW = [
    ("payload@n <> 5", False),
    ("payload@n > 4 AND payload@n > 10 OR payload@flag = true", True),
    ("NOT payload@flag = true", False),
    ("payload@flag = 1", False),  # was true
    ("payload@zero = false", False),  # was true
    ("payload@n CONTAINS 5", False),
    ('payload@missing CONTAINS "x"', False),
    ("payload@nul EXISTS", False),  # was true: null is nothing
    ("payload@missing IS NULL", True),  # was false
    ("payload@missing IS NOT NULL", False),  # was true
    ("payload@missing = null", True),  # was false
    ("payload@missing != null", False),  # was true
    ("payload@list[0] = 1", True),
    ("payload@n = payload@zero", False),  # any two fields were equal
    ("payload@s = payload@n", False),
    ("payload@missing = payload@s", False),
    ("payload@nul > 1", False),
    ("payload@s > 1", False),
    ("payload@nul IS NOT NULL AND payload@nul > 1", False),
    ("payload@flag = true OR payload@s > 1", True),
    ("datetime(payload@missing) < now() OR payload@n = 5", True),
    ('payload@d = datetime("2021-01-10")', True),  # was false
    ("payload@d > now()", False),
    ("datetime(payload@tz) < now()", True),
    ("datetime(payload@tz) < utcnow()", True),
    ('now.offset("1 month") > now()', True),
    ('lowercase(payload@missing) = "x" OR payload@n = 5', True),
    ("Payload@n = 5", True),
    ("payload@s = 'Hello world'", True),
    ("5 < payload@n", False),
    ("payload@n IN [5]", True),
    ('payload@s STARTS   WITH "He"', True),
    ("payload@n  IS  NULL", False),
    ("payload@n >= 1e3", False),
]


@pytest.mark.parametrize(("text", "expected"), AS_BEFORE)
def test_old_expression_means_what_it_meant(text: str, *, expected: bool) -> None:
    assert matches(parse(text), DOCUMENT, now=NOW) is expected


@pytest.mark.parametrize(("text", "expected"), MEANS_NOW)
def test_expression_that_was_an_error_has_a_meaning(text: str, *, expected: bool) -> None:
    assert matches(parse(text), DOCUMENT, now=NOW) is expected


@pytest.mark.parametrize(
    ("old", "ours"),
    [
        ('now("Europe/Berlin")', "now()"),
        ('now("europe/berlin")', "now()"),
        ('now("-5d")', "now() - 5 DAYS"),
        ("utcnow()", "now()"),
        ('now.offset("+1h30m")', "now() + 90 MINUTES"),
        ('now.offset("-15minutes")', "now() - 15 MINUTES"),
        ('now.offset("-1d12h")', "now() - 36 HOURS"),
        ('now.timezone("UTC")', "now()"),
        ('now.timezone.offset("UTC", "-2w")', "now() - 2 WEEKS"),
        ('datetime("yesterday")', "now() - 1 DAY"),
        ('datetime("today")', "now()"),
        ('datetime("in 3 hours")', "now() + 3 HOURS"),
        ('datetime("2021-01-10")', 'datetime("2021-01-10")'),
        ('datetime.offset(payload@d, "-1d")', "datetime(payload@d) - 1 DAY"),
        ('datetime.timezone(payload@d, "Asia/Tokyo")', "datetime(payload@d)"),
        ("datetime.from_timestamp(payload@ts)", "from_timestamp(payload@ts)"),
    ],
)
def test_old_function_is_written_as_ours(old: str, ours: str) -> None:
    assert str(parse(f"{old} EXISTS")) == f"{ours} EXISTS"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('now("Europe/Atlantis") EXISTS', "'Europe/Atlantis' is no offset"),
        ('now.timezone("Europe/Atlantis") EXISTS', 'There is no time zone "Europe/Atlantis".'),
        ('now.offset("0s") EXISTS', "A duration is not zero."),
        ('now.offset("1 month 2 days") EXISTS', "Months and years cannot be joined"),
        ("now.offset(payload@n) EXISTS", "takes a text here"),
        ('datetime("nonsense xx") EXISTS', '"nonsense xx" is no date or time'),
        ('payload@s MATCHES "x"', "'MATCHES' is not expected here"),
        ("payload@flag", "ends too early"),
    ],
)
def test_old_expression_that_has_no_meaning_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        parse(text)
