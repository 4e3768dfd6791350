"""What a run looks for, and what it finds: subjects that have been silent for long enough."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from apps.heartbeats.models import Heartbeat
from apps.profiles.search import hour_of

_UNTOLD: Final = (
    "NOT EXISTS (SELECT FROM heartbeats_silence AS s "
    "WHERE s.subject_id = row.id AND s.heartbeat_id = %(heartbeat)s {this})"
)


class Place(NamedTuple):
    """A place in the order of silence: the hour of the last activity, and the subject's id."""

    hour: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Look:
    """Which silences a page is about: those that began by `until`, and after `since`, behind a place."""

    heartbeat: Heartbeat
    until: datetime
    since: datetime | None
    after: Place | None
    limit: int


@dataclass(frozen=True, slots=True)
class Silent:
    """A subject, how long it has been silent, and whose it is."""

    place: Place
    last_active_at: datetime
    profile_id: UUID | None  # any that the person ever had; None: a session without a person
    session_id: UUID | None = None
    is_bot: bool = False
    facts: dict[str, Any] = field(default_factory=dict)  # what an event says of it besides

    @property
    def id(self) -> UUID:
        """The id of the profile or session."""
        return self.place.id


def where(look: Look, *, hour: str) -> tuple[str, dict[str, Any]]:
    """Return SQL that is true of the rows that a look is about, and of which the ledger says nothing, and its values.

    Rows are called `row`; `hour` is the column that an index has in front of the id.
    """
    heartbeat = look.heartbeat
    params: dict[str, Any] = {"heartbeat": heartbeat.id, "until": look.until, "limit": look.limit}
    # An undone merge may let somebody be silent for longer than it was known: that is the silence that was told of.
    this = "" if heartbeat.rearm == Heartbeat.Rearm.ONCE else "AND s.began_at >= row.last_active_at"
    conditions = [f"{hour} <= %(until)s", "row.last_active_at <= %(until)s", _UNTOLD.format(this=this)]
    if look.since:
        params |= {"since": look.since, "since_hour": hour_of(look.since.astimezone(UTC))}
        conditions += [f"{hour} >= %(since_hour)s", "row.last_active_at > %(since)s"]
    if look.after:
        params |= {"after_hour": look.after.hour, "after_id": look.after.id}
        conditions.append(f"({hour}, row.id) > (%(after_hour)s, %(after_id)s)")
    return " AND ".join(conditions), params
