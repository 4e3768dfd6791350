"""What a wait does where it has no moment to wait for: a choice of its settings, never an accident."""

from enum import StrEnum


class WhenPast(StrEnum):
    """The moment is past already."""

    GO_ON = "go_on"
    PORT = "port"
    NEXT_TIME = "next_time"  # of what comes again: a window, a time of day, a day of the year


class WhenMissing(StrEnum):
    """The value is missing, or says no moment."""

    PORT = "port"
    GO_ON = "go_on"


class WhenZoneUnknown(StrEnum):
    """Nobody knows in which zone somebody is."""

    DEFAULT_ZONE = "default_zone"
    PORT = "port"
