"""Times as clients write them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.collector.wire.times import TimeError, read

TEN = datetime(2026, 11, 20, 10, tzinfo=UTC)
MILLISECONDS = int(TEN.timestamp() * 1_000)


@pytest.mark.parametrize(
    ("claimed", "time"),
    [
        (None, None),
        ("", None),
        (TEN, TEN),
        ("2026-11-20T10:00:00Z", TEN),
        ("2026-11-20t10:00:00z", TEN),
        ("2026-11-20T11:00:00+01:00", TEN),
        ("2026-11-20 11:00:00 +0100", TEN),
        (" 2026-11-20 10:00:00.5 ", TEN + timedelta(seconds=0.5)),
        ("2026-11-20T10:00:00,5Z", TEN + timedelta(seconds=0.5)),
        ("2026-11-20T10:00:00.123456789Z", TEN + timedelta(microseconds=123_456)),
        ("2026-11-20T10:00:00.000 UTC", TEN),
        ("2026-11-20 10:00:00 GMT", TEN),
        ("2026-11-20", TEN - timedelta(hours=10)),
        ("20261120", TEN - timedelta(hours=10)),
        ("2026-11-20T24:00:00Z", TEN + timedelta(hours=14)),
        ("2026-11-20T23:59:60Z", TEN + timedelta(hours=14)),
        ("Fri, 20 Nov 2026 10:00:00 GMT", TEN),
        ("Fri, 20 Nov 2026 11:00:00 +0100", TEN),
        ("Fri, 20 Nov 2026 05:00:00 EST", TEN),
        ("Fri Nov 20 10:00:00 2026", TEN),
        ("Fri Nov 20 2026 11:00:00 GMT+0100 (Central European Standard Time)", TEN),
        ("Fri Nov 20 10:00:00 UTC 2026", TEN),
        ("Fri Nov 20 02:00:00 PST 2026", TEN),
        ("Fri Nov 20 11:00:00 +0100 2026", TEN),
        ("Fri Nov 20 11:00:00 GMT+01:00 2026", TEN),
        ("Sun Nov  1 10:00:00 2026", TEN - timedelta(days=19)),
        ("20 Nov 2026 10:00:00 GMT", TEN),
        ("Fri, 20 Nov 2026 10:00 +0000", TEN),
        ("Friday, 20-Nov-26 10:00:00 GMT", TEN),
        ("2026-11-20 10:00:00 +0000 UTC", TEN),
        ("2026-11-20T11:00+01:00[Europe/Berlin]", TEN),
        ("2026/11/20 10:00:00", TEN),
        (MILLISECONDS // 1_000, TEN),
        (MILLISECONDS, TEN),
        (MILLISECONDS / 1_000, TEN),
        (float(MILLISECONDS), TEN),
        (MILLISECONDS * 1_000, TEN),
        (MILLISECONDS * 1_000_000 + 1, TEN),
        (str(MILLISECONDS // 1_000), TEN),
        (str(MILLISECONDS), TEN),
        (f"{MILLISECONDS // 1_000}.5", TEN + timedelta(seconds=0.5)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_what_can_only_mean_one_time_is_read(claimed: Any, time: datetime | None) -> None:
    assert read(claimed) == time


@pytest.mark.parametrize(
    ("claimed", "says"),
    [
        ("0001-01-01T00:00:00+14:00", "not a time that exists"),
        ("9999-12-31T23:59:59-14:00", "not a time that exists"),
        ("-0001-11-30T00:00:00+0000", "not a time that exists"),
        (-1e300, "not a time that exists"),
        (10**400, "not a time that exists"),
        ("9" * 5_000, "not a time that exists"),
        (float("nan"), "not a time that exists"),
        (float("inf"), "not a time that exists"),
        ("yesterday", "not a time that exists"),
        ("Invalid Date", "not a time that exists"),
        ("null", "not a time that exists"),
        ("20/11/2026 10:00", "not a time that exists"),  # or is it the 11th of a month that there is not?
        ("2026-02-30", "not a time that exists"),
        ("2026-11-20T24:30:00Z", "not a time that exists"),
        ("Fri, 20 Nov 2026 10:00:00 CET", "not a time that exists"),
        *(
            (f"Fri Nov 20 10:00:00 {zone} 2026", "not a time that exists")
            for zone in ("CET", "CEST", "IST", "MSK", "JST", "AKST", "Europe/Berlin", "GMT+2", "PM", "EAT")
        ),
        ("Fri, 20 Nov 2026 1:00 PM +0000", "not a time that exists"),
        ("Fri, 20 Nov 2026 10:00:00 AM", "not a time that exists"),
        ("Fri, 20 Nov 2026 10:00:00 GMT+2", "not a time that exists"),
        ("Fri, 20 Nov 2026 10:00:00 +1", "not a time that exists"),
        ("Fri, 20 Nov 2026 10:00:00 Europe/Berlin", "not a time that exists"),
        ("Nov 20, 2026 10:00:00 PM", "not a time that exists"),
        ("2026-11-20 10:00:00 PM", "not a time that exists"),
        ("2026-11-20 10:00:00 CET", "not a time that exists"),
        ("2026-11-20+01:00", "not a time that exists"),  # a day and its zone, and no hour
        ("20261120-0500", "not a time that exists"),
        ("Fri, 99 Foo 2026 10:00:00 GMT", "not a time that exists"),
        (True, "must be"),
        ([], "must be"),
        ({"a": 1}, "must be"),
    ],
)
def test_what_cannot_be_understood_says_why(claimed: Any, says: str) -> None:
    with pytest.raises(TimeError, match=says):
        read(claimed)
