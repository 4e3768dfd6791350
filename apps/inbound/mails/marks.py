"""How far a folder is read: a UID, and the numbering of UIDs (UIDVALIDITY) in which it means something."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Mark:
    """Where reading goes on.

    `since` is for the day on which UIDs are numbered anew, and all mails are met once more: then those up to `old`,
    which were there that day, are left out if they came before.
    """

    uidvalidity: int
    uid: int  # the last that was read
    settled: int | None = None  # the last that was surely marked, moved or deleted, where mails are
    since: datetime | None = None
    old: int = 0

    def at(self, uid: int) -> "Mark":
        """Return the mark behind a mail; it never goes back."""
        return replace(self, uid=max(self.uid, uid))

    def leaves_out(self, uid: int, came_at: datetime | None) -> bool:
        """Tell whether a mail is one of those that were there before reading began."""
        return uid <= self.old and self.since is not None and came_at is not None and came_at < self.since

    def as_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        said: dict[str, Any] = {"uidvalidity": self.uidvalidity, "uid": self.uid}
        if self.settled is not None:
            said["settled"] = self.settled
        if self.since:
            said |= {"since": self.since.isoformat(), "old": self.old}
        return said


def read(stored: Any, *, uidvalidity: int, newest: int) -> Mark | None:
    """Return a stored mark, or one that begins anew where UIDs are numbered anew; None where there is none."""
    if not isinstance(stored, dict):
        return None
    since = datetime.fromisoformat(stored["since"]) if stored.get("since") else None
    if stored.get("uidvalidity") != uidvalidity:
        return Mark(uidvalidity, 0, since=since, old=newest if since else 0)
    return Mark(uidvalidity, int(stored["uid"]), stored.get("settled"), since, int(stored.get("old", 0)))
