"""How deliveries travel: each protocol by a transport, which a lane fills, and asks what has become of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from apps.bridges.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is to be sent: the same at each try, and known again by its key."""

    id: Any  # by which whoever sent it knows it
    key: str
    created_at: datetime
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one try. Nothing in it is a secret of ours."""

    parcel: Parcel
    verdict: Verdict
    said: str  # a sentence, for people
    took_ms: int = 0
    status: int | None = None  # none where nobody answered
    headers: Mapping[str, str] = field(default_factory=dict)  # those that help to understand it
    body: str = ""  # the beginning of it
    asked: timedelta | None = None  # for how long to wait, if they said so

    @property
    def answer(self) -> dict[str, Any]:
        """Shape it for the row of the delivery."""
        return {"said": self.said, "status": self.status, "headers": dict(self.headers), "body": self.body}


def failed(parcel: Parcel, verdict: Verdict, error: Exception) -> Reply:
    """Reply to what failed by a fault of ours: who looks at the delivery sees its kind, and the log has the rest."""
    return Reply(parcel, verdict, f"It failed for a reason of its own ({type(error).__name__}), which the log has.")


class Transport(Protocol):
    """A way to one receiver, for one thread; it keeps connections open from one parcel to the next."""

    @property
    def n_under_way(self) -> int:
        """How many parcels were taken, and not replied to yet."""

    @property
    def has_room(self) -> bool:
        """Whether one more may be taken now."""

    def send(self, parcel: Parcel) -> None:
        """Take a parcel; whatever becomes of it is a reply, and nothing is raised."""

    def replies(self, *, secs: float) -> list[Reply]:
        """Return what has ended; wait so long at most until there is something."""

    def break_off(self) -> None:
        """Let what is under way be replied to at once, as what is to be tried again; any thread may say so."""

    def close(self) -> None:
        """End all connections; what is under way is not replied to."""
