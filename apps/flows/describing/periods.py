"""The time of which figures tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from apps.core.ids import NIL, first_id
from apps.flows.models.run import BEFORE_SPANS
from apps.flows.runs import count_spans

_LAST_ID: Final = UUID(int=2**128 - 1)
# What people choose from; all: from the beginning.
LENGTHS: Final[Mapping[str, timedelta | None]] = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "all": None,
}


@dataclass(frozen=True, slots=True)
class Period:
    """From a time until before another one; null: from the beginning, and until now."""

    since: datetime | None = None
    until: datetime | None = None
    # The end of the last span of counts that belongs to it: the one in which `until` lies does as a whole.
    counted_until: datetime | None = None

    @property
    def ids(self) -> tuple[UUID, UUID]:
        """The first id of the runs that began in it, and the first one after them."""
        return _id(self.since, NIL), _id(self.until, _LAST_ID)


WHOLE: Final = Period()


def period(since: datetime | None, until: datetime | None, *, now: datetime) -> Period:
    """Return the one between two times."""
    return Period(since, until, count_spans.end_of(until, now=now) if until and until < now else None)


def named(name: str, *, now: datetime) -> Period:
    """Return one of LENGTHS that lasts until now. Raises KeyError."""
    length = LENGTHS[name]
    return Period(now - length) if length else WHOLE


def _id(at: datetime | None, otherwise: UUID) -> UUID:
    return first_id(max(at, BEFORE_SPANS)) if at else otherwise
