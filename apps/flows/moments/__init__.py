"""When a run goes on: pure functions of moments and zones.

Days, times of day and windows are those of the clocks there, as they run at the moment that is looked for, not as they
run now. A time that clocks skip is the first moment after the gap; one that they show twice is the first of both.
"""

from apps.flows.moments.anniversaries import Leap, next_anniversary
from apps.flows.moments.daily import local_time
from apps.flows.moments.dates import read_day, read_moment, until, until_field
from apps.flows.moments.lengths import fixed, random_between
from apps.flows.moments.policies import WhenMissing, WhenPast, WhenZoneUnknown
from apps.flows.moments.readings import reading_at
from apps.flows.moments.windows import EVERY_DAY, Window, local_window, opens_at
from apps.flows.moments.zones import default_zone, named_zone, zone_names, zone_of

__all__ = [
    "EVERY_DAY", "Leap", "WhenMissing", "WhenPast", "WhenZoneUnknown", "Window", "default_zone", "fixed",
    "local_time", "local_window", "named_zone", "next_anniversary", "opens_at", "random_between", "read_day",
    "read_moment", "reading_at", "until", "until_field", "zone_names", "zone_of",
]  # fmt: skip
